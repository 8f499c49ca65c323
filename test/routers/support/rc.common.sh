#!/bin/sh
# OpenWrt's /etc/rc.common and procd, as far as branchline's init script asks them for something. What it tells procd is
# kept in /tmp/procd/NAME, a file for each parameter; a loop plays procd: it starts, respawns and ends the service.
# OpenWrt's shell knows no other scripts' names here either.
# shellcheck disable=SC1090
initscript=$1
action=$2
name=$(basename "$initscript" | sed 's/^[SK][0-9][0-9]//')
service=/tmp/procd/$name

enable() {
  mkdir -p /etc/rc.d
  ln -sf "../init.d/$name" "/etc/rc.d/S$START$name"
  ln -sf "../init.d/$name" "/etc/rc.d/K$STOP$name"
}

disable() {
  rm -f "/etc/rc.d/S$START$name" "/etc/rc.d/K$STOP$name"
}

enabled() {
  [ -L "/etc/rc.d/S$START$name" ] && [ -L "/etc/rc.d/K$STOP$name" ]
}

# What of procd.sh the script may call.
procd_open_instance() { mkdir -p "$service"; }
procd_set_param() {
  parameter=$1
  shift
  echo "$*" >"$service/$parameter"
}
procd_close_instance() {
  # An instance that runs already is only replaced when its command is another.
  ! alive || return 0
  (
    read -r command <"$service/command"
    read -r environment <"$service/env"
    read -r _ pause_s retries <"$service/respawn"
    while :; do
      # procd runs it without any shell's help; the words have no spaces in them.
      # shellcheck disable=SC2016,SC2086
      sh -c 'echo $$ >"$1"; shift; exec env "$@"' sh "$service/pid" $environment $command 2>&1 |
        logger -t procd-says -p daemon.err &
      wait $!
      [ "$retries" = 0 ] || exit
      sleep "$pause_s"
    done
  ) </dev/null >/dev/null 2>&1 &
  echo $! >"$service/player"
}
procd_send_signal() {
  [ "$1" = "$name" ] && kill "-$3" "$(cat "$service/pid")"
}

alive() { [ -e "$service/player" ] && kill -0 "$(cat "$service/player")" 2>/dev/null; }

start() { start_service; }
stop() {
  alive || return 0
  kill "$(cat "$service/player")" "$(cat "$service/pid")"
  while kill -0 "$(cat "$service/pid")" 2>/dev/null; do usleep 50000; done
  rm -r "$service"
}
restart() {
  stop
  start
}
reload() {
  if type reload_service >/dev/null 2>&1; then reload_service; else start; fi
}
boot() { start; }

. "$initscript"
"$action"
