/**
 * How fast phones' REGISTERs go up to an upstream target that has just returned.
 *
 * All branches of a company come back at once, and none knows of the others: what one of them may send, the target alone can tell, by how
 * it answers. So each begins so slowly that hundreds of them together are bearable, goes faster with every answer that comes as quickly as
 * usual, and slower with every one that doesn't: a queue has begun to grow there. The steps are taken per answer, never per second: a
 * branch that sends seldom changes its pace seldom, and so all of them together can't rush past the limit before the first answers show it.
 *
 * Waiting is cheap for a phone: it gets 200 from us for half a minute, and calls and is called meanwhile.
 */
import type { PaceStatus } from "../status.ts";

/** After an outage, REGISTERs a second: 500 branches together ask 175. */
const START = 0.3;
/** Never slower: 500 branches that all have gone this far down ask 50. */
const LEAST = 0.08;
/** A quick answer raises the pace by this share, and by this much at least: slow branches catch up with the others. */
const GAIN = 0.1;
const GAIN_LEAST = 0.06;
/** What one answer can take away, and how strongly it does for its lateness. */
const CUT = 0.5;
const CUT_GAIN = 0.5;
/** Answers of one queue are one sign. */
const CUT_PAUSE_ms = 500;
/** An answer this much slower than the quickest is late: half as long again, within these bounds, or more where answers vary anyway. */
const LATE_SHARE = 0.5;
const LATE_LEAST_ms = 15;
const LATE_MOST_ms = 25;
const LATE_JITTERS = 4;
/** A target that has been overloaded before its outage has taught nothing about the way. */
const JITTER_MOST_ms = 40;
/** Until something is known of it. */
const JITTER_ms = 5;
/** So slow a branch makes no queue: how answers vary then is the way's doing, or the target's own. */
const LEARN_BELOW = 1.5 * LEAST;
/** After so many late answers in a row at the least pace, that is how long it takes now. */
const LATE_IN_A_ROW = 8;
/** REGISTERs that wait for their answer at once are those of so long a time, or one. */
const WAITING_s = 0.5;
/**
 * One phone may go up a turn before its time, where upstream's calls can't reach it until upstream has heard of it. The next ones wait the
 * longer for that, so that a branch asks no more than it would without.
 */
const AHEAD = 1;

/** How a REGISTER has ended there: the status of its answer and how long that took; undefined: none came. */
export type RegisterAnswer = { readonly status: number; readonly took_ms: number } | undefined;

export class RegisterPace {
  /** REGISTERs a second; beyond {@link most} before the first outage, and once the target has borne that. */
  private pace = Number.POSITIVE_INFINITY;
  /** REGISTERs a second, by the file. */
  private most = Number.POSITIVE_INFINITY;
  private tokens = 1;
  /** Turns taken before their time, until the time has caught up with them. */
  private ahead = 0;
  private filled_ms = 0;
  /** Sent, and not ended yet. */
  private waiting = 0;
  /** The quickest answers: a challenge asks less of the target than the rest, so each kind has its own. */
  private readonly quickest_ms = { challenge: Number.POSITIVE_INFINITY, other: Number.POSITIVE_INFINITY };
  /** How much slower than the quickest an answer is in good times. */
  private jitter_ms = JITTER_ms;
  private cut_ms = Number.NEGATIVE_INFINITY;
  private lateInARow = 0;
  private quickestLate_ms = Number.POSITIVE_INFINITY;

  /** The target has fallen: once it returns, it is asked slowly. */
  onDown(): void {
    this.pace = Math.min(this.pace, START);
    this.tokens = Math.min(this.tokens, 1);
  }

  /** Whether the target hasn't shown yet, since it fell last, that it bears what the file allows. */
  get isCareful(): boolean {
    return this.pace < this.most;
  }

  /** As it is told. @param most REGISTERs a second, by the file */
  status(most: number): PaceStatus {
    return { per_s: Math.round(100 * Math.min(this.pace, most)) / 100, most_per_s: most, unanswered: this.waiting };
  }

  /**
   * Whether a phone may go up now: then its turn is taken.
   * @param most REGISTERs a second, by the file
   * @param isUnreachable upstream's calls can't reach it until upstream has heard of it: it may go up before its turn
   */
  take(most: number, now_ms: number, isUnreachable = false): boolean {
    this.fill(most, now_ms);
    const ahead = isUnreachable && this.isCareful ? AHEAD : 0;
    const isBusy = this.isCareful && this.waiting >= Math.max(1, this.pace * WAITING_s) + ahead;
    if (isBusy || this.tokens < 1 - ahead) return false;
    if (this.tokens < 1) this.ahead = Math.min(AHEAD, this.ahead + 1);
    this.tokens -= 1;
    return true;
  }

  /** One goes up that can't wait for its turn, as the answer to a challenge does: the next phone waits the longer. */
  charge(most: number, now_ms: number): void {
    this.fill(most, now_ms);
    this.tokens = Math.max(-1 - 2 * this.ahead, this.tokens - 1);
  }

  /** A second's worth can be saved up, one at least. */
  private fill(most: number, now_ms: number): void {
    const rate = Math.min(this.pace, most);
    this.most = most;
    this.tokens = Math.min(Math.max(1, rate), this.tokens + ((now_ms - this.filled_ms) * rate) / 1_000);
    this.filled_ms = now_ms;
    if (this.tokens >= 1) this.ahead = 0;
  }

  onSent(): void {
    this.waiting += 1;
  }

  onEnd(answer: RegisterAnswer, now_ms: number): void {
    this.waiting = Math.max(0, this.waiting - 1);
    if (answer === undefined || answer.status === 503) this.slower(CUT, now_ms);
    else if (answer.took_ms > 0) this.weigh(answer.status, answer.took_ms, now_ms);
  }

  private weigh(status: number, took_ms: number, now_ms: number): void {
    const kind = status === 401 || status === 407 ? "challenge" : "other";
    const quickest_ms = Math.min(this.quickest_ms[kind], took_ms);
    this.quickest_ms[kind] = quickest_ms;
    const lateness = (took_ms - quickest_ms) / this.late_ms(quickest_ms);
    if (!this.isCareful) this.learn(kind, took_ms, 1 / 16);
    else if (this.pace <= LEARN_BELOW) this.learn(kind, took_ms, 1 / 4);
    if (lateness < 1) {
      this.lateInARow = 0;
      if (!this.isCareful) return;
      this.pace += Math.max(GAIN * this.pace, GAIN_LEAST) * (1 - lateness);
      if (!this.isCareful) this.pace = Number.POSITIVE_INFINITY;
      return;
    }
    this.slower(Math.max(CUT, 1 - CUT_GAIN * (lateness - 1)), now_ms);
    this.quickestLate_ms = this.lateInARow === 0 ? took_ms : Math.min(this.quickestLate_ms, took_ms);
    this.lateInARow = this.pace > LEAST ? 0 : this.lateInARow + 1;
    if (this.lateInARow >= LATE_IN_A_ROW) this.quickest_ms[kind] = this.quickestLate_ms;
  }

  /** In good times: how long answers take, should the way or the target have changed, and how much that varies. */
  private learn(kind: "challenge" | "other", took_ms: number, weight: number): void {
    const more_ms = took_ms - this.quickest_ms[kind];
    this.quickest_ms[kind] += more_ms / 256;
    this.jitter_ms += (Math.min(more_ms, JITTER_MOST_ms) - this.jitter_ms) * weight;
  }

  private late_ms(quickest_ms: number): number {
    const share_ms = Math.min(Math.max(quickest_ms * LATE_SHARE, LATE_LEAST_ms), LATE_MOST_ms);
    return Math.max(share_ms, this.jitter_ms * LATE_JITTERS);
  }

  private slower(factor: number, now_ms: number): void {
    if (now_ms - this.cut_ms < CUT_PAUSE_ms) return;
    this.cut_ms = now_ms;
    this.pace = Math.max(LEAST, Math.min(this.pace, this.most) * factor);
  }
}
