/** How much memory this process may take, as `io/node/memory.ts` says it for Node. */
import * as native from "native";
import { env } from "./environment.ts";
import { HeapCare } from "./heap-care.ts";
import { setImmediate, setInterval } from "./timers.ts";

/** No program on a router may have more. */
const PART_OF_MACHINE = 0.3;
const MB = 1_048_576;

/** What the heap may have, by the machine's memory below which it counts, both in MB; run.sh gives Node the same. */
const STEPS: readonly (readonly [number, number])[] = [
  [256, 32],
  [1_000, 64],
  [2_000, 128],
  [4_000, 256],
];
const MOST_MB = 512;

/** BRANCHLINE_HEAP_MB, or what suits the machine; or a part of its memory where that is less. In bytes. */
export function heapMemory_bytes(): number {
  const [whole_bytes = 0] = native.memory_bytes();
  const given_MB = Number(env["BRANCHLINE_HEAP_MB"] ?? "");
  const step = STEPS.find(([below_MB]) => whole_bytes < below_MB * MB);
  const heap_MB = given_MB > 0 ? given_MB : (step?.[1] ?? MOST_MB);
  return Math.min(heap_MB * MB, whole_bytes * PART_OF_MACHINE);
}

/** How often the heap is looked at. */
const LOOK_ms = 10_000;

/**
 * The running proxy's heap stays within it: a leak ends branchline, which is started anew, and not the router.
 * @param onCalm writes anew what outlives a load, an event of its own
 */
export function tameHeap(onCalm: () => void): void {
  native.limitHeap(heapMemory_bytes());
  const care = new HeapCare();
  setInterval(() => {
    const before_bytes = native.heapUsed_bytes();
    if (!care.wants(before_bytes)) return;
    native.collectGarbage();
    if (care.searched(before_bytes, native.heapUsed_bytes())) setImmediate(onCalm);
  }, LOOK_ms).unref();
}
