#!/bin/sh
# Within mounts of its own: a router as deploy/monitoring/edgeos-snmp finds it, its snmpd, and the walk that an operator makes.
#   snmp-edgeos.sh SCRIPT ADDRESS:PORT LISTEN COMMAND...    COMMAND: what runs branchline
set -eu
script=$1 agent=$2 listen=$3
shift 3
for folder in /run /etc/snmp; do mount -t tmpfs branchline-test "$folder"; done
# Other machines have no such folder: it goes with this one.
made=
[ -d /config ] || { mkdir /config && made=yes; }
mkdir /run/config && mount --bind /run/config /config
mkdir -p /config/branchline /config/data/branchline /run/bin
chmod 700 /config/branchline
printf '#!/bin/sh\nexec %s "$@"\n' "$*" >/config/data/branchline/branchline
chmod 755 /config/data/branchline/branchline
cat >/config/branchline/branchline.yaml <<EOF
listen: ["udp:$listen"]
localnet: [127.0.0.0/8]
upstream: sip:127.0.0.9:9
EOF
printf 'agentaddress udp:%s\nrocommunity public\n' "$agent" >/etc/snmp/snmpd.conf

SNMP_PERSISTENT_DIR=/run MIBS='' snmpd -f -Lf /run/snmpd.log -g daemon -I -smux &
snmpd=$!
branchline=
trap 'kill $snmpd $branchline; wait; umount /config; [ -z "$made" ] || rmdir /config' EXIT
# Other tests have an snmpd, too.
printf '#!/bin/sh\necho %s\n' "$snmpd" >/run/bin/pidof
chmod 755 /run/bin/pidof
for _ in 1 2 3 4 5 6 7 8 9 10; do grep -qs NET-SNMP /run/snmpd.log || sleep 0.5; done

for _ in first again; do PATH=/run/bin:$PATH sh "$script"; done
cat /config/branchline/environment /etc/snmp/snmpd.local.conf

set -a
# shellcheck disable=SC1091
. /config/branchline/environment
/config/data/branchline/branchline run -c /config/branchline/branchline.yaml 2>/run/branchline.log &
branchline=$!
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do grep -qs ' listen=\|started ' /run/branchline.log || sleep 0.5; done
stat -c '%a %G %n' /run/branchline-monitor /run/branchline-monitor/monitor.sock
MIBS='' snmpwalk -v2c -c public -On "$agent" .1.3.6.1.4.1.8072.9999.9999.5060
