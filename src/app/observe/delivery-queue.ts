/** What waits to be delivered to one receiver, such as a hook: in order, tried again until it is taken, and bounded. Pure. */

/** "refused": the receiver is there and doesn't want it, now or later. */
export type Delivered = "taken" | "failed" | "refused";

export interface QueueLimits {
  /** Texts that wait. */
  readonly most: number;
  /** What has waited for so long is given up. */
  readonly keep_ms: number;
}

/** Of a site's events: an hour of a line that flaps. */
export const WAITING_MAX = 200;
/** Before it is tried again: twice as long each time, up to the last. */
const AGAIN_ms = 1_000;
const AGAIN_MAX_ms = 60_000;

interface Waiting {
  readonly text: string;
  readonly since_ms: number;
}

export class DeliveryQueue {
  /** Texts that have been given up since {@link takeLost} was called. */
  private lost = 0;
  private readonly limits: QueueLimits;
  /** The oldest first; the first one is on its way while `isBusy`. */
  private readonly waiting: Waiting[] = [];
  private isBusy = false;
  /** Failures one after the other. */
  private failures = 0;
  private again_ms = 0;

  constructor(limits: QueueLimits) {
    this.limits = limits;
  }

  get length(): number {
    return this.waiting.length;
  }

  /** The newest matter most: where there is no room, the oldest that isn't on its way is given up. */
  add(text: string, now_ms: number): void {
    this.waiting.push({ text, since_ms: now_ms });
    if (this.waiting.length <= this.limits.most) return;
    this.waiting.splice(this.isBusy ? 1 : 0, 1);
    this.lost += 1;
  }

  /** What is to be delivered now: it is on its way until {@link end} is told. Undefined: nothing, see {@link wake_ms}. */
  take(now_ms: number): string | undefined {
    if (this.isBusy || now_ms < this.again_ms) return undefined;
    for (let first = this.waiting[0]; first !== undefined; first = this.waiting[0]) {
      if (now_ms - first.since_ms <= this.limits.keep_ms) {
        this.isBusy = true;
        return first.text;
      }
      this.waiting.shift();
      this.lost += 1;
    }
    return undefined;
  }

  /** What has become of the text that was on its way. */
  end(how: Delivered, now_ms: number): void {
    this.isBusy = false;
    if (how !== "failed") {
      this.waiting.shift();
      this.failures = 0;
      this.again_ms = 0;
      return;
    }
    this.again_ms = now_ms + Math.min(AGAIN_MAX_ms, AGAIN_ms * 2 ** Math.min(this.failures, 30));
    this.failures += 1;
  }

  /** When {@link take} has something again; undefined: not before more is added, or what is on its way has ended. */
  get wake_ms(): number | undefined {
    return this.isBusy || this.waiting.length === 0 ? undefined : this.again_ms;
  }

  /** How many were given up since it was last asked. */
  takeLost(): number {
    const { lost } = this;
    this.lost = 0;
    return lost;
  }
}

/** What a webhook's answer means: a fault that may pass is tried again. */
export function afterStatus(status: number): Delivered {
  if (status >= 200 && status < 300) return "taken";
  return status >= 500 || [408, 425, 429].includes(status) ? "failed" : "refused";
}
