#!/bin/sh
# branchline on FreshTomato, in the folder in which it is installed: PLACE/branchline, where PLACE is /jffs or a USB disk.
#   service.sh start|stop|restart|reload|status
#   service.sh check              starts what should run and doesn't: FreshTomato's events and, each minute, cru call it
#   service.sh link               puts the command branchline into /tmp/home/root, which is in the path
#   service.sh halt               stops it until the next event: FreshTomato is about to unmount PLACE
#   service.sh enable|disable     whether it starts at boot; this stays over upgrades
#   service.sh remove [--purge]   --purge: the configuration goes too
# Only what FreshTomato's busybox has is used: it lacks mktemp, readlink, stat, id, seq and xargs.
PATH=/bin:/usr/bin:/sbin:/usr/sbin:/tmp/home/root:$PATH
here=$(cd "$(dirname "$0")" && pwd)
place=${here%/*}
config=$here/branchline.yaml
# A file system that a reboot clears: numbers of processes must not outlive them.
folder=/tmp/branchline
lock=/tmp/branchline-starts
# Its owner has stopped it. A reboot starts it again.
stopped=/tmp/branchline-stopped
disabled=$here/disabled
# In the path of whoever logs in.
link=/tmp/home/root/branchline

is_roots_folder() {
  # shellcheck disable=SC2046
  set -- $(ls -ldn "$folder" 2>/dev/null)
  case $1/$3 in d*/0) ;; *) return 1 ;; esac
}

# By what it runs, not by a word: an editor has branchline.yaml on its command line, too.
is_ours() {
  tr '\0' '\n' <"/proc/$1/cmdline" 2>/dev/null | grep -q '^branchline$\|/run\.sh$\|/branchline-static$\|/respawn\.sh$'
}

# Prints the number in file $1 if such a process runs, and is ours.
number_of() {
  is_roots_folder && pid=$(cat "$folder/$1.pid" 2>/dev/null) && is_ours "$pid" && echo "$pid"
}

# wait_until TENTHS COMMAND...: until it succeeds, for TENTHS tenths of a second at the most.
wait_until() {
  left=$1
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$left" -gt 0 ] || return 1
    usleep 100000
    left=$((left - 1))
  done
}

is_gone() {
  ! kill -0 "$1"
}

# Ends process $1, kindly for the first 10 s.
end() {
  kill "$1" 2>/dev/null
  wait_until 100 is_gone "$1" || kill -9 "$1" 2>/dev/null
}

# Events come at the same moment, and each would start one. A lock is a link, which is made at once, with the number of its holder; one
# whose holder is gone is nobody's. Whoever removes that one has a lock for it: otherwise it could remove what somebody else has just made.
take_lock() {
  ln -s "$$" "$1" 2>/dev/null && return
  is_held "$1" && return 1
  if take_lock "$1-"; then
    is_held "$1" || rm -f "$1"
    rm -f "$1-"
  fi
  return 1
}

# Also while nobody has it, but somebody had a moment ago.
is_held() {
  # shellcheck disable=SC2012
  holder=$(ls -l "$1" 2>/dev/null | sed 's/.* -> //')
  [ -z "$holder" ] || kill -0 "$holder" 2>/dev/null
}

# /tmp/home/root is in memory. A link would be no help: without readlink a script can't tell where it lies.
put_link() {
  if [ -d /tmp/home/root ] && ! grep -q -F "\"$here/" "$link" 2>/dev/null; then
    printf '#!/bin/sh\nexec "%s" "$@"\n' "$here/branchline" >"$link" && chmod 755 "$link"
  fi
}

watch() {
  put_link
  # Early at boot there may be no table yet. An event after that makes up for it.
  cru l 2>/dev/null | grep -q '#branchline#' || cru a branchline "* * * * * '$here/service.sh' check" 2>/dev/null
}

start() {
  wait_until 300 take_lock "$lock" || return 1
  watch
  number_of respawn >/dev/null || start_guard
  rm -f "$lock"
}

start_guard() {
  # Its guard may have been killed, and it lives on.
  ! orphan=$(number_of branchline) || end "$orphan"
  is_roots_folder || {
    rm -rf "$folder"
    mkdir -m 755 "$folder" || return 1
  }
  "$here/respawn.sh" "$config" "$folder" </dev/null >/dev/null 2>&1 &
  echo $! >"$folder/respawn.pid"
  # A moment later that process is the guard. Before, the next event wouldn't know it.
  wait_until 100 number_of respawn
}

# For a person, who reads what is wrong with the file; once that is put right branchline comes by itself.
start_and_tell() {
  rm -f "$stopped"
  if [ ! -f "$config" ]; then
    echo "branchline is not started: there is no $config yet; branchline init writes one" >&2
    return 1
  fi
  if number_of respawn >/dev/null; then
    echo "branchline runs already"
    return 0
  fi
  "$here/run.sh" --command check --quiet -c "$config"
  start && echo "branchline is started; its log is in syslog"
}

halt() {
  cru d branchline 2>/dev/null
  ! guard=$(number_of respawn) || end "$guard"
  ! orphan=$(number_of branchline) || end "$orphan"
  rm -rf "$folder"
}

case $1 in
start) start_and_tell ;;
stop)
  : >"$stopped"
  halt
  ;;
restart)
  halt
  start_and_tell
  ;;
# Fails with every reason why a change is refused.
reload) "$here/run.sh" --command reload -c "$config" ;;
check)
  if [ -e "$stopped" ] || [ -e "$disabled" ] || [ ! -f "$config" ]; then exit 0; fi
  start
  ;;
halt)
  halt
  rm -f "$link"
  ;;
link) put_link ;;
enable) rm -f "$disabled" ;;
disable) : >"$disabled" ;;
status)
  if pid=$(number_of branchline); then
    echo "branchline runs as process $pid"
  else
    echo "branchline doesn't run"
    exit 1
  fi
  ;;
remove)
  halt
  rm -f "$stopped" "$link"
  while read -r file; do rm -f "$place/$file"; done <"$here/files"
  # These may hold what others have put there.
  rmdir "$place/etc/config" "$place/etc" 2>/dev/null
  rm -rf "$here/state" "$disabled" "$here/files"
  if [ "$2" = --purge ]; then rm -f "$config"; fi
  rmdir "$here" 2>/dev/null || for file in "$here"/*; do echo "$file stays"; done
  ;;
*)
  echo "Usage: $0 start|stop|restart|reload|status|check|link|halt|enable|disable|remove [--purge]" >&2
  exit 2
  ;;
esac
