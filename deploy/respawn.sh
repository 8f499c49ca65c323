#!/bin/sh
# Keeps branchline running where no init does: whenever it ends, it starts again. Its log goes to syslog.
#   respawn.sh CONFIG FOLDER    FOLDER gets respawn.pid and branchline.pid; a reboot must clear it
# SIGTERM ends both, SIGHUP has branchline read its file anew.
here=$(cd "$(dirname "$0")" && pwd)
config=$1
folder=$2
stopping=''

# Fails when there is no branchline, or another process has got its number.
tell_branchline() {
  pid=$(cat "$folder/branchline.pid" 2>/dev/null) &&
    tr '\0' '\n' <"/proc/$pid/cmdline" 2>/dev/null | grep -q '^branchline$\|/run\.sh$\|/branchline\.js$\|/branchline-static$' &&
    kill "-$1" "$pid" 2>/dev/null
}
trap 'stopping=1; tell_branchline TERM' TERM INT
trap 'tell_branchline HUP' HUP

uptime_s() {
  read -r since _ </proc/uptime
  echo "${since%%.*}"
}

mkdir -p "$folder"
echo $$ >"$folder/respawn.pid"
delay_s=2
while [ -z "$stopping" ]; do
  start_s=$(uptime_s)
  # The shell's number becomes branchline's by two execs.
  # shellcheck disable=SC2016
  sh -c 'echo $$ >"$1"; export BRANCHLINE_LOG_READER=1; exec "$2" "$3"' sh "$folder/branchline.pid" "$here/run.sh" "$config" 2>&1 |
    "$here/run.sh" --syslog &
  log=$!
  # The log ends when branchline has ended. A signal ends a wait early.
  while kill -0 "$log" 2>/dev/null; do
    # Before there is a number it can't be told to end: a moment later, then.
    if [ -z "$stopping" ] || tell_branchline TERM; then wait "$log"; else sleep 1; fi
  done
  # Should the log have ended first: two branchlines can't share a port.
  for _ in 1 2 3 4 5; do
    tell_branchline TERM || break
    sleep 1
  done
  tell_branchline KILL
  rm -f "$folder/branchline.pid"
  [ -z "$stopping" ] || break
  # What ends at once, again and again, gets a little longer each time.
  if [ $(($(uptime_s) - start_s)) -ge 10 ]; then delay_s=2; fi
  logger -t branchline -p daemon.warning "branchline has ended, and starts again in $delay_s s"
  sleep "$delay_s" &
  wait $!
  if [ "$delay_s" -lt 10 ]; then delay_s=$((delay_s + 2)); fi
done
rm -f "$folder/respawn.pid"
