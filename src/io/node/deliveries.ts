/** Delivers what a queue has to one receiver, one text after the other, and tells the log of trouble once. */
import { performance } from "perf_hooks";
import type { Logger } from "../../base/ports.ts";

/** "refused": the receiver doesn't want it, now or later. */
export interface Carried {
  readonly how: "taken" | "failed" | "refused";
  /** What has gone wrong. */
  readonly why: string;
}

/** What waits, and when it is tried: `app/observe/delivery-queue.ts`. */
export interface Queue {
  readonly length: number;
  readonly wake_ms: number | undefined;
  add(text: string, now_ms: number): void;
  take(now_ms: number): string | undefined;
  end(how: Carried["how"], now_ms: number): void;
  takeLost(): number;
}

export class Deliveries {
  private readonly to: string;
  private readonly queue: Queue;
  private readonly carry: (text: string) => Promise<Carried>;
  private readonly log: Logger;
  private timer: NodeJS.Timeout | undefined = undefined;
  private isFailing = false;
  private isOver = false;

  /**
   * @param to the receiver, for the log
   * @param carry brings one text there within a limited time; never rejects
   */
  constructor(to: string, queue: Queue, carry: (text: string) => Promise<Carried>, log: Logger) {
    this.to = to;
    this.queue = queue;
    this.carry = carry;
    this.log = log;
  }

  add(text: string): void {
    this.queue.add(text, performance.now());
    this.go();
  }

  /** What still waits is lost. */
  close(): void {
    this.isOver = true;
    if (this.timer !== undefined) clearTimeout(this.timer);
    this.tellLost(this.queue.takeLost() + this.queue.length);
  }

  private go(): void {
    if (this.timer !== undefined) clearTimeout(this.timer);
    this.timer = undefined;
    if (this.isOver) return;
    const { queue } = this;
    const now_ms = performance.now();
    const text = queue.take(now_ms);
    const { wake_ms } = queue;
    if (text !== undefined) void this.carry(text).then((carried) => this.ended(carried));
    else if (wake_ms !== undefined) this.timer = setTimeout(() => this.go(), Math.max(1, Math.ceil(wake_ms - now_ms)));
  }

  private ended({ how, why }: Carried): void {
    const { queue, log, to } = this;
    if (this.isOver) return;
    queue.end(how, performance.now());
    if (how === "failed") {
      if (!this.isFailing) log.warn("delivery_failed", { to, error: why, waiting: queue.length });
      this.isFailing = true;
    } else {
      if (how === "refused") log.warn("delivery_refused", { to, error: why });
      if (this.isFailing) log.info("delivery_works", { to });
      this.isFailing = false;
      this.tellLost(queue.takeLost());
    }
    this.go();
  }

  private tellLost(events: number): void {
    if (events > 0) this.log.warn("delivery_lost", { to: this.to, events });
  }
}
