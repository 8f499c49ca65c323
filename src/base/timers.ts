/**
 * Timers as data: one first-in-first-out queue per duration.
 *
 * SIP's durations are few (T1, 2·T1 … 64·T1, T4, fr_timer), and within one of them deadlines only grow. So starting and
 * stopping a timer take constant time however many run, and the next deadline is the least of a handful of heads.
 *
 * Only a call that is carried on for another router has timers that begin in the past: such a one looks for its place in the queue.
 *
 * All of them together need one timer of the host. A timer of five seconds or more may fire 100 ms late, so that the ends of a call's
 * four lingering transactions share their wake-ups with those of other calls.
 */

/** `K`: the kinds of timers that it has. */
export interface TimerOwner<K extends string = string> {
  /** `kind` is what the owner gave to its timer. */
  onTimer(kind: K, now_ms: number): void;
}

/** A timer belongs to its owner for life and is started and stopped through {@link Timers}. */
export class Timer<K extends string = string> {
  readonly owner: TimerOwner<K>;
  readonly kind: K;
  deadline_ms = 0;
  order = 0;
  queue: Queue | undefined = undefined;
  previous: Timer | undefined = undefined;
  next: Timer | undefined = undefined;

  constructor(owner: TimerOwner<K>, kind: K) {
    this.owner = owner;
    this.kind = kind;
  }

  get isRunning(): boolean {
    return this.queue !== undefined;
  }
}

class Queue {
  readonly duration_ms: number;
  head: Timer | undefined = undefined;
  tail: Timer | undefined = undefined;

  constructor(duration_ms: number) {
    this.duration_ms = duration_ms;
  }
}

/** Timers of this length may fire late, so that the ends of many lingering transactions share one wake. */
const LONG_ms = 5_000;
const SLACK_ms = 100;

/** Above this many queues, empty ones are forgotten: durations with jitter would otherwise pile up. */
const QUEUES_KEPT = 64;

export class Timers {
  private readonly queues = new Map<number, Queue>();
  private started = 0;
  private running = 0;
  /** See {@link nextWake_ms}; infinity when no timer runs, NaN once the timer that it was for has stopped. */
  private wake_ms = Number.POSITIVE_INFINITY;

  /** How many timers run. */
  get count(): number {
    return this.running;
  }

  /** Starts `timer`, or starts it anew. It fires in the first {@link run} at or after `now_ms + delay_ms`. */
  start(timer: Timer, delay_ms: number, now_ms: number): void {
    this.stop(timer);
    let queue = this.queues.get(delay_ms);
    if (queue === undefined) {
      if (this.queues.size >= QUEUES_KEPT) this.forgetEmptyQueues();
      queue = new Queue(delay_ms);
      this.queues.set(delay_ms, queue);
    }
    timer.deadline_ms = now_ms + delay_ms;
    timer.order = ++this.started;
    timer.queue = queue;
    let { tail: before } = queue;
    while (before !== undefined && before.deadline_ms > timer.deadline_ms) before = before.previous;
    const behind = before === undefined ? queue.head : before.next;
    timer.previous = before;
    timer.next = behind;
    if (before === undefined) {
      queue.head = timer;
      this.wake_ms = Math.min(this.wake_ms, wakeOf_ms(queue, timer));
    } else before.next = timer;
    if (behind === undefined) queue.tail = timer;
    else behind.previous = timer;
    this.running += 1;
  }

  /** Stops `timer`; nothing happens when it is not running. */
  stop(timer: Timer): void {
    const queue = timer.queue;
    if (queue === undefined) return;
    if (timer.previous === undefined) {
      queue.head = timer.next;
      if (wakeOf_ms(queue, timer) === this.wake_ms) this.wake_ms = Number.NaN;
    } else timer.previous.next = timer.next;
    if (timer.next === undefined) queue.tail = timer.previous;
    else timer.next.previous = timer.previous;
    timer.queue = undefined;
    timer.previous = undefined;
    timer.next = undefined;
    this.running -= 1;
  }

  /** When {@link run} is wanted next, or undefined when no timer runs. */
  nextDeadline_ms(): number | undefined {
    return this.earliest()?.deadline_ms;
  }

  /**
   * When the host should call {@link run} next, or undefined when no timer runs: timers of {@link LONG_ms} and more may come
   * {@link SLACK_ms} late, since each wake costs more than what is done then.
   */
  nextWake_ms(): number | undefined {
    if (Number.isNaN(this.wake_ms)) {
      this.wake_ms = Number.POSITIVE_INFINITY;
      for (const queue of this.queues.values()) {
        if (queue.head !== undefined) this.wake_ms = Math.min(this.wake_ms, wakeOf_ms(queue, queue.head));
      }
    }
    return this.running === 0 ? undefined : this.wake_ms;
  }

  /** Fires all timers that are due, in the order of their deadlines, then of their starts. */
  run(now_ms: number): void {
    for (let timer = this.earliest(); timer !== undefined && timer.deadline_ms <= now_ms; timer = this.earliest()) {
      this.stop(timer);
      timer.owner.onTimer(timer.kind, now_ms);
    }
  }

  private earliest(): Timer | undefined {
    let earliest: Timer | undefined;
    for (const { head } of this.queues.values()) {
      if (head !== undefined && (earliest === undefined || isBefore(head, earliest))) earliest = head;
    }
    return earliest;
  }

  private forgetEmptyQueues(): void {
    for (const queue of this.queues.values()) {
      if (queue.head === undefined) this.queues.delete(queue.duration_ms);
    }
  }
}

function wakeOf_ms({ duration_ms }: Queue, { deadline_ms }: Timer): number {
  return duration_ms < LONG_ms ? deadline_ms : deadline_ms + SLACK_ms;
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.deadline_ms < b.deadline_ms || (a.deadline_ms === b.deadline_ms && a.order < b.order);
}
