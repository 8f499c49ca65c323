#!/bin/sh
# Installs branchline on FreshTomato, from the folder to which its package has been unpacked. Run it again to upgrade.
#   install.sh check [PLACE]     says where branchline would go, or what is in the way; changes nothing
#   install.sh install [PLACE]   PLACE is where a disk is mounted: /jffs, /mnt/NAME. Without it: where branchline is already, else /jffs,
#                                else the USB disk with the most room
# Nothing in nvram is changed: FreshTomato starts PLACE/*.autorun when it mounts PLACE, and /jffs/etc/config/*.fire with its firewall.
# Only what FreshTomato's busybox has is used: it lacks mktemp, readlink, stat, id, seq and xargs.
PATH=/bin:/usr/bin:/sbin:/usr/sbin:/tmp/home/root:$PATH
here=$(cd "$(dirname "$0")" && pwd)
umask 022

# These keep who may read a file: the state folder holds a secret.
KINDS='jffs2|yaffs2|ubifs|ext2|ext3|ext4'
PROGRAMS='branchline branchline-static healthy.sh respawn.sh run.sh service.sh'
TEXTS='branchline.schema.json branchline.yaml.sample LICENSES'

fail() {
  printf '%s\n' "$@" >&2
  exit 1
}

# Where disks are mounted that can be written and keep permissions.
disks() {
  awk -v kinds="^($KINDS)$" '$3 ~ kinds && $4 ~ /^rw/ && $2 !~ /\\/ { print $2 }' /proc/mounts
}

free_kb() {
  df -Pk "$1" | awk 'NR == 2 { print $4 }'
}

# Where branchline is installed already.
installed() {
  disks | while read -r disk; do
    if [ -f "$disk/branchline/service.sh" ]; then echo "$disk"; fi
  done | head -n 1
}

# Sets $place, or $no_place to the reason why there is none.
find_place() {
  place='' no_place=''
  if [ -n "$1" ]; then
    # /mnt is a link to /tmp/mnt.
    wanted=$(cd "$1" 2>/dev/null && pwd -P)
    if [ -n "$old" ] && [ "$old" != "$wanted" ]; then
      no_place="branchline is in $old already: remove it there first ($old/branchline/service.sh remove)"
    elif disks | grep -q -x -F -e "$wanted"; then
      place=$wanted
    else
      no_place="$1 is no place where a disk is mounted to be written, with one of the file systems $KINDS"
    fi
    return
  fi
  if [ -n "$old" ]; then
    place=$old
    return
  fi
  # Its sort knows no keys.
  place=$(disks | while read -r disk; do echo "$(free_kb "$disk") $disk"; done | awk -v need="$need" '
    $1 >= need && $2 == "/jffs" { jffs = $2 }
    $1 >= need && $2 ~ /^(\/tmp)?\/mnt\// && $1 > most { most = $1; usb = $2 }
    END { print jffs != "" ? jffs : usb }')
  if [ -z "$place" ]; then
    no_place="neither /jffs nor a USB disk has $need kB free: Administration, JFFS, Enable and Format; or a USB disk with ext3"
  fi
}

# What is in the way, one reason a line.
obstacles() {
  if [ -z "$place" ]; then
    echo "$no_place"
    return
  fi
  reasons=$("$here/run.sh" --fits "$place" ${old:+upgrade} 2>&1 | sed -n 's/^- //p')
  [ -n "$reasons" ] || return
  echo "$reasons"
  case $old/$reasons in
  /*"kB are free"*) echo "an upgrade needs room for both: $old/branchline/service.sh remove first, your file stays" ;;
  esac
}

hook() {
  mkdir -p "${1%/*}" && printf '#!/bin/sh\n# Of branchline: %s\n%s\n' "$2" "$3" >"$1.new" && chmod 755 "$1.new" && mv "$1.new" "$1"
}

# FreshTomato waits for these for 1 to 5 s.
put_hooks() {
  # Wherever FreshTomato mounts the disk the next time.
  # shellcheck disable=SC2016
  beside='"${0%/*}/branchline/service.sh"'
  hook "$place/branchline.autorun" "FreshTomato has mounted this disk." "$beside check </dev/null >/dev/null 2>&1 &" || return 1
  hook "$place/branchline.autostop" "FreshTomato is about to unmount this disk." "$beside halt </dev/null >/dev/null 2>&1" || return 1
  list="branchline.autorun branchline.autostop"
  if [ "$place" = /jffs ]; then
    hook /jffs/etc/config/branchline.fire "FreshTomato has set up its firewall." "/jffs/branchline/service.sh check </dev/null >/dev/null 2>&1 &" || return 1
    list="$list etc/config/branchline.fire"
  fi
}

# A running program keeps its file: each is written beside its place, and then renamed.
put_files() {
  to=$place/branchline
  mkdir -p "$to" || return 1
  for file in $PROGRAMS; do cp "$here/$file" "$to/.new-$file" && chmod 755 "$to/.new-$file" || return 1; done
  for file in $TEXTS; do cp "$here/$file" "$to/.new-$file" && chmod 644 "$to/.new-$file" || return 1; done
  for file in $PROGRAMS $TEXTS; do mv "$to/.new-$file" "$to/$file" || return 1; done
  put_hooks || return 1
  for file in $list; do echo "$file"; done >"$to/files.new"
  for file in $PROGRAMS $TEXTS; do echo "branchline/$file"; done >>"$to/files.new"
  mv "$to/files.new" "$to/files"
}

case $1 in
check | install) ;;
*)
  echo "Usage: $0 check|install [PLACE]" >&2
  exit 2
  ;;
esac
command -v nvram >/dev/null || fail "branchline can't be installed here:" "- this isn't FreshTomato: there is no nvram"
# kB of flash.
need=$(sed -n "s/^BINARY_NEEDS='.* \([0-9]*\)'$/\1/p" "$here/run.sh")
old=$(installed)
find_place "$2"
reasons=$(obstacles)
if [ -n "$reasons" ]; then
  echo "branchline can't be installed here:" >&2
  echo "$reasons" | sed 's/^/- /' >&2
  exit 1
fi
if [ "$1" = check ]; then
  echo "branchline fits: it would go to $place/branchline"
  exit 0
fi

put_files || {
  rm -f "$place"/branchline/.new-* "$place/branchline/files.new"
  fail "branchline can't be set up: $place can't be written"
}
case $place in
/jffs) ;;
*)
  [ "$(nvram get usb_automount)" = 1 ] ||
    echo "FreshTomato doesn't mount USB disks by itself: switch on USB and NAS, Automount, or branchline doesn't start at boot"
  ;;
esac
service=$place/branchline/service.sh
file=$place/branchline/branchline.yaml
"$service" link
if [ ! -f "$file" ]; then
  echo "branchline is in $place/branchline. Next: branchline init writes $file, then: $service start"
elif "$place/branchline/run.sh" --command check --quiet -c "$file"; then
  if { [ -e "$place/branchline/disabled" ] || [ -e /tmp/branchline-stopped ]; } && ! "$service" status >/dev/null; then
    echo "branchline is disabled and doesn't run: that stays so"
  else
    # The other router of a pair has the calls meanwhile.
    run=$place/branchline/run.sh
    "$run" --before-restart "$file"
    "$service" restart
    status=$?
    "$run" --after-restart "$file"
    exit $status
  fi
else
  # Should an older version run, it can use the file.
  echo "branchline isn't restarted: this version can't use $file. Fix the errors above, then: $service restart" >&2
  exit 1
fi
