/** What this member is doing: syncing, active, draining, and why. */
import type { Logger } from "../base/ports.ts";
import { Timer, type Timers } from "../base/timers.ts";
import { OWN, type OwnAction, type OwnInput, type OwnState, WHY } from "./member-machine.ts";
import { SILENCE_ms } from "./members.ts";

/** It listens for a member that long, then it takes calls with what it has. */
export const ALONE_ms = 1_000;
/** It waits that long until its records are equal to another member's. */
export const OVERDUE_ms = 10_000;

/** Does what the machine says; the state is the new one by then. */
export interface OwnUser {
  isAnyAlive(): boolean;
  /** Something of a member that isn't alive yet has come in this life, and is no forgery. */
  isAnyComing(): boolean;
  onState(state: OwnState, now_ms: number): void;
  /** The other members hear of the state at once. */
  beat(now_ms: number): void;
  farewell(now_ms: number): void;
}

type Waiting = "alone" | "overdue";

export class OwnLife {
  state: OwnState = "stopped";
  since_ms = 0;
  why = "it hasn't started yet";
  /** Whether its records have been found complete in this life. */
  isComplete = false;
  /** Since when it listens for a member. */
  private listens_ms = 0;
  private readonly timers: Timers;
  private readonly log: Logger;
  private readonly user: OwnUser;
  /** A member that lives says so to all with each beat: after so long a silence none does. */
  private readonly nobody_ms: number;
  private readonly alone: Timer<Waiting> = new Timer<Waiting>(this, "alone");
  private readonly overdue: Timer<Waiting> = new Timer<Waiting>(this, "overdue");

  /** @param isHasty whether it takes calls as soon as there can be nobody else; of several that start at once, the quickest is the first then */
  constructor(timers: Timers, log: Logger, user: OwnUser, isHasty: boolean) {
    this.timers = timers;
    this.log = log;
    this.user = user;
    this.nobody_ms = isHasty ? SILENCE_ms : ALONE_ms;
  }

  /**
   * @param why the evidence in words, where more is known than the input says
   * @returns false where the state knows no such thing, and nothing has changed
   */
  apply(input: OwnInput, now_ms: number, why: string = WHY[input]): boolean {
    if (input === "ready") this.isComplete = true;
    const transition = OWN[this.state][input];
    if (transition === undefined) return false;
    if (transition.next !== this.state) {
      this.since_ms = now_ms;
      this.why = why;
    }
    this.state = transition.next;
    for (const action of transition.actions) this.act(action, now_ms);
    return true;
  }

  onTimer(kind: Waiting, now_ms: number): void {
    const left_ms = kind === "alone" && this.user.isAnyComing() ? this.listens_ms + ALONE_ms - now_ms : 0;
    if (left_ms > 0) this.timers.start(this.alone, left_ms, now_ms);
    else this.apply(kind, now_ms);
  }

  private act(action: OwnAction, now_ms: number): void {
    switch (action) {
      case "startAlone":
        this.listens_ms = now_ms;
        if (!this.user.isAnyAlive()) this.timers.start(this.alone, this.nobody_ms, now_ms);
        break;
      case "stopAlone":
        this.timers.stop(this.alone);
        break;
      case "startOverdue":
        this.timers.start(this.overdue, OVERDUE_ms, now_ms);
        break;
      case "stopOverdue":
        this.timers.stop(this.overdue);
        break;
      case "tell":
        this.log.info("cluster_state", { state: this.state, why: this.why });
        this.user.onState(this.state, now_ms);
        break;
      case "beat":
        this.user.beat(now_ms);
        break;
      case "farewell":
        this.user.farewell(now_ms);
        break;
    }
  }
}
