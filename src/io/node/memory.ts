/** How much memory this process may take. */
import * as os from "os";
import * as v8 from "v8";

/** Without flags Node's heap may have half of the machine's memory or more: no program on a router may. */
const PART_OF_MACHINE = 0.3;

/** V8's limit for its heap (--max-old-space-size), or a part of the machine's memory where that is less. In bytes. */
export function heapMemory_bytes(): number {
  return Math.min(v8.getHeapStatistics().heap_size_limit, os.totalmem() * PART_OF_MACHINE);
}
