/** Durations as the file writes them, and what a person may have meant by one that is written otherwise. */
import type { DurationRow } from "./key-kinds.ts";

const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/;
const UNIT_ms: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
const HOUR_ms = 3_600_000;
const MINUTE_ms = 60_000;

/** "4 s", "4sec", "1,5 minutes", "4": an amount, and perhaps a unit in other words. */
const LOOSE = /^(\d+(?:[.,]\d+)?)\s*([a-z]*)\.?$/;
const UNITS_LOOSE: Readonly<Record<string, RegExp>> = {
  ms: /^(ms|msecs?|millis|milliseconds?)$/,
  s: /^(s|secs?|seconds?)$/,
  m: /^(m|mins?|minutes?)$/,
  h: /^(h|hrs?|hours?)$/,
};

/** Milliseconds of a duration as the file writes it; NaN for any other text. */
export function durationOf_ms(text: string): number {
  const [, amount, unit = ""] = DURATION.exec(text) ?? [];
  return Math.round(Number(amount) * (UNIT_ms[unit] ?? Number.NaN));
}

/** A duration as one would write it in the file: 4s, 90s, 1m. */
export function spell(duration_ms: number): string {
  if (duration_ms % HOUR_ms === 0 && duration_ms > 0) return `${duration_ms / HOUR_ms}h`;
  if (duration_ms % MINUTE_ms === 0 && duration_ms > 0) return `${duration_ms / MINUTE_ms}m`;
  if (duration_ms % 1_000 === 0) return `${duration_ms / 1_000}s`;
  return `${duration_ms}ms`;
}

/** The same in a sentence: 4 s, 1 min 30 s, 1 h, 1.5 s. */
export function spoken(duration_ms: number): string {
  if (duration_ms === 0) return "0 s";
  if (duration_ms < 1_000) return `${duration_ms} ms`;
  const parts = [
    [Math.floor(duration_ms / HOUR_ms), "h"],
    [Math.floor((duration_ms % HOUR_ms) / MINUTE_ms), "min"],
    [(duration_ms % MINUTE_ms) / 1_000, "s"],
  ] as const;
  return parts.flatMap(([amount, unit]) => (amount > 0 ? [`${amount} ${unit}`] : [])).join(" ");
}

/** A value that the row allows, for a person to see how one looks: its default, where it has one. */
export function exampleOf(row: DurationRow): string {
  if (row.default !== undefined) return row.default;
  return isWithin("4s", row) ? "4s" : row.most;
}

/** Whether the row allows the text. */
export function isWithin(text: string, { least, most }: DurationRow): boolean {
  const duration_ms = durationOf_ms(text);
  return duration_ms >= durationOf_ms(least) && duration_ms <= durationOf_ms(most);
}

/**
 * What may have been meant by a text that is no duration of the row: 4 is 4s or 4h, whichever is nearer to the row's default.
 * @returns a duration that the row allows; undefined when nothing is likely
 */
export function meantDuration(text: string, row: DurationRow): string | undefined {
  const [, amount = "", word = ""] = LOOSE.exec(text.trim().toLowerCase()) ?? [];
  if (amount === "") return undefined;
  // 0 is as long in each unit.
  const all = Number(amount) === 0 && word === "" ? ["s"] : Object.keys(UNITS_LOOSE);
  const units = all.filter((one) => word === "" || UNITS_LOOSE[one]?.test(word));
  const candidates = units.map((one) => `${amount.replace(",", ".")}${one}`);
  const [likely] = [...candidates, ...daysOf(amount, word)]
    .filter((one) => isWithin(one, row))
    .sort((one, other) => distance(one, row) - distance(other, row));
  return likely;
}

/** How far a duration is from the usual one, as a ratio. */
function distance(text: string, row: DurationRow): number {
  return Math.abs(Math.log((durationOf_ms(text) + 1) / (durationOf_ms(exampleOf(row)) + 1)));
}

/** No unit of the file's is as long as a day. */
function daysOf(amount: string, word: string): string[] {
  return /^(d|days?)$/.test(word) ? [`${Number(amount.replace(",", ".")) * 24}h`] : [];
}
