/** How much memory this process may take, as `io/node/memory.ts` says it for Node. */
import * as native from "native";
import { env } from "./environment.ts";
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

/** How often it is looked whether the heap has changed. */
const LOOK_ms = 10_000;
/** A heap that has changed by this part is searched for garbage; and sooner again when so much of it was garbage. */
const PART_CHANGED = 0.1;
/** Looks between two searches that find nothing: doubled each time, up to this. */
const LOOKS_MOST = 32;
/** Of what a load has taken: when no more is left, it is over, or a good part of it is. */
const PART_LEFT = 0.75;

/**
 * The running proxy's heap stays within it: a leak ends branchline, which is started anew, and not the router.
 * @param onCalm writes anew what outlives a load, an event of its own
 */
export function tameHeap(onCalm: () => void): void {
  native.limitHeap(heapMemory_bytes());
  setInterval(caretaker(onCalm), LOOK_ms).unref();
}

/**
 * The engine looks for what is referenced only in circles when its heap has grown by half. After a load it doesn't grow: the
 * garbage of that would be the router's loss for days. So would pages be that each hold one small thing from the midst of the load.
 * @returns what is to be called at each look
 */
function caretaker(onCalm: () => void): () => void {
  let known_bytes = 0;
  /** The most that there was since things were written anew. */
  let most_bytes = 0;
  let wait_looks = 1;
  let left_looks = 0;
  return () => {
    left_looks -= 1;
    const before_bytes = native.heapUsed_bytes();
    most_bytes = Math.max(most_bytes, before_bytes);
    if (left_looks > 0 && !isOther(before_bytes, known_bytes)) return;
    native.collectGarbage();
    known_bytes = native.heapUsed_bytes();
    wait_looks = isOther(known_bytes, before_bytes) ? 1 : Math.min(2 * wait_looks, LOOKS_MOST);
    left_looks = wait_looks;
    if (known_bytes > most_bytes * PART_LEFT) return;
    most_bytes = known_bytes;
    setImmediate(onCalm);
  };
}

function isOther(now_bytes: number, then_bytes: number): boolean {
  return Math.abs(now_bytes - then_bytes) > then_bytes * PART_CHANGED;
}
