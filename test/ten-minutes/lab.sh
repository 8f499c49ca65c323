#!/bin/sh
# A branch office, its headquarters and the link between them on one Linux machine, in network namespaces. As root.
#
#   lab.sh up               makes the namespaces, and starts the PBX (Kamailio), its trunk and the branch's gateway (SIPp)
#   lab.sh branchline …     any command of branchline, on the branch's router
#   lab.sh start            starts branchline, and the phones 201 and 202 (baresip), which register through it
#   lab.sh call NUMBER      201 calls a number, and hangs up once it is answered; says who was asked
#   lab.sh cut | repair     the link to headquarters: from now on packets vanish | pass again
#   lab.sh down             removes all that the above have made
#
#   phones 201, 202 ── lan ── router ── wan ── line ── hq ── PBX, its trunk
#                               │
#                            gateway
#
# BRANCHLINE_LAB names the namespaces and the folder, so that two labs don't meet.
set -eu

# Debian keeps what root runs out of other users' PATH.
PATH=$PATH:/usr/sbin:/sbin
here=$(cd "$(dirname "$0")" && pwd)
peers=$here/../peers
lab=${BRANCHLINE_LAB:-branchline-lab}
folder=/run/$lab
spaces="phones router gateway line hq"

router_lan=10.222.237.1
phone_201=10.222.237.21
phone_202=10.222.237.22
gateway=10.10.1.3
router_wan=203.0.113.2
pbx=198.51.100.10
# As the router's hosts file names it.
pbx_name=pbx.example.com
trunk=198.51.100.11
# ip netns exec shows a program the files of this folder in place of those in /etc.
etc=/etc/netns/$lab-router
# Where baresip listens for commands.
control=4444
patience_s=20

fail() {
	echo "lab: $*" >&2
	exit 1
}

# inside SPACE COMMAND …
inside() {
	space=$1
	shift
	ip netns exec "$lab-$space" "$@"
}

# begin NAME SPACE COMMAND …: starts a program that outlives this script; its output goes to NAME.log.
begin() {
	log=$folder/$1.log
	space=$2
	shift 2
	setsid ip netns exec "$lab-$space" "$@" </dev/null >"$log" 2>&1 &
}

# await WHAT COMMAND …: waits until the command succeeds.
await() {
	what=$1
	shift
	tenths=0
	until "$@"; do
		[ "$tenths" -lt $((patience_s * 10)) ] || fail "$what: nothing within $patience_s s; see $folder/*.log"
		sleep 0.1
		tenths=$((tenths + 1))
	done
}

# cable SPACE DEVICE ADDRESS/LENGTH SPACE DEVICE ADDRESS/LENGTH
cable() {
	ip -n "$lab-$1" link add "$2" type veth peer name "$5" netns "$lab-$4"
	ip -n "$lab-$1" address add "$3" dev "$2"
	ip -n "$lab-$4" address add "$6" dev "$5"
	ip -n "$lab-$1" link set "$2" up
	ip -n "$lab-$4" link set "$5" up
}

is_bound() {
	inside "$1" ss -Hlun "src $2" | grep -q .
}

is_registered() {
	grep -q '200 OK .*\[[0-9]* binding' "$folder/$1.log"
}

# sipp_callee NAME SPACE ADDRESS: rings, answers, waits for BYE; writes down each message.
sipp_callee() {
	begin "$1" "$2" env TERM=dumb sipp -sf "$peers/sipp/callee.xml" -i "$3" -p 5060 -key contact "$3:5060" -nostdin \
		-trace_msg -message_file "$folder/$1.sip"
	await "$1" is_bound "$2" "$3:5060"
}

# How many INVITEs a callee has had.
invites() {
	grep -c '^INVITE ' "$folder/$1.sip" 2>/dev/null || true
}

up() {
	[ ! -e "$folder" ] || fail "the lab is there already; lab.sh down removes it"
	for program in kamailio baresip sipp ip ss setsid; do
		command -v "$program" >/dev/null || fail "$program is not installed"
	done
	node --version >/dev/null || fail "node is not installed, or root doesn't find it"
	mkdir -m 755 "$folder"
	trap 'down' EXIT
	for space in $spaces; do
		ip netns add "$lab-$space"
		ip -n "$lab-$space" link set lo up
	done
	cable router lan "$router_lan/24" phones lan "$phone_201/24"
	ip -n "$lab-phones" address add "$phone_202/24" dev lan
	cable router trunk 10.10.1.1/24 gateway trunk "$gateway/24"
	cable router wan "$router_wan/24" line wan 203.0.113.1/24
	cable line hq 198.51.100.1/24 hq line "$pbx/24"
	ip -n "$lab-hq" address add "$trunk/24" dev line
	for space in phones:$router_lan gateway:10.10.1.1 router:203.0.113.1 hq:198.51.100.1; do
		ip -n "$lab-${space%%:*}" route add default via "${space#*:}"
	done
	for space in router line; do
		inside "$space" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
	done
	mkdir -p "$etc"
	printf '127.0.0.1 localhost\n%s %s\n' "$pbx" "$pbx_name" >"$etc/hosts"
	mkdir "$folder/kamailio"
	begin kamailio hq kamailio -f "$peers/kamailio-registrar.cfg" -A "LISTEN=udp:$pbx:5060" -A "HQ=\"$trunk:5060\"" \
		-DD -E -n 2 -m 32 -M 4 -w "$folder/kamailio" -Y "$folder/kamailio" -P "$folder/kamailio/pid"
	sipp_callee trunk hq "$trunk"
	sipp_callee gateway gateway "$gateway"
	await kamailio is_bound hq "$pbx:5060"
	trap - EXIT
	echo "router: $router_lan (phones), 10.10.1.1 (gateway $gateway), $router_wan (towards the PBX $pbx_name, $pbx)"
}

# phone USER ADDRESS
phone() {
	mkdir "$folder/$1"
	modules=/usr/lib/baresip/modules
	for place in /usr/lib/*/baresip/modules; do
		[ ! -d "$place" ] || modules=$place
	done
	cat >"$folder/$1/config" <<-END
		poll_method epoll
		sip_listen $2:5060
		net_interface $2
		audio_player aubridge,loop
		audio_source aubridge,loop
		audio_alert aubridge,alert
		module_path $modules
		module account.so
		module aubridge.so
		module g711.so
		module menu.so
		module ctrl_tcp.so
		ctrl_tcp_listen $2:$control
	END
	echo "<sip:$1@$pbx_name>;auth_user=$1;auth_pass=pw-$1;outbound=\"sip:$router_lan:5060\";regint=60;answermode=auto" \
		>"$folder/$1/accounts"
	begin "$1" phones env HOME="$folder/$1" baresip -f "$folder/$1" -v -s
	await "phone $1 registers" is_registered "$1"
	echo "phone $1 ($2) has registered at the PBX"
}

branchline() {
	inside router env BRANCHLINE_CONFIG="$folder/branchline.yaml" node "$here/../../dist/branchline.js" "$@"
}

start() {
	branchline check >/dev/null
	begin branchline router env BRANCHLINE_CONFIG="$folder/branchline.yaml" node "$here/../../dist/branchline.js" run
	await "branchline" is_bound router "$router_lan:5060"
	phone 201 "$phone_201"
	phone 202 "$phone_202"
}

call() {
	at_trunk=$(invites trunk)
	at_gateway=$(invites gateway)
	inside phones node "$here/call.mjs" "$phone_201" "$control" "sip:$1@$pbx_name"
	if [ "$(invites gateway)" -gt "$at_gateway" ]; then
		echo "answered by the branch's gateway ($gateway)"
	elif [ "$(invites trunk)" -gt "$at_trunk" ]; then
		echo "answered by the PBX's trunk ($trunk)"
	else
		echo "answered by a phone"
	fi
}

# Both ways, without a word to anybody.
cut() {
	for address in $pbx $trunk $router_wan; do
		ip -n "$lab-line" route add blackhole "$address/32"
	done
}

repair() {
	for address in $pbx $trunk $router_wan; do
		ip -n "$lab-line" route del blackhole "$address/32"
	done
}

down() {
	trap - EXIT
	for signal in TERM KILL; do
		for space in $spaces; do
			ip netns pids "$lab-$space" 2>/dev/null | xargs -r kill -s "$signal" 2>/dev/null || true
		done
		tenths=0
		while [ -n "$(for space in $spaces; do ip netns pids "$lab-$space" 2>/dev/null; done)" ] && [ "$tenths" -lt 50 ]; do
			sleep 0.1
			tenths=$((tenths + 1))
		done
	done
	for space in $spaces; do
		ip netns delete "$lab-$space" 2>/dev/null || true
	done
	rm -rf "$folder" "$etc"
	rmdir /etc/netns 2>/dev/null || true
}

[ "$(id -u)" -eq 0 ] || fail "only root can make network namespaces"
verb=${1:-}
[ $# -eq 0 ] || shift
case $verb in
up | down) "$verb" ;;
branchline | start | call | cut | repair)
	[ -d "$folder" ] || fail "there is no lab; lab.sh up makes it"
	"$verb" "$@"
	;;
*) fail "usage: lab.sh up | branchline … | start | call NUMBER | cut | repair | down" ;;
esac
