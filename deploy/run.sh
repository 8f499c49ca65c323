#!/bin/sh
# Starts branchline in the foreground. A package brings one of two engines for it beside this file, or both:
#   branchline-static  the binary, which needs no Node
#   branchline.js      the bundle, for a Node that works here, with flags that suit the machine
# The program is the same on all routers; what differs is small and of the family. Which Node works is found out by a sum, since
# `node -v` works on processors on which nothing else does. The router's own init keeps branchline running.
#   run.sh CONFIG                   branchline itself, until it ends
#   run.sh --command ARGUMENT...    another of its commands: check, status ...
#   run.sh --engine [CONFIG]        prints which engine runs that file: "binary" or "node"
#   run.sh --node                   prints the Node that is taken, or why none is
#   run.sh --fits FOLDER [upgrade|install [binary|node]]
#                                   says what is in the way of installing branchline below FOLDER; changes nothing
#   run.sh --before-restart CONFIG  if CONFIG makes this router one of a pair, the other one takes over; else nothing is done
#   run.sh --after-restart CONFIG   the same pair's router waits until it may take over again
#   run.sh --syslog                 hands the log on standard input to syslog, each line with its priority
# Environment:
#   BRANCHLINE_ENGINE   "binary" or "node": which of both to take
#   BRANCHLINE_NODE     the Node to take, and no other
#   BRANCHLINE_HEAP_MB  how much JavaScript's objects may take at the most
#   BRANCHLINE_LOGGER   1: the log goes to syslog, where nobody reads standard error or its priorities
here=$(cd "$(dirname "$0")" && pwd)
binary=$here/branchline-static
bundle=$here/branchline.js

OLDEST_NODE=12
# What an engine needs: kernel; memory, MB; flash, kB.
# Node's own code, its heap, and what a call-laden minute adds: 60 MB; the rest is the router's. The program counts twice on the flash,
# since an upgrade unpacks before it removes.
NODE_NEEDS='3.2 80 1024'
# It takes 5 MB, and 8 MB with some hundred calls.
BINARY_NEEDS='2.6.22 12 2048'
# With less memory the binary is taken, where a package has brought both.
BINARY_BELOW_MB=256

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

# "2.6.36.4brcmarm" → 2006036
kernel_number() {
  echo "$1" | sed 's/^\([0-9]*\)\.\([0-9]*\)\.\{0,1\}\([0-9]*\).*/\1 \2 \3/' | while read -r one two three; do
    echo $((one * 1000000 + two * 1000 + ${three:-0}))
  done
}

# Whether the file $1 wants TLS and the binary can't speak it. Only a file with such words is read by the program for that.
wants_more_than_binary() {
  sed 's/#.*//' "$1" 2>/dev/null | grep -qi 'tls\|sips' && "$binary" check --quiet -c "$1" 2>&1 | grep -q 'build of branchline has no TLS'
}

# Sets $engine for the configuration $1: what the package has brought; of both the one that BRANCHLINE_ENGINE names; else Node, where
# one works, for a file with TLS and on machines with much memory.
choose_engine() {
  if [ ! -x "$binary" ]; then
    engine=node
  elif [ ! -f "$bundle" ]; then
    engine=binary
  elif [ "$BRANCHLINE_ENGINE" = binary ] || [ "$BRANCHLINE_ENGINE" = node ]; then
    engine=$BRANCHLINE_ENGINE
  else
    engine=binary
    total_mb=$(meminfo_mb MemTotal)
    if [ "${total_mb:-0}" -ge "$BINARY_BELOW_MB" ] || wants_more_than_binary "$1"; then
      choose_flags
      find_node "$flags"
      [ -z "$node" ] || engine=node
    fi
  fi
}

# Whether the file $1 may make this router one of a pair. Only a file with such a word is read by the program for that.
has_pair() {
  sed 's/#.*//' "$1" 2>/dev/null | grep -q "cluster[\"' ]*:"
}

# The configuration that a command line names.
config_of() {
  file=$BRANCHLINE_CONFIG
  while [ $# -gt 0 ]; do
    case $1 in
    -c | --config) file=$2 ;;
    --config=*) file=${1#--config=} ;;
    -c?*) file=${1#-c} ;;
    esac
    shift
  done
  echo "$file"
}

# What is in the way of Node.
node_obstacles() {
  if grep -qi '^Processor.*ARM\|^model name.*ARM' /proc/cpuinfo && ! grep -qwi 'vfp\|vfpv3\|vfpv3d16\|vfpv4\|asimd' /proc/cpuinfo; then
    echo "this ARM processor has no floating point unit (VFP): no Node works on it, whatever it says to node -v"
  else
    find_node ''
    [ -n "$node" ] || echo "$no_node"
  fi
}

# What is in the way of engine $3, one reason a line.
obstacles() {
  # Before it is unpacked only its package knows which one it brings.
  engine=$3
  [ -n "$engine" ] || choose_engine ''
  # These are meant to be split.
  # shellcheck disable=SC2086
  if [ "$engine" = binary ]; then set -- "$1" "$2" $BINARY_NEEDS; else set -- "$1" "$2" $NODE_NEEDS; fi
  kernel=$(cat /proc/sys/kernel/osrelease)
  if [ "$(kernel_number "$kernel")" -lt "$(kernel_number "$3")" ]; then
    if [ "$engine" = binary ]; then what="branchline"; else what="every Node that branchline can use"; fi
    echo "kernel $kernel is too old: $what needs $3 or newer"
  fi
  if [ "$engine" = node ]; then
    node_obstacles
  elif [ -x "$binary" ] && ! "$binary" --version >/dev/null 2>&1; then
    echo "$binary doesn't work on this processor ($(uname -m)): take the package for it"
  fi
  # An old branchline that still runs has its share of memory: its successor gets that.
  if [ "$2" != upgrade ] && [ "$(available_mb)" -lt "$4" ]; then
    echo "only $(available_mb) MB of memory are available, and branchline needs $4"
  fi
  folder=$1
  while [ ! -d "$folder" ]; do folder=$(dirname "$folder"); done
  free_kb=$(df -Pk "$folder" | awk 'NR == 2 { print $4 }')
  if [ "$free_kb" -lt "$5" ]; then
    echo "only $free_kb kB are free on the file system of $folder, and branchline needs $5"
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
--engine)
  choose_engine "$2"
  echo "$engine"
  exit
  ;;
--before-restart)
  if has_pair "$2"; then "$0" --command drain --patient -c "$2"; fi
  exit
  ;;
--after-restart)
  if has_pair "$2"; then "$0" --command join --patient -c "$2"; fi
  exit
  ;;
--syslog)
  syslog
  exit
  ;;
--fits)
  reasons=$(obstacles "$2" "$3" "$4")
  [ -z "$reasons" ] && exit 0
  echo "branchline can't be installed here:" >&2
  echo "$reasons" | sed 's/^/- /' >&2
  exit 1
  ;;
-* | '')
  echo "Usage: $0 CONFIG | --command ARGUMENT... | --engine [CONFIG] | --node" \
    "| --fits FOLDER [upgrade|install [binary|node]] | --before-restart CONFIG | --after-restart CONFIG | --syslog" >&2
  exit 2
  ;;
esac

[ -z "$BRANCHLINE_LOGGER" ] || [ "$1" = --node ] || [ "$1" = --command ] || write_to_syslog
node='' config=$1
[ "$1" != --command ] || config=$(config_of "$@")
[ "$1" != --node ] || config=''
choose_engine "$config"
unusable=''
[ ! -f "$binary" ] || [ -x "$binary" ] || unusable=yes
case $1/$BRANCHLINE_ENGINE$unusable in
--*/* | */ | */"$engine" | */nodeyes) ;;
*yes) echo "<4>engine_missing wanted=\"binary\" taken=$engine error=\"$binary can't be executed\" cure=\"chmod +x $binary\"" >&2 ;;
*) echo "<4>engine_missing wanted=\"$BRANCHLINE_ENGINE\" taken=$engine" >&2 ;;
esac
if [ "$engine" = binary ]; then
  case $1 in
  --node)
    echo "no Node is needed: $binary runs without" >&2
    exit 1
    ;;
  --command)
    shift
    exec "$binary" "$@"
    ;;
  *) exec "$binary" run -c "$1" ;;
  esac
fi
choose_flags
[ -n "$node" ] || find_node "$flags"
if [ -z "$node" ]; then
  echo "<3>no_node error=\"$no_node\"" >&2
  exit 1
fi
case $1 in
--node) echo "$node" ;;
--command)
  shift
  exec "$node" "$bundle" "$@"
  ;;
*)
  fit_flags
  # glibc would keep a pool of memory for each thread; files and DNS need no more than two threads.
  export MALLOC_ARENA_MAX=1 UV_THREADPOOL_SIZE=2
  # The flags are meant to be split.
  # shellcheck disable=SC2086
  exec "$node" $flags "$bundle" run -c "$1"
  ;;
esac
