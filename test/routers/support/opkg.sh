#!/bin/sh
# What opkg does to a package, in its order: scripts with their arguments, lists of files, and nothing of feeds.
#   opkg install [--force-reinstall] FILE.ipk | remove PACKAGE
# --force-reinstall removes the package of that name first, as opkg does: its scripts aren't told that another one follows.
# OPKG_INFO is its folder on the real one: /usr/lib/opkg/info, under Entware /opt/lib/opkg/info.
info=${OPKG_INFO:-/usr/lib/opkg/info}
work=/tmp/opkg-$$

fail() {
  echo "opkg: $*" >&2
  rm -rf "$work"
  exit 255
}

install() {
  rm -rf "$work"
  mkdir -p "$work/control" "$info"
  tar -xzf "$1" -C "$work" || fail "$1 is no package"
  [ "$(cat "$work/debian-binary")" = 2.0 ] || fail "$1 is no package"
  tar -xzf "$work/control.tar.gz" -C "$work/control" || fail "no control"
  name=$(sed -n 's/^Package: //p' "$work/control/control")
  version=$(sed -n 's/^Version: //p' "$work/control/control")
  [ -z "$force" ] || [ ! -f "$info/$name.list" ] || remove "$name"
  old=$(sed -n 's/^Version: //p' "$info/$name.control" 2>/dev/null)
  if [ -n "$old" ]; then
    [ "$old" != "$version" ] || fail "$name $version is installed already"
    export PKG_UPGRADE=1
    "$work/control/preinst" upgrade "$old" || fail "package \"$name\" preinst script returned status $?."
    "$info/$name.prerm" upgrade "$version" || fail "prerm"
    mv "$info/$name.list" "$work/old.list"
  else
    "$work/control/preinst" install || fail "package \"$name\" preinst script returned status $?."
  fi
  tar -tzf "$work/data.tar.gz" | grep -v '/$' | sed 's/^\.//' >"$info/$name.list"
  # Unpacked file by file, as it does: a program that runs keeps its own.
  while read -r file; do rm -f "$file"; done <"$info/$name.list"
  tar -xzf "$work/data.tar.gz" -C / || fail "no data"
  if [ -n "$old" ]; then
    while read -r file; do grep -qxF "$file" "$info/$name.list" || rm -f "$file"; done <"$work/old.list"
  fi
  for part in control preinst postinst prerm postrm; do cp "$work/control/$part" "$info/$name.$part"; done
  rm -rf "$work"
  "$info/$name.postinst" configure || fail "package \"$name\" postinst script returned status $?."
}

remove() {
  [ -f "$info/$1.list" ] || fail "$1 is not installed"
  "$info/$1.prerm" remove || fail "prerm"
  while read -r file; do
    rm -f "$file"
    rmdir "$(dirname "$file")" 2>/dev/null
  done <"$info/$1.list"
  "$info/$1.postrm" remove || fail "postrm"
  rm -f "$info/$1".*
}

force=
case $2 in --force-reinstall)
  force=yes
  set -- "$1" "$3"
  ;;
esac
case $1 in
install) install "$2" ;;
remove) remove "$2" ;;
*) fail "knows no $1" ;;
esac
