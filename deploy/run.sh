#!/bin/sh
# Starts branchline with a Node that works here and flags that suit a small machine. Stays in the foreground.
# Usage: run.sh [CONFIG]      Environment: BRANCHLINE_NODE names the Node to use.
here=$(dirname "$0")
config=${1:-/config/branchline/branchline.yaml}

# `node -v` works even where the processor lacks what JavaScript needs: a sum with fractions shows the truth.
works() {
  [ -x "$1" ] && [ "$("$1" -e 'console.log(1.5 * 2)' 2>/dev/null)" = 3 ]
}

node=
for candidate in "$BRANCHLINE_NODE" /opt/bin/node "$(command -v node)"; do
  if [ -n "$candidate" ] && works "$candidate"; then
    node=$candidate
    break
  fi
done
if [ -z "$node" ]; then
  echo "<3>no_node error=\"no working Node found: install Entware's node, or set BRANCHLINE_NODE\"" >&2
  exit 1
fi

# Never --v8-pool-size=0: Node 12 hangs with it.
export MALLOC_ARENA_MAX=1 UV_THREADPOOL_SIZE=2
exec "$node" --max-old-space-size=32 --max-semi-space-size=1 --optimize-for-size --v8-pool-size=1 \
  "$here/branchline.js" run -c "$config"
