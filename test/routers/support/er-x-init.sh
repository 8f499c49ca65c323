#!/bin/sh
# Plays EdgeOS on the bare kernel: modules, addresses, syslog, and then its post-config.d. Ends as a console, on which
# each line is a command.
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs run /run
mount -t tmpfs tmp /tmp

while read -r module; do insmod "/modules/$module"; done </modules/order
ip link set lo up
while read -r device address; do
  ip address add "$address" dev "$device"
  ip link set "$device" up
done </etc/addresses
syslogd -n -O /dev/console &

# As EdgeOS does: by name, one after the other, each waited for.
for hook in /config/scripts/post-config.d/*; do
  if [ -x "$hook" ]; then "$hook"; fi
done
stty -echo
echo "er-x: booted after $(cut -d ' ' -f 1 /proc/uptime) s"
while read -r line; do (eval "$line"); done
