/** Times on the command line: "90s", "10m", "2h", "1d". */
import { FORCED_MAX_ms } from "../app/control.ts";

const UNITS_s: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };
export const DAYS_MAX = FORCED_MAX_ms / 86_400_000;

/** Seconds, 1 or more; undefined: no such time is meant. */
export function seconds(text: string): number | undefined {
  const [, count, unit = ""] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const value = Number(count) * (UNITS_s[unit] ?? Number.NaN);
  return value >= 1 && value <= DAYS_MAX * 86_400 ? value : undefined;
}
