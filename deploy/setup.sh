#!/bin/sh
# Sets branchline up once its files are in place; packages run it too.
#   setup.sh check             says what is in the way; changes nothing
#   setup.sh install           starts it now, if it is configured, and at each boot; the same after an upgrade
#   setup.sh status
#   setup.sh remove [--purge]  with --purge the configuration goes too
here=$(cd "$(dirname "$0")" && pwd)
case $here in
/opt/*)
  etc=/opt/etc
  init=/opt/etc/init.d/S80branchline
  state=/opt/var/lib/branchline
  ;;
*)
  etc=/etc
  init=/etc/init.d/branchline
  state=/etc/branchline
  ;;
esac

case $1 in
check) "$here/run.sh" --fits "$here" ;;
install)
  "$here/run.sh" --fits "$here" upgrade || exit 1
  case $init in /etc/*) "$init" enable ;; esac
  file=$etc/branchline.yaml
  if [ ! -f "$file" ]; then
    echo "Next: branchline init writes $file (by hand: $file.sample is one to begin with), then: $init start"
  elif "$here/run.sh" --command check -c "$file" >/dev/null; then
    "$init" restart
  else
    # Should an older version run, it can use the file.
    echo "branchline isn't restarted: this version can't use $file. Mend what is named above, then: $init restart" >&2
    exit 1
  fi
  ;;
status) "$init" status ;;
# For packages, before their files are removed. Whoever only wants to stop it says so to $init.
prerm)
  case $init in /etc/*) "$init" disable ;; esac
  "$init" stop
  rm -rf "$state"
  ;;
remove)
  "$here/setup.sh" prerm
  if [ "$2" = --purge ]; then rm -f "$etc/branchline.yaml"; fi
  if [ -f "$etc/branchline.yaml" ]; then echo "$etc/branchline.yaml stays"; fi
  while read -r file; do rm -f "/$file"; done <"$here/files"
  rm -f "$here/files"
  rmdir "$here"
  ;;
*)
  echo "Usage: $0 check|install|status|remove [--purge]" >&2
  exit 2
  ;;
esac
