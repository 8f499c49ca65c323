/** What a process holds, as the kernel counts it. */
import { readdirSync, readFileSync } from "node:fs";

export interface Holding {
  readonly rss_kb: number;
  /** Shared pages count by their share: it moves when neighbours start and end. */
  readonly pss_kb: number;
  /** Its own: heap, stacks. */
  readonly anonymous_kb: number;
  /** Open file descriptors. */
  readonly descriptors: number;
}

export function holdingOf(pid: number): Holding {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "latin1");
  const of = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? Number.NaN);
  return {
    rss_kb: of("Rss"),
    pss_kb: of("Pss"),
    anonymous_kb: of("Anonymous"),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
