#!/bin/sh
# Plays FreshTomato on the bare kernel: modules, flash with JFFS2 in memory, addresses, syslog, and then Tomato's events. Ends as a
# console, on which each line is a command. /test has the package, the configuration and Tomato's programs.
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp
mkdir -p /tmp/home/root /tmp/mnt /jffs
cp /test/bin/* /bin/
echo usb_automount=1 >/tmp/nvram
export PATH=/bin:/usr/bin:/sbin:/usr/sbin:/tmp/home/root

while read -r module; do
  # The flash of a small router has so much for JFFS.
  case $module in mtdram.ko) set -- total_size=3072 erase_size=64 ;; *) set -- ;; esac
  insmod "/modules/$module" "$@"
done </modules/order
ip link set lo up
while read -r device address; do
  ip address add "$address" dev "$device"
  ip link set "$device" up
done </etc/addresses
syslogd -n -O /dev/console &

# Where the kernel has no flash in memory, a disk in memory stands in for it.
mount -t jffs2 mtd0 /jffs 2>/dev/null || { mke2fs /dev/ram0 >/dev/null && mount -t ext2 /dev/ram0 /jffs; }
# What somebody has done before the reboot, by the package's page.
if grep -q ' /jffs ' /proc/mounts; then
  tar -xzf /test/package.tar.gz -C /tmp
  sh /tmp/branchline-*/install.sh install
  cp /test/branchline.yaml /jffs/branchline/branchline.yaml
  rm -r /tmp/branchline-*
  df -k /jffs
fi

event /jffs autorun
event /jffs/etc/config fire
stty -echo
echo "tomato: booted after $(cut -d ' ' -f 1 /proc/uptime) s"
while read -r line; do (eval "$line"); done
