/** Headquarters dies for ten minutes and returns: what its PBX sees of all branches then, and when it has all phones again. */
import { TokenBucket } from "../../../src/base/token-bucket.ts";
import { Fleet, type FleetSettings } from "./fleet.ts";

/** Phones are switched on slowly enough, and have registered all and refreshed once. */
const BOOT_ms = 400_000;
export const OUTAGE_AT_ms = 450_000;
const RETURN_AT_ms = OUTAGE_AT_ms + 600_000;

export interface Return {
  /** From the return until the last phone is registered; undefined: not within the patience. */
  readonly all_s: number | undefined;
  readonly registered: number;
  /** How often the PBX has fallen over since. */
  readonly falls: number;
  /** REGISTERs in the worst second, and on average in each tenth second. */
  readonly peak: number;
  readonly course: readonly number[];
  /** REGISTERs that phones got no answer to, of all that time. */
  readonly unanswered: number;
}

/** @param patience_s how long all phones may take */
export function returnOf(
  settings: FleetSettings,
  patience_s: number,
  prepare: (fleet: Fleet) => void = () => {},
): Return {
  const fleet = new Fleet(settings);
  const { clock, pbx, size } = fleet;
  prepare(fleet);
  fleet.boot(BOOT_ms);
  clock.run(OUTAGE_AT_ms);
  if (pbx.registered.size !== size || pbx.falls > 0) throw new Error("not all was well before the outage");
  pbx.die();
  clock.run(RETURN_AT_ms);
  pbx.rise();
  const hasAll = () => pbx.registered.size === size;
  clock.run(RETURN_AT_ms + patience_s * 1_000, hasAll);
  const all_s = hasAll() ? (clock.now_ms - RETURN_AT_ms) / 1_000 : undefined;
  // Refreshes of so many phones are not over with the last one's return.
  if (hasAll()) clock.run(clock.now_ms + 30_000);
  const seconds = Array.from({ length: Math.ceil((clock.now_ms - RETURN_AT_ms) / 1_000) }, (_, second) => {
    return pbx.perSecond[RETURN_AT_ms / 1_000 + second] ?? 0;
  });
  const course = seconds.flatMap((_, second) =>
    second % 10 === 0 ? [Math.round(seconds.slice(second, second + 10).reduce((sum, one) => sum + one, 0) / 10)] : [],
  );
  return {
    all_s,
    registered: pbx.registered.size,
    falls: pbx.falls,
    peak: Math.max(...seconds),
    course,
    unanswered: fleet.phones.reduce((sum, phone) => sum + phone.unanswered, 0),
  };
}

/** The fixed pace of branchline before 0.2.0: five phones a second, whatever upstream says to it. */
export function withFixedPace({ clock, engines }: Fleet): void {
  for (const engine of engines) {
    clock.after(0, () => {
      const bucket = new TokenBucket(5, 5);
      const pace = { isCareful: false, take: (_most: number, now_ms: number) => bucket.take(now_ms), charge() {} };
      for (const peer of engine.peers.upstream) Object.defineProperty(peer, "pace", { value: pace });
    });
  }
}

/** One line for a person. */
export function told(name: string, { all_s, registered, falls, peak, course }: Return): string {
  const end =
    all_s === undefined
      ? `never all phones back, ${registered} at the end`
      : `all phones back after ${all_s.toFixed(0)} s (${(all_s / 60).toFixed(1)} min)`;
  return `${name}: ${end}; PBX fell ${falls} times, ${peak} REGISTERs in its worst second; each 10 s: ${course.join(" ")}`;
}
