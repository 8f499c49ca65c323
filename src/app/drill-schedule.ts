/** When the file wants a drill: minutes of the day, of certain days. By the router's own clock and time zone, looked at once a minute. */
import { Timer, type TimerOwner, type Timers } from "../base/timers.ts";
import type { DrillPhones } from "../policy/drilling.ts";

const MINUTE_ms = 60_000;
export const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"] as const;

/** A time of day on some days. */
export interface DrillTime {
  /** "03:00" */
  readonly time: string;
  /** One of {@link WEEKDAYS}, or a day of the month; undefined: each day. */
  readonly day: string | number | undefined;
}

export interface DrillPlan {
  readonly phones: DrillPhones;
  readonly for_ms: number;
  readonly at: readonly DrillTime[];
}

/** @param local the time here, "2026-11-29 14:03:22" */
export function isDue({ at }: Pick<DrillPlan, "at">, local: string): boolean {
  const [, date = "", day = "", time = ""] = /^(\d+-\d\d-(\d\d)) (\d\d:\d\d)/.exec(local) ?? [];
  return at.some((one) => {
    if (one.time !== time) return false;
    return one.day === undefined || one.day === Number(day) || one.day === weekdayOf(date);
  });
}

/** What the days before a month make of its weekdays, where a year begins in March. */
const MONTHS = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4] as const;

/** The day of the week of "2026-11-29" in the Gregorian calendar. */
function weekdayOf(date: string): string | undefined {
  const [year = 0, month = 0, day = 0] = date.split("-").map(Number);
  const years = month < 3 ? year - 1 : year;
  const leaps = Math.floor(years / 4) - Math.floor(years / 100) + Math.floor(years / 400);
  return WEEKDAYS[(years + leaps + (MONTHS[month - 1] ?? 0) + day + 6) % 7];
}

export class DrillSchedule implements TimerOwner<"minute"> {
  private readonly timers: Timers;
  /** See {@link isDue}. */
  private readonly localTime: () => string;
  private readonly begin: (plan: DrillPlan, now_ms: number) => void;
  private readonly timer = new Timer<"minute">(this, "minute");
  private plan: DrillPlan | undefined = undefined;

  constructor(timers: Timers, localTime: () => string, begin: (plan: DrillPlan, now_ms: number) => void) {
    this.timers = timers;
    this.localTime = localTime;
    this.begin = begin;
  }

  /** @param plan undefined: the file wants none any more, and nothing wakes the router for it */
  take(plan: DrillPlan | undefined, now_ms: number): void {
    this.plan = plan;
    this.timers.stop(this.timer);
    if (plan !== undefined) this.wait(now_ms);
  }

  onTimer(_kind: "minute", now_ms: number): void {
    const { plan } = this;
    if (plan === undefined) return;
    this.wait(now_ms);
    if (isDue(plan, this.localTime())) this.begin(plan, now_ms);
  }

  /** Until the next minute has begun: each is looked at once. */
  private wait(now_ms: number): void {
    const second = Number(/(\d\d)$/.exec(this.localTime())?.[1] ?? 0);
    this.timers.start(this.timer, MINUTE_ms - second * 1_000, now_ms);
  }
}
