/** `answer: auto`: who doesn't come back with an INVITE after our redirect is relayed from then on. */

import type { Table } from "../../base/meter.ts";
import { ownText } from "../../base/own-text.ts";
import type { Logger } from "../../base/ports.ts";
import { Timer, type TimerOwner, type Timers } from "../../base/timers.ts";
import { TEXT_CHARACTERS_MAX } from "../../message/limits.ts";
import { hostText } from "../../message/uri.ts";
import type { RoutedRequest } from "../../proxy/router.ts";
import { isReliable, isSameFlow } from "../../transport/flow.ts";
import { callerOf } from "./address-of-record.ts";
import type { Bindings } from "./bindings.ts";
import type { RelayedCallers } from "./relayed-callers.ts";

/** A phone that follows redirects does so at once. */
const FOLLOW_ms = 3_000;

export class RedirectWatch implements Table {
  /** How often a call found no room, and wasn't watched. */
  hits = 0;
  readonly limit: number;
  private readonly timers: Timers;
  private readonly bindings: Bindings;
  /** Callers without a registration here. */
  private readonly others: RelayedCallers;
  private readonly log: Logger;
  private readonly waits = new Map<string, Timer>();

  constructor(timers: Timers, bindings: Bindings, others: RelayedCallers, log: Logger, limit: number) {
    this.limit = limit;
    others.follows = (caller) => void this.comesBack(caller);
    this.timers = timers;
    this.bindings = bindings;
    this.others = others;
    this.log = log;
  }

  get size(): number {
    return this.waits.size;
  }

  /**
   * Whose habit it is: the address-of-record in From, where that is registered; else the only one that is registered from where
   * the request comes, or that place itself. A PBX of a site's own (Asterisk as our client) has another caller in each From.
   */
  partyOf({ request, source }: RoutedRequest): string {
    const caller = callerOf(request);
    if (this.bindings.find(caller) !== undefined) return caller;
    const [only, ...others] = this.bindings
      .allAt(source.address)
      .filter(({ bindings }) => bindings.some(({ flow }) => isSameFlow(flow, source)));
    if (only !== undefined && others.length === 0) return only.name;
    // Connections have another port each time.
    return isReliable(source) ? caller : `${hostText(source.address)}:${source.port}`;
  }

  /** Whether this caller has been found not to follow redirects. */
  wantsRelay(caller: string): boolean {
    return this.bindings.find(caller)?.wantsRelay === true || this.others.get(caller) === true;
  }

  /** The caller has acknowledged a redirect. */
  redirected(caller: string, now_ms: number): void {
    if (caller.length > TEXT_CHARACTERS_MAX || this.waits.has(caller)) return;
    if (this.waits.size >= this.limit) {
      this.hits += 1;
      return;
    }
    const own = ownText(caller);
    const timer = new Timer(new Wait(this, own), "follow");
    this.waits.set(own, timer);
    this.timers.start(timer, FOLLOW_ms, now_ms);
  }

  /** The caller has come back, with the gateway in the Request-URI. */
  followed(caller: string): void {
    if (!this.comesBack(caller)) this.others.onFollowed?.(caller);
  }

  /** @returns whether it was waited for */
  private comesBack(caller: string): boolean {
    const timer = this.waits.get(caller);
    if (timer === undefined) return false;
    this.timers.stop(timer);
    this.waits.delete(caller);
    return true;
  }

  /** The time is over. */
  missed(caller: string): void {
    this.waits.delete(caller);
    // Any phone can call itself anything: only one that upstream has registered has a place in the table.
    if (this.bindings.find(caller) === undefined) this.others.add(caller);
    else this.bindings.markRelay(caller);
    this.log.info("redirect_ignored", { caller, effect: "its calls are relayed from now on" });
  }

  stop(): void {
    for (const timer of this.waits.values()) this.timers.stop(timer);
    this.waits.clear();
  }
}

class Wait implements TimerOwner {
  private readonly watch: RedirectWatch;
  private readonly caller: string;

  constructor(watch: RedirectWatch, caller: string) {
    this.watch = watch;
    this.caller = caller;
  }

  onTimer(): void {
    this.watch.missed(this.caller);
  }
}
