/**
 * Timers as data: one first-in-first-out queue per duration.
 *
 * SIP's durations are few (T1, 2·T1 … 64·T1, T4, fr_timer), and within one of them deadlines only grow. So starting and
 * stopping a timer take constant time however many run, and the next deadline is the least of a handful of heads.
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
    timer.previous = queue.tail;
    if (queue.tail === undefined) queue.head = timer;
    else queue.tail.next = timer;
    queue.tail = timer;
    this.running += 1;
  }

  /** Stops `timer`; nothing happens when it is not running. */
  stop(timer: Timer): void {
    const queue = timer.queue;
    if (queue === undefined) return;
    if (timer.previous === undefined) queue.head = timer.next;
    else timer.previous.next = timer.next;
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
    let wake_ms: number | undefined;
    for (const { head, duration_ms } of this.queues.values()) {
      if (head === undefined) continue;
      const at_ms = duration_ms < LONG_ms ? head.deadline_ms : head.deadline_ms + SLACK_ms;
      if (wake_ms === undefined || at_ms < wake_ms) wake_ms = at_ms;
    }
    return wake_ms;
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

function isBefore(a: Timer, b: Timer): boolean {
  return a.deadline_ms < b.deadline_ms || (a.deadline_ms === b.deadline_ms && a.order < b.order);
}
