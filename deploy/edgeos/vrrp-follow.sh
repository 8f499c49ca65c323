#!/bin/sh
# Lets EdgeOS's VRRP follow the health of branchline, which it can't track itself: the groups of a pair are disabled while branchline may not
# hold the addresses, and enabled while it may. What it commits isn't saved: each boot begins with what the router's configuration says.
#   vrrp-follow.sh FILE PATH...
# FILE is the one that `cluster.health_file` names; a PATH is a group, such as interfaces/ethernet/eth0/vrrp/vrrp-group/51. The router's
# task-scheduler starts it each minute; one that runs already is enough. `branchline cluster edgeos` prints the commands for that.
here=$(cd "$(dirname "$0")" && pwd)
wrapper=${BRANCHLINE_VYATTA_WRAPPER:-/opt/vyatta/sbin/vyatta-cfg-cmd-wrapper}
shell_api=${BRANCHLINE_VYATTA_SHELL_API:-/bin/cli-shell-api}
lock=${BRANCHLINE_VRRP_LOCK:-/var/run/branchline-vrrp}
if [ $# -lt 2 ]; then
  echo "Usage: $0 FILE PATH..." >&2
  exit 2
fi
# The router's configuration belongs to this group.
if getent group vyattacfg >/dev/null 2>&1 && [ "$(id -gn)" != vyattacfg ]; then
  exec sg vyattacfg -c "'$0' $*"
fi
file=$1
shift

if [ -r "$lock" ] && kill -0 "$(cat "$lock")" 2>/dev/null; then exit 0; fi
echo $$ >"$lock" || exit 1

# is_disabled PATH: by the configuration that is active.
is_disabled() {
  # The words of a path are meant to be split.
  # shellcheck disable=SC2046
  "$shell_api" existsActive $(echo "$1" | tr / ' ') disable
}

# are set|delete PATH...: whether all groups are so already. A commit without a change may fail.
are() {
  word=$1
  shift
  for path in "$@"; do
    if is_disabled "$path"; then is='set'; else is=delete; fi
    [ "$is" = "$word" ] || return 1
  done
}

# change set|delete PATH...: disables the groups that aren't disabled, or enables those that are. One session belongs to one shell.
change() {
  word=$1
  shift
  "$wrapper" begin || return 1
  for path in "$@"; do
    if is_disabled "$path"; then is='set'; else is=delete; fi
    # shellcheck disable=SC2046
    [ "$is" = "$word" ] || "$wrapper" "$word" $(echo "$path" | tr / ' ') disable
  done
  "$wrapper" commit
  status=$?
  "$wrapper" end
  return $status
}

# What the groups are by now isn't known: the first look settles it. Two looks in a row count, since a clock may be set.
now='' before=''
while :; do
  sees='set'
  if sh "$here/healthy.sh" "$file"; then sees=delete; fi
  if [ "$sees" != "$now" ] && [ "$sees" = "$before" ] && { are "$sees" "$@" || change "$sees" "$@"; }; then
    now=$sees
    logger -t branchline "vrrp_follow groups=\"$*\" change=$sees" 2>/dev/null
  fi
  before=$sees
  [ -z "$BRANCHLINE_VRRP_LOOKS" ] || BRANCHLINE_VRRP_LOOKS=$((BRANCHLINE_VRRP_LOOKS - 1))
  [ "$BRANCHLINE_VRRP_LOOKS" != 0 ] || exit 0
  sleep 1
done
