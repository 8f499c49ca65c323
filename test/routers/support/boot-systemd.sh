#!/bin/sh
# Boots this machine's own Debian a second time, in namespaces of its own; whatever is written there vanishes with it.
# Runs until it is killed, or the machine ends; with a file FOLDER/again the machine boots once more, with what was written.
# Usage: boot-systemd.sh FOLDER CGROUP SPACE
#   FOLDER  an empty one; CGROUP  a new one of cgroup v2, which the caller removes; SPACE  a network namespace of ip(8)
# Its only child is unshare(1), whose only child is PID 1 of the machine.
set -eu
folder=$1

case ${4:-first} in
first)
	mkdir "$2"
	echo $$ >"$2/cgroup.procs"
	exec nsenter "--net=/run/netns/$3" unshare --mount sh "$0" "$@" layer
	;;
layer)
	mkdir "$folder/layer" "$folder/root"
	mount -t tmpfs tmpfs "$folder/layer"
	mkdir "$folder/layer/upper" "$folder/layer/work"
	while :; do
		rm -f "$folder/again"
		setpriv --pdeathsig KILL unshare --mount --pid --uts --ipc --cgroup --fork --kill-child sh "$0" "$1" "$2" "$3" machine || true
		[ -e "$folder/again" ] || exit 0
	done
	;;
esac

root=$folder/root
mount -t overlay overlay -o "lowerdir=/,upperdir=$folder/layer/upper,workdir=$folder/layer/work" "$root"
cd "$root"

mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs dev
for device in null zero full random urandom tty; do
	: >"dev/$device"
	mount --bind "/dev/$device" "dev/$device"
done
ln -s /proc/self/fd dev/fd
mkdir dev/shm dev/pts
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
mount -t tmpfs -o mode=1777 tmpfs dev/shm
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp

if [ ! -e "$folder/layer/booted" ]; then
	: >"$folder/layer/booted"
	# Only what a service needs: nothing else of this machine starts, and nothing reaches the kernel that both share.
	rm -rf etc/systemd/system
	# A branchline that this machine has for itself.
	rm -rf etc/branchline var/lib/branchline
	mkdir etc/systemd/system
	for wants in usr/lib/systemd/system/*.wants; do
		find "$wants" -mindepth 1 ! -name "systemd-journald*" ! -name systemd-tmpfiles-setup.service -delete
	done
	# Containers are often built with this, so that no package starts anything.
	rm -f usr/sbin/policy-rc.d
	# With it, each package makes the index of all this machine's manual pages anew.
	rm -f var/lib/man-db/auto-update
	# Nothing is downloaded, and apt would read the lists of all packages anew each time.
	rm -rf var/lib/apt/lists/*
	: >etc/machine-id
	: >etc/fstab
fi
# Not chroot: who is in one can make no user namespaces.
pivot_root . .
umount -l .
exec env -i container=branchline PATH=/usr/sbin:/usr/bin:/sbin:/bin \
	/usr/lib/systemd/systemd --log-target=journal --show-status=no
