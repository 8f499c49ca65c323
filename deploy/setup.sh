#!/bin/sh
# Sets branchline up once its files are in place; packages run it too.
#   setup.sh check             says what is in the way; changes nothing
#   setup.sh install           starts it now, if it is configured, and at each boot; after an upgrade again, unless its
#                              owner has disabled it meanwhile
#   setup.sh status
#   setup.sh remove [--purge]  with --purge the configuration goes too
# A file that the new version can't use leaves the old one running: it is checked before anything is stopped, since an old branchline
# that leads calls is better than a new one that explains why it doesn't.
here=$(cd "$(dirname "$0")" && pwd)
case $here in
/opt/*)
  etc=/opt/etc
  init=/opt/etc/init.d/S80branchline
  service=$here/S80branchline
  state=/opt/var/lib/branchline
  ;;
*)
  etc=/etc
  init=/etc/init.d/branchline
  service=$init
  state=/etc/branchline
  ;;
esac

# Since it is there, its owner decides whether branchline starts at boot.
mark=$here/installed

# Entware starts each S* that can be executed. A package that had ours there would make it executable with each upgrade.
put_script() {
  mode=755
  if [ -e "$mark" ]; then
    # Renamed or removed.
    [ -f "$init" ] || return 0
    [ -x "$init" ] || mode=644
  fi
  new=${init%/*}/.branchline
  mkdir -p "${init%/*}" && cp "$service" "$new" && chmod "$mode" "$new" && mv "$new" "$init"
}

is_disabled() {
  case $init in
  /etc/*) ! "$init" enabled ;;
  *) [ ! -x "$init" ] ;;
  esac
}

# The other router of a pair has the calls meanwhile.
restart() {
  "$here/run.sh" --before-restart "$file"
  "$service" restart
  status=$?
  "$here/run.sh" --after-restart "$file"
  return $status
}

runs() {
  "$here/run.sh" --command status -c "$file" >/dev/null 2>&1
}

case $1 in
check) "$here/run.sh" --fits "$here" ;;
install)
  "$here/run.sh" --fits "$here" upgrade || exit 1
  case $init in
  /opt/*)
    put_script || {
      rm -f "$new"
      echo "branchline can't be set up: $init can't be written" >&2
      exit 1
    }
    ;;
  *) [ -e "$mark" ] || "$init" enable ;;
  esac
  : >"$mark"
  file=$etc/branchline.yaml
  if [ ! -f "$file" ]; then
    echo "Next: branchline init writes $file (by hand: $file.sample is one to begin with), then: $init start"
  elif "$here/run.sh" --command check --quiet -c "$file"; then
    if is_disabled && ! runs; then echo "branchline is disabled and doesn't run: that stays so"; else restart; fi
  else
    # Should an older version run, it can use the file.
    echo "branchline isn't restarted: this version can't use $file. Fix the errors above, then: $init restart" >&2
    exit 1
  fi
  ;;
status) "$service" status ;;
# For packages, before their files are removed. Whoever only wants to stop it says so to $init.
prerm)
  case $init in /etc/*) "$init" disable ;; esac
  "$service" stop
  case $init in /opt/*) rm -f "$init" ;; esac
  rm -rf "$state" "$mark"
  ;;
remove)
  "$here/setup.sh" prerm
  if [ "$2" = --purge ]; then rm -f "$etc/branchline.yaml"; fi
  if [ -f "$etc/branchline.yaml" ]; then echo "$etc/branchline.yaml stays"; fi
  while read -r file; do rm -f "/$file"; done <"$here/files"
  # Of an archive with the other engine, over which this one was unpacked.
  rm -f "$here/branchline.js" "$here/branchline-static" "$here/files"
  rmdir "$here"
  ;;
*)
  echo "Usage: $0 check|install|status|remove [--purge]" >&2
  exit 2
  ;;
esac
