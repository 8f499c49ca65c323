/** What the kernel counts of this process. */
import { readText } from "./read-text.ts";

/** Ticks a second of the times in /proc, on each processor (USER_HZ). */
const TICKS = 100;

export interface OwnProcess {
  /** Memory in RAM; undefined where the kernel doesn't tell. */
  readonly resident_octets: number | undefined;
  /** Processor time since the start. */
  readonly cpu_s: number | undefined;
}

export function ownProcess(): OwnProcess {
  const [, kB] = /^VmRSS:\s+(\d+) kB$/m.exec(readText("/proc/self/status") ?? "") ?? [];
  // The name of the program, in brackets, may have spaces in it; utime and stime are the 14th and 15th field of all.
  const fields = (readText("/proc/self/stat") ?? "").replace(/^.*\) /s, "").split(" ");
  const ticks = Number(fields[11]) + Number(fields[12]);
  return {
    resident_octets: kB === undefined ? undefined : Number(kB) * 1_024,
    cpu_s: Number.isNaN(ticks) ? undefined : ticks / TICKS,
  };
}
