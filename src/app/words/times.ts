/** Times as people read them: how long, and when by the clock on the wall. */

/** A moment in the time zone of this machine. */
export interface LocalTime {
  /** "2026-11-29" */
  readonly date: string;
  /** "14:30:05" */
  readonly time: string;
  /** "UTC+01:00" */
  readonly zone: string;
}

/** What words need to know of the person who reads them. */
export interface Reader {
  /** Characters in a line of the terminal. */
  readonly width: number;
  /** The moment that an ISO 8601 text names, where that person is. */
  local(iso: string): LocalTime;
}

const MINUTE_s = 60;
const HOUR_s = 3_600;
const DAY_s = 86_400;

/** "45 s", "3 min", "2 h 5 min", "3 d 4 h": a second unit where the first one alone says too little. */
export function span(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < MINUTE_s) return `${whole} s`;
  if (whole < HOUR_s) return `${Math.floor(whole / MINUTE_s)} min`;
  if (whole < DAY_s) return pair(whole, HOUR_s, "h", MINUTE_s, "min");
  return pair(whole, DAY_s, "d", HOUR_s, "h");
}

/** As {@link span}, with the seconds that are left beside the minutes. */
export function exactSpan(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  return whole < MINUTE_s || whole >= HOUR_s ? span(whole) : pair(whole, MINUTE_s, "min", 1, "s");
}

function pair(whole: number, unit_s: number, unit: string, part_s: number, part: string): string {
  const rest = Math.floor((whole % unit_s) / part_s);
  const units = `${Math.floor(whole / unit_s)} ${unit}`;
  return rest === 0 ? units : `${units} ${rest} ${part}`;
}

/** "14:30:05", with the date where that isn't today's. */
export function moment(iso: string, now: string | undefined, reader: Reader): string {
  const { date, time } = reader.local(iso);
  const isToday = now !== undefined && reader.local(now).date === date;
  return isToday ? time : `${date} ${time}`;
}
