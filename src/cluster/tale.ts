/**
 * One call in the making, with its story. A tale is *lived* at the member to which the INVITE came: all that happens is written down as
 * it happens. After that member's death it is *told* at another: the same machines run through the same events, at the ages that these
 * have, and find written what they would otherwise ask. Then that member lives it.
 *
 * Other files keep a tale that is told from sending (`muted-transport.ts`) and from asking or telling others (`tale-kit.ts`).
 */
import { Timer, type TimerOwner, type Timers } from "../base/timers.ts";
import type { Request, Response } from "../message/message.ts";
import type { Reply } from "../message/reply.ts";
import {
  type DecisionListener,
  NO_NOTES,
  type Notes,
  type RunningRequest,
  type WaitingRequest,
} from "../proxy/router.ts";
import type { ClientTransaction } from "../transaction/client-transaction.ts";
import type { ServerTransaction } from "../transaction/server-transaction.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { type Flow, nameFlow } from "../transport/flow.ts";
import type { FlowWaiter } from "../transport/locator.ts";
import type { MutedTransport } from "./muted-transport.ts";
import type { FindingOf, Opening, StoryEvent, StoryFinding, StoryInput } from "./story-events.ts";

/** A client transaction in one of these has nothing more to do but to absorb what comes again. */
const SETTLED: readonly string[] = ["accepted", "completed", "terminated"];
const ANSWERED: readonly string[] = ["accepted", "confirmed", "terminated"];

/** A timer of the call, of which the tale hears before its owner does. */
class ToldTimer implements TimerOwner {
  readonly timer: Timer = new Timer(this, "told");
  readonly inner: Timer;
  /** For how long it has been started. */
  delay_ms = 0;
  private readonly tale: Tale;
  private readonly number: number;

  constructor(tale: Tale, number: number, inner: Timer) {
    this.tale = tale;
    this.number = number;
    this.inner = inner;
  }

  onTimer(_kind: string, now_ms: number): void {
    this.tale.happens(["timer", this.number], now_ms, () => this.inner.owner.onTimer(this.inner.kind, now_ms));
  }
}

const NO_CALL: RunningRequest = { notes: NO_NOTES, refuse: () => {} };

/** Which transactions belong to which tale. */
export type Places = Map<Transaction, { readonly tale: Tale; readonly number: number }>;

/** Does to a tale's call what an input says. */
export type Perform = (tale: Tale, input: StoryInput, now_ms: number) => void;

/** What a call sends waits until the other members have been told. */
type Wire = Pick<MutedTransport, "hold" | "release">;

export class Tale implements RunningRequest {
  readonly id: string;
  /** Of its INVITE: it says who hears the story. */
  readonly callId: string;
  readonly opening: Opening;
  readonly server: ServerTransaction;
  /** When the call began, by the clock here. */
  readonly zero_ms: number;
  readonly events: StoryEvent[] = [];
  /** Hears of each event that has been lived. */
  onEvent: (tale: Tale, event: StoryEvent, now_ms: number) => void = () => {};
  /** The call itself; it is there as soon as the first event happens. */
  call: RunningRequest = NO_CALL;
  readonly transactions: ClientTransaction[] = [];
  readonly waiters: FlowWaiter[] = [];
  readonly requests: WaitingRequest[] = [];
  /** What of this router has heard of the call, and of its targets. */
  listener: DecisionListener | undefined = undefined;
  readonly observers: { drop(now_ms: number): void }[] = [];
  /** Another member lives it: nothing of it happens here any more. */
  isDropped = false;
  private isClosed = false;
  /** What of the event that is told hasn't been asked for; undefined: the tale is lived. */
  told: StoryFinding[] | undefined = undefined;
  /** The story isn't what happens here: it can't be told. */
  isBroken = false;
  private readonly timers: Timers;
  private readonly toldTimers = new Map<Timer, ToldTimer>();
  private readonly lastResponses: string[] = [];
  private found: StoryFinding[] | undefined = undefined;
  /** When the event that is told has happened. */
  private told_ms = 0;
  /** How often somebody has been told or asked something since the event began. */
  private asked = 0;
  /** Does what an input says, for {@link tell}. */
  private readonly perform: Perform;
  private readonly places: Places;
  private readonly wire: Wire;

  constructor(
    id: string,
    opening: Opening,
    server: ServerTransaction,
    zero_ms: number,
    { timers, perform, places, wire }: { timers: Timers; perform: Perform; places: Places; wire: Wire },
  ) {
    this.id = id;
    this.callId = server.incoming?.request.callId ?? "";
    this.opening = opening;
    this.server = server;
    this.zero_ms = zero_ms;
    this.timers = timers;
    this.perform = perform;
    this.places = places;
    this.wire = wire;
    places.set(server, { tale: this, number: -1 });
  }

  get notes(): Notes {
    return this.call.notes;
  }

  set notes(notes: Notes) {
    this.call.notes = notes;
  }

  /** As its router ends it. */
  refuse(reply: Reply, now_ms: number): void {
    if (this.told !== undefined || this.isDropped) return;
    this.happens(["refuse", reply], now_ms, () => this.call.refuse(reply, now_ms));
  }

  /** Lets something happen, and writes it down. @param input undefined: the call begins */
  happens(input: StoryInput | undefined, now_ms: number, happen: () => void): void {
    if (this.told !== undefined || this.isClosed) {
      happen();
      return;
    }
    if (this.found !== undefined) {
      if (input !== undefined) this.found.push(["within", this.asked, input]);
      happen();
      return;
    }
    const found: StoryFinding[] = [];
    this.found = found;
    this.asked = 0;
    this.wire.hold();
    try {
      happen();
    } finally {
      this.found = undefined;
      const at_ms = Math.round(now_ms - this.zero_ms);
      const event: StoryEvent = input === undefined ? { at_ms, found } : { at_ms, input, found };
      this.events.push(event);
      this.onEvent(this, event, now_ms);
      this.wire.release();
    }
  }

  sends(transaction: ClientTransaction): void {
    if (this.isClosed) return;
    this.places.set(transaction, { tale: this, number: this.transactions.push(transaction) - 1 });
  }

  /** A response of a client transaction, as an input. */
  heard(number: number, response: Response): StoryInput {
    const isSame = this.lastResponses[number] === response.wire;
    this.lastResponses[number] = response.wire;
    return isSame ? ["response", number] : ["response", number, response.wire];
  }

  /** The text of a response that is told. */
  responseText(number: number, wire = this.lastResponses[number] ?? ""): string {
    this.lastResponses[number] = wire;
    return wire;
  }

  withdrawn(cancel: Request, source: Flow): StoryInput {
    return ["cancel", cancel.wire, nameFlow(source)];
  }

  /** Tells an event. Nothing of it is written down again, but that it has been. */
  tell(event: StoryEvent, begin: () => void): void {
    const now_ms = this.zero_ms + event.at_ms;
    this.told = [...event.found];
    this.told_ms = now_ms;
    this.asked = 0;
    try {
      if (event.input === undefined) begin();
      else this.perform(this, event.input, now_ms);
      if (this.told.length > 0) this.isBroken = true;
    } finally {
      this.told = undefined;
      this.events.push(event);
    }
  }

  /** Something has been found out while the tale is lived. */
  finds(finding: StoryFinding): void {
    this.found?.push(finding);
  }

  /**
   * What has been found out, while the tale is told.
   * @param isOptional where nothing is written, nothing was found
   */
  reads<K extends StoryFinding[0]>(kind: K, isOptional: boolean): FindingOf<K> | undefined {
    const next = this.told?.[0];
    if (next?.[0] === kind) {
      this.told?.shift();
      return next as FindingOf<K>;
    }
    if (!isOptional) this.isBroken = true;
    return undefined;
  }

  /**
   * Somebody is about to be asked, or told what only those may hear who have seen it.
   * @returns false: the tale is told, and nobody is; what came back at once has happened
   */
  asks(): boolean {
    this.asked += 1;
    const { told, asked } = this;
    if (told === undefined) return true;
    for (let [next] = told; next?.[0] === "within" && next[1] === asked; [next] = told) {
      told.shift();
      this.perform(this, next[2], this.told_ms);
    }
    return false;
  }

  /** Somebody is about to be told what it has to hear in any case; {@link hasTold} follows. */
  tells(): void {
    if (this.told === undefined) this.asked += 1;
  }

  /** Somebody has been told something: what came back at once is part of the event. */
  hasTold(): void {
    if (this.told !== undefined) this.asks();
  }

  startTimer(inner: Timer, delay_ms: number, now_ms: number): void {
    let told = this.toldTimers.get(inner);
    if (told === undefined) {
      told = new ToldTimer(this, this.toldTimers.size, inner);
      this.toldTimers.set(inner, told);
    }
    told.delay_ms = delay_ms;
    this.timers.start(told.timer, delay_ms, now_ms);
  }

  stopTimer(inner: Timer): void {
    const told = this.toldTimers.get(inner);
    if (told !== undefined) this.timers.stop(told.timer);
  }

  /** It has fired, as the story says. */
  fire(number: number, now_ms: number): void {
    const told = [...this.toldTimers.values()][number];
    if (told === undefined) this.isBroken = true;
    else {
      this.timers.stop(told.timer);
      told.inner.owner.onTimer(told.inner.kind, now_ms);
    }
  }

  /** Its timers of these kinds run anew. @param least_ms none is due sooner @param most_ms one that runs longer only has what is left */
  startAnew(kinds: readonly string[], least_ms: number, most_ms: number, now_ms: number): void {
    for (const { inner, timer, delay_ms } of this.toldTimers.values()) {
      if (!timer.isRunning || !kinds.includes(inner.kind)) continue;
      const wait_ms = delay_ms > most_ms ? least_ms : Math.max(delay_ms, least_ms);
      if (timer.deadline_ms < now_ms + wait_ms) this.timers.start(timer, wait_ms, now_ms);
    }
  }

  /** Nothing more is written of it. */
  close(): void {
    this.isClosed = true;
    this.places.delete(this.server);
    for (const transaction of this.transactions) this.places.delete(transaction);
  }

  /** Holds nothing of the call any more: what lingers of that for half a minute may still know the tale. */
  release(): void {
    for (const list of [this.events, this.transactions, this.waiters, this.requests, this.observers]) list.length = 0;
    this.lastResponses.length = 0;
    this.toldTimers.clear();
    this.listener = undefined;
    this.call = NO_CALL;
  }

  stopTimers(): void {
    for (const { timer } of this.toldTimers.values()) this.timers.stop(timer);
  }

  /** The caller has had its answer, and nobody rings on: what still comes is absorbed. */
  get isOver(): boolean {
    return ANSWERED.includes(this.server.state) && this.transactions.every(({ state }) => SETTLED.includes(state));
  }
}
