#!/bin/sh
# Starts branchline in the foreground, with a Node that works here and flags that suit the machine.
# The program is the same on all routers; what differs is small and of the family. Which Node works is found out by a sum, since
# `node -v` works on processors on which nothing else does. The router's own init keeps branchline running.
#   run.sh CONFIG                   branchline itself, until it ends
#   run.sh --command ARGUMENT...    another of its commands: check, status ...
#   run.sh --node                   prints the Node that is taken, or why none is
#   run.sh --fits FOLDER [upgrade]  says what is in the way of installing branchline below FOLDER; changes nothing
#   run.sh --syslog                 hands the log on standard input to syslog, each line with its priority
# Environment:
#   BRANCHLINE_NODE     the Node to take, and no other
#   BRANCHLINE_HEAP_MB  how much JavaScript's objects may take at the most
#   BRANCHLINE_LOGGER   1: the log goes to syslog, where nobody reads standard error or its priorities
here=$(cd "$(dirname "$0")" && pwd)

OLDEST_NODE=12
OLDEST_KERNEL=3.2
# Node's own code, its heap, and what a call-laden minute adds: 60 MB; the rest is the router's.
LEAST_MEMORY_MB=80
# The program twice, since an upgrade unpacks before it removes.
LEAST_DISK_KB=1024

# `node -v` works even where the processor lacks what JavaScript needs: a sum with fractions shows the truth.
# Prints "3 18" for a Node 18 that works, with the flags $2.
try_node() {
  # The flags are meant to be split.
  # shellcheck disable=SC2086
  "$1" $2 -e 'console.log(1.5 * 2 + " " + process.versions.node.split(".")[0])' 2>/dev/null
}

# Sets $node and $major, or $no_node to the reason why there is none; and $refused where Node works, but not with the
# flags $1: each start takes seconds on a small router, so one proves both.
find_node() {
  node='' no_node='' tried=''
  for candidate in "${BRANCHLINE_NODE:-/run/branchline/node/bin/node}" /opt/bin/node "$(command -v node)"; do
    if [ -x "$candidate" ] && [ ! -d "$candidate" ] && [ "$candidate" != "$tried" ]; then
      tried=$candidate
      refused='' ended=0
      answer=$(try_node "$candidate" "$1")
      if [ "${answer#3 }" = "$answer" ]; then
        answer=$(try_node "$candidate" '')
        ended=$?
        refused=$1
      fi
      major=${answer#3 }
      case $answer in
      '3 '[0-9]*)
        if [ "$major" -ge "$OLDEST_NODE" ]; then
          node=$candidate
          return
        fi
        no_node="$no_node$candidate is Node $major, and branchline needs $OLDEST_NODE or newer. "
        ;;
      *)
        # 128 and SIGILL.
        if [ "$ended" -eq 132 ]; then
          says="this processor lacks what it wants, such as a floating point unit: another build of Node may do"
        else
          says=$("$candidate" -e 0 2>&1 | head -n 1)
          [ -n "$says" ] || says="it adds 1.5 and 1.5 in another way"
        fi
        no_node="$no_node$candidate doesn't work: $says. "
        ;;
      esac
    fi
    [ -z "$BRANCHLINE_NODE" ] || break
  done
  if [ -z "$no_node" ]; then
    if [ -n "$BRANCHLINE_NODE" ]; then
      no_node="BRANCHLINE_NODE names $BRANCHLINE_NODE, which isn't there or can't be executed"
    else
      no_node='no Node is here: install it (opkg update; opkg install node), or set BRANCHLINE_NODE'
    fi
  fi
}

meminfo_mb() {
  sed -n "s/^$1: *\\([0-9]*\\) kB\$/\\1/p" /proc/meminfo 2>/dev/null | while read -r kb; do echo $((kb / 1024)); done
}

# Sets $flags.
choose_flags() {
  # A small young generation, code for size, one thread that helps. Never --v8-pool-size=0: Node 12 hangs with it.
  flags="--max-semi-space-size=1 --optimize-for-size --v8-pool-size=1"
  # A fuse: should memory ever leak, branchline starts anew before the router has none left. The limits of all tables follow
  # it: with 32 MB there is room for 700 calls that ring at once and 2,000 phones, with 512 MB for 10,000 and 20,000.
  total_mb=$(meminfo_mb MemTotal)
  if [ -n "$BRANCHLINE_HEAP_MB" ]; then
    heap_mb=$BRANCHLINE_HEAP_MB
  elif [ "${total_mb:-0}" -lt 256 ]; then
    heap_mb=32
  elif [ "$total_mb" -lt 1000 ]; then
    heap_mb=64
  elif [ "$total_mb" -lt 2000 ]; then
    heap_mb=128
  elif [ "$total_mb" -lt 4000 ]; then
    heap_mb=256
  else
    heap_mb=512
  fi
  flags="--max-old-space-size=$heap_mb $flags"
}

# Sets $flags to those that this Node takes.
fit_flags() {
  if [ -n "$refused" ]; then
    # A Node with other ideas about flags starts without them, rather than never.
    echo "<4>flags_refused node=$node flags=\"$refused\"" >&2
    flags=''
  elif [ "$major" -ge 24 ]; then
    # It takes 12 MB less with this; the others take as much, or a little more.
    flags="$flags --single-threaded"
  fi
}

# Kernels before 3.14 don't tell what is available.
available_mb() {
  known=$(meminfo_mb MemAvailable)
  echo "${known:-$(($(meminfo_mb MemFree) + $(meminfo_mb Buffers) + $(meminfo_mb Cached)))}"
}

# "4.14.54-UBNT" → 4014
kernel_number() {
  echo "$1" | sed 's/^\([0-9]*\)\.\([0-9]*\).*/\1 \2/' | while read -r one two; do echo $((one * 1000 + two)); done
}

# What is in the way, one reason a line.
obstacles() {
  kernel=$(cat /proc/sys/kernel/osrelease)
  if [ "$(kernel_number "$kernel")" -lt "$(kernel_number "$OLDEST_KERNEL")" ]; then
    echo "kernel $kernel is too old: every Node that branchline can use needs $OLDEST_KERNEL or newer"
  fi
  if grep -qi '^Processor.*ARM\|^model name.*ARM' /proc/cpuinfo && ! grep -qwi 'vfp\|vfpv3\|vfpv3d16\|vfpv4\|asimd' /proc/cpuinfo; then
    echo "this ARM processor has no floating point unit (VFP): no Node works on it, whatever it says to node -v"
  else
    find_node ''
    [ -n "$node" ] || echo "$no_node"
  fi
  # An old branchline that still runs has its share of memory: its successor gets that.
  if [ "$2" != upgrade ] && [ "$(available_mb)" -lt "$LEAST_MEMORY_MB" ]; then
    echo "only $(available_mb) MB of memory are available, and branchline needs $LEAST_MEMORY_MB"
  fi
  folder=$1
  while [ ! -d "$folder" ]; do folder=$(dirname "$folder"); done
  free_kb=$(df -Pk "$folder" | awk 'NR == 2 { print $4 }')
  if [ "$free_kb" -lt "$LEAST_DISK_KB" ]; then
    echo "only $free_kb kB are free on the file system of $folder, and branchline needs $LEAST_DISK_KB"
  fi
}

# Reads the log from standard input.
syslog() {
  if logger --help 2>&1 | grep -q -e --prio-prefix; then
    exec logger -t branchline -p daemon.info --prio-prefix
  fi
  # One logger for each priority, instead of one for each line.
  {
    {
      {
        while IFS= read -r line; do
          case $line in
          '<3>'*) printf '%s\n' "${line#<3>}" ;;
          '<4>'*) printf '%s\n' "${line#<4>}" >&4 ;;
          '<7>'*) printf '%s\n' "${line#<7>}" >&7 ;;
          *) printf '%s\n' "${line#<6>}" >&6 ;;
          esac
        done | logger -t branchline -p daemon.err
      } 4>&1 | logger -t branchline -p daemon.warning
    } 7>&1 | logger -t branchline -p daemon.debug
  } 6>&1 | logger -t branchline -p daemon.info
}

# From now on what this process, and so branchline, writes goes to syslog.
write_to_syslog() {
  pipe=${TMPDIR:-/tmp}/branchline-log.$$
  mkfifo -m 600 "$pipe" 2>/dev/null || mknod -m 600 "$pipe" p || return
  syslog <"$pipe" >/dev/null 2>&1 &
  exec >"$pipe" 2>&1
  # Should the reader end, branchline ends too: whoever supervises it starts both again.
  export BRANCHLINE_LOG_READER=1
  rm -f "$pipe"
}

case $1 in
--node | --command) ;;
--syslog)
  syslog
  exit
  ;;
--fits)
  reasons=$(obstacles "$2" "$3")
  [ -z "$reasons" ] && exit 0
  echo "branchline can't be installed here:" >&2
  echo "$reasons" | sed 's/^/- /' >&2
  exit 1
  ;;
-* | '')
  echo "Usage: $0 CONFIG | --command ARGUMENT... | --node | --fits FOLDER [upgrade] | --syslog" >&2
  exit 2
  ;;
esac

[ -z "$BRANCHLINE_LOGGER" ] || [ "$1" = --node ] || [ "$1" = --command ] || write_to_syslog
choose_flags
find_node "$flags"
if [ -z "$node" ]; then
  echo "<3>no_node error=\"$no_node\"" >&2
  exit 1
fi
case $1 in
--node) echo "$node" ;;
--command)
  shift
  exec "$node" "$here/branchline.js" "$@"
  ;;
*)
  fit_flags
  # glibc would keep a pool of memory for each thread; files and DNS need no more than two threads.
  export MALLOC_ARENA_MAX=1 UV_THREADPOOL_SIZE=2
  # The flags are meant to be split.
  # shellcheck disable=SC2086
  exec "$node" $flags "$here/branchline.js" run -c "$1"
  ;;
esac
