#!/bin/sh
# Lets the route to an anycast address follow the health of branchline: the address is announced while branchline takes calls, and withdrawn
# while it doesn't, hangs, or has ended.
#   route-follow.sh FILE ANNOUNCE WITHDRAW
# FILE is the one that `cluster.health_file` names, and is looked at each second by healthy.sh, beside this script. ANNOUNCE and WITHDRAW are
# command lines for a shell, one argument each, such as "birdc enable anycast". A command that fails is tried again each second. One that was
# done is repeated each 30 s: a routing daemon that was started anew has forgotten the route.
here=$(cd "$(dirname "$0")" && pwd)
if [ $# -ne 3 ] || [ -z "$1" ] || [ -z "$2" ] || [ -z "$3" ]; then
	echo "Usage: $0 FILE ANNOUNCE WITHDRAW" >&2
	exit 2
fi
file=$1 announce=$2 withdraw=$3

# say TEXT: each text once in a row, since the same failure may come each second.
said=''
say() {
	[ "$1" = "$said" ] || echo "$1"
	said=$1
}

# does COMMAND: exabgpcli ends with 0 whatever has come of its command, so its words count.
does() {
	output=$(sh -c "$1" 2>&1 </dev/null) || return 1
	case $output in
	*'ExaBGP returns an error'* | *'ExaBGP is shutting down'* | *'no end of command'*) return 1 ;;
	esac
}

# What the daemon does by now isn't known.
is='' age_s=0
while :; do
	wish=withdraw command=$withdraw
	if sh "$here/healthy.sh" "$file"; then wish=announce command=$announce; fi
	if [ "$wish" != "$is" ] || [ "$age_s" -ge 30 ]; then
		if does "$command"; then
			is=$wish age_s=0
			say "done: $command"
		else
			is=''
			say "failed: $command: $output"
		fi
	fi
	age_s=$((age_s + 1))
	# Tests count the looks.
	[ -z "$BRANCHLINE_ROUTE_LOOKS" ] || BRANCHLINE_ROUTE_LOOKS=$((BRANCHLINE_ROUTE_LOOKS - 1))
	[ "$BRANCHLINE_ROUTE_LOOKS" != 0 ] || exit 0
	sleep 1
done
