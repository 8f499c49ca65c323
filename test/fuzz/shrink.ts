/** Makes a finding as small as it can be and still be one. */
import type { Step } from "./campaign.ts";

/** Whether so little still shows the trouble. */
type Shows = (steps: readonly Step[]) => boolean;

/** Tries at the most: each runs a whole site. */
const TRIES_MAX = 1_500;

/** Undefined when the steps, fed to a fresh site, show nothing. */
export function shrink(steps: readonly Step[], shows: Shows): readonly Step[] | undefined {
  let tries = 0;
  const still: Shows = (fewer) => tries++ < TRIES_MAX && shows(fewer);
  const last = steps.slice(-1);
  if (still(last)) return shorten(last, still);
  if (!still(steps)) return undefined;
  return shorten(fewer(steps, still), still);
}

/** Leaves out halves, quarters and so on. */
function fewer<T>(all: readonly T[], still: (part: readonly T[]) => boolean): readonly T[] {
  let kept = all;
  for (let size = Math.ceil(all.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let start = 0; start < kept.length && kept.length > 1; ) {
      const rest = [...kept.slice(0, start), ...kept.slice(start + size)];
      if (rest.length > 0 && still(rest)) kept = rest;
      else start += size;
    }
  }
  return kept;
}

/** First lines go, then octets. */
function shorten(steps: readonly Step[], still: Shows): readonly Step[] {
  let result = steps;
  steps.forEach((_, index) => {
    const withWire = (wire: string) => result.map((step, place) => (place === index ? { ...step, wire } : step));
    const edit = (separator: string) => {
      const parts = (result[index]?.wire ?? "").split(separator);
      if (parts.length > 4_000) return;
      const kept = fewer(parts, (some) => still(withWire(some.join(separator))));
      result = withWire(kept.join(separator));
    };
    edit("\r\n");
    edit(",");
    edit("");
  });
  return result;
}
