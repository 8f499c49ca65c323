#!/bin/sh
# Sets branchline up once its files are in place; packages run it too.
#   setup.sh check           says what is in the way; changes nothing
#   setup.sh install         starts it now, if it is configured, and at each boot; the same after an upgrade
#   setup.sh status
#   setup.sh remove [--all]  with --all the configuration goes too
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
  if [ -f "$etc/branchline.yaml" ]; then
    "$init" restart
  else
    echo "Next: write $etc/branchline.yaml ($etc/branchline.yaml.sample is one to begin with), then: $init start"
  fi
  ;;
status) "$init" status ;;
# What comes before the files are removed.
stop)
  case $init in /etc/*) "$init" disable ;; esac
  "$init" stop
  rm -rf "$state"
  ;;
remove)
  "$0" stop
  if [ "$2" = --all ]; then rm -f "$etc/branchline.yaml"; fi
  if [ -f "$etc/branchline.yaml" ]; then echo "$etc/branchline.yaml stays"; fi
  while read -r file; do rm -f "/$file"; done <"$here/files"
  rm -f "$here/files"
  rmdir "$here"
  ;;
*)
  echo "Usage: $0 check|install|status|remove [--all]" >&2
  exit 2
  ;;
esac
