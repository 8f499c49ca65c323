#!/bin/sh
# Builds Linux for QEMU's board Versatile, with little more than the network and a disk in memory.
# Usage: build-versatile-kernel.sh ARCHIVE FOLDER     the sources as .tar.xz; FOLDER gets arch/arm/boot/zImage and its device tree
set -eu
tar -xJf "$1" -C "$2" --strip-components=1 --exclude='*/tools/perf' --exclude='*/tools/testing'
cd "$2"
export ARCH=arm CROSS_COMPILE=arm-linux-gnueabi-
make -s versatile_defconfig
for option in SOUND DRM FB USB_SUPPORT MTD MODULES NFS_FS CRAMFS JFFS2_FS VFAT_FS I2C NLS MMC PARTITION_ADVANCED OABI_COMPAT WIRELESS; do
	./scripts/config -d "$option"
done
# The card is a real one on the board's PCI, since the board itself has one only.
for option in BLK_DEV_INITRD RD_GZIP BLK_DEV_RAM EXT2_FS DEVTMPFS TMPFS UNIX INET PCI PCI_VERSATILE NET_VENDOR_REALTEK 8139CP 8139TOO \
	SERIAL_AMBA_PL011 SERIAL_AMBA_PL011_CONSOLE AEABI; do
	./scripts/config -e "$option"
done
make -s olddefconfig
make -s "-j$(nproc)" zImage versatile-pb.dtb
