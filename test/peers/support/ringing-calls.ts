/** Calls that ring and ring: what they cost branchline. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";
import type { Endpoint } from "./addresses.ts";
import type { Branchline } from "./branchline.ts";
import { flood } from "./flood.ts";

/** Floods until all of them ring: datagrams may get lost. */
const FLOODS_MOST = 5;
/** Calls that don't ring yet: a socket's buffer has room for as many INVITEs. */
const WINDOW = 32;
/** qemu-user has its own memory far above that of what it runs. */
const EMULATED_BELOW = 2 ** 40;

export interface RingingOrder {
  readonly sources: readonly string[];
  readonly target: Endpoint;
  readonly count: number;
  /** At most: a slow processor gets as many as it can take. */
  readonly perSecond: number;
}

/** Calls from the sources to an upstream that only rings, until so many ring at once. */
export async function ring(branchline: Branchline, { count, perSecond, ...order }: RingingOrder): Promise<void> {
  for (let floods = 0; floods < FLOODS_MOST; floods++) {
    const { calls_now } = JSON.parse(await branchline.command("status", "--json")) as { calls_now: number };
    if (calls_now >= count) return;
    const duration_ms = ((count - calls_now) / perSecond) * 1_000;
    await flood({ kind: "ringing", ...order, perSecond, duration_ms, window: WINDOW }).over;
  }
  throw new Error(`not even ${FLOODS_MOST} floods made ${count} calls ring`);
}

/** The memory that a process has in RAM; of one that qemu-user runs, without qemu's own. */
export function resident_kb(pid: number): number {
  if (!basename(readlinkSync(`/proc/${pid}/exe`)).startsWith("qemu-")) {
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1]);
  }
  const maps = readFileSync(`/proc/${pid}/smaps`, "latin1").matchAll(
    /^([0-9a-f]+)-[0-9a-f]+ [\s\S]*?^Rss:\s+(\d+) kB$/gm,
  );
  let sum = 0;
  for (const [, start = "", kb] of maps) if (Number.parseInt(start, 16) < EMULATED_BELOW) sum += Number(kb);
  return sum;
}

/** The processor's time that it has had since its start. */
export function processor_ms(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const of = (thread: string) => Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "latin1").split(" ")[0]);
  return threads.reduce((total, thread) => total + of(thread), 0) / 1e6;
}
