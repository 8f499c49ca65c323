/** Times for the person in front of the browser: in its time zone, counted by the router's clock. */
import { type LocalTime, moment, type Reader } from "../app/words/times.ts";

/** How far the router's clock is ahead of the browser's. */
let ahead_ms = 0;

/** Takes over the router's time of day; a request takes some ms, which don't matter. */
export function setClock(iso: string): void {
  ahead_ms = Date.parse(iso) - Date.now();
}

/** The router's time of day, in milliseconds since 1970. */
export function now_ms(): number {
  return Date.now() + ahead_ms;
}

export function iso(at_ms: number): string {
  return new Date(at_ms).toISOString();
}

/** The calendar of the person's time zone. */
export function dateOf(at_ms: number): Date {
  return new Date(at_ms);
}

/** How long ago `at` was; never less than 0. */
export function ago_s(at: string): number {
  return Math.max(0, (now_ms() - Date.parse(at)) / 1_000);
}

/** The words that commands print, without an end of lines: the browser breaks them. */
export const READER: Reader = { width: Number.POSITIVE_INFINITY, local };

const two = (number: number) => `${number}`.padStart(2, "0");

function local(at: string): LocalTime {
  const time = new Date(at);
  const offset_min = -time.getTimezoneOffset();
  const zone = Math.abs(offset_min);
  return {
    date: `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`,
    time: `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`,
    zone: `UTC${offset_min < 0 ? "-" : "+"}${two(Math.floor(zone / 60))}:${two(zone % 60)}`,
  };
}

/** "14:30:05", with the date where that isn't today's. */
export function clockTime(at: string): string {
  return moment(at, iso(now_ms()), READER);
}
