/** How much memory this process may take. `io/quickjs/memory.ts` is the other host's. */
import * as os from "os";
import * as v8 from "v8";

/** Without flags Node's heap may have half of the machine's memory or more: no program on a router may. */
const PART_OF_MACHINE = 0.3;

/** V8's limit for its heap (--max-old-space-size), or a part of the machine's memory where that is less. In bytes. */
export function heapMemory_bytes(): number {
  return Math.min(v8.getHeapStatistics().heap_size_limit, os.totalmem() * PART_OF_MACHINE);
}

/**
 * Keeps V8's young generation as small as it is at the start. With a thousand calls it would grow to 32 MB, and be searched
 * for what lives in it each time when all of that has long left the processor's caches. A flag, because V8 has nothing else
 * for a heap that is there already; with --max-semi-space-size, as run.sh starts it, it changes nothing.
 */
export const SMALL_YOUNG_GENERATION = "--semi-space-growth-factor=1";

/** @param _onCalm never called: V8 moves what lives together by itself */
export function tameHeap(_onCalm: () => void): void {
  v8.setFlagsFromString(SMALL_YOUNG_GENERATION);
}
