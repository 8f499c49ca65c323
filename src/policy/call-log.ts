/** What has been decided about the last calls, and why: for `branchline calls`, and for the log where it wasn't the usual. */
import { ownText } from "../base/own-text.ts";
import type { Logger } from "../base/ports.ts";
import { REASON } from "../message/header-names.ts";
import type { Response } from "../message/message.ts";
import type { Outcome } from "../proxy/plan/condition.ts";
import type { DecisionListener, RoutingDecision, RunningRequest, Stage, Target } from "../proxy/router.ts";
import type { Origin } from "./origin.ts";
import { callerOf } from "./phones/address-of-record.ts";
import type { RequestFacts } from "./request-facts.ts";

/** Calls remembered. */
const CALLS_MAX = 200;
const CHARACTERS_MAX = 128;

/** One call, from its INVITE to its final response. */
export interface CallEntry {
  readonly at_ms: number;
  readonly callId: string;
  readonly from: string;
  readonly to: string;
  readonly origin: Origin;
  readonly rule: string;
  readonly why: string;
  /** What it was offered to, in order: "upstream pbx.example.com", "notice", "gateway 10.10.1.3". */
  readonly route: readonly string[];
  /** Its final response; undefined while there is none. */
  readonly status: number | undefined;
  /** How long that took. */
  readonly after_ms: number | undefined;
}

export class CallLog {
  private readonly log: Logger;
  private readonly entries: Entry[] = [];

  constructor(log: Logger) {
    this.log = log;
  }

  /**
   * What hears of a call, and records it from now on.
   * @param inner what hears of it besides
   */
  record(
    facts: RequestFacts,
    made: RoutingDecision,
    inner: DecisionListener | undefined,
    now_ms: number,
  ): DecisionListener {
    const entry = new Entry(facts, made, now_ms);
    this.entries.push(entry);
    if (this.entries.length > CALLS_MAX) this.entries.shift();
    return new CallRecord(entry, inner, this.log);
  }

  /** Oldest first. */
  get all(): readonly CallEntry[] {
    return this.entries;
  }
}

/** Hears what becomes of a call. It goes with the call; its entry stays. */
class CallRecord implements DecisionListener {
  readonly entry: Entry;
  private inner: DecisionListener | undefined;
  private readonly log: Logger;
  /** What was answered where the call was offered last. */
  private heard: string | undefined = undefined;

  constructor(entry: Entry, inner: DecisionListener | undefined, log: Logger) {
    this.entry = entry;
    this.inner = inner;
    this.log = log;
  }

  onStart(request: RunningRequest, now_ms: number): void {
    this.inner?.onStart?.(request, now_ms);
  }

  onStage(stage: Stage, running: RunningRequest, now_ms: number): void {
    this.tellAnswer();
    this.entry.route.push(shortened(stage.what ?? stage.kind));
    this.inner?.onStage?.(stage, running, now_ms);
  }

  onOutcome(outcome: Outcome, running: RunningRequest, now_ms: number): void {
    const { response } = outcome.best;
    this.heard = response === undefined ? undefined : answerWords(response);
    this.inner?.onOutcome?.(outcome, running, now_ms);
  }

  onAnswer(target: Target, response: Response, now_ms: number): void {
    this.end(response.status, now_ms);
    this.inner?.onAnswer?.(target, response, now_ms);
    this.inner = undefined;
  }

  onFailure(status: number, now_ms: number): void {
    // What upstream says of itself, or of a number that it can't reach, is told in its own words.
    if (status === 503) this.tellAnswer();
    this.end(status, now_ms);
    this.inner?.onFailure?.(status, now_ms);
    // It may hold the whole request, and the ACK can be long in coming.
    if (this.inner?.onAck === undefined) this.inner = undefined;
  }

  onAck(now_ms: number): void {
    this.inner?.onAck?.(now_ms);
    this.inner = undefined;
  }

  /** Behind the last place where the call was offered: why it went on from there. */
  private tellAnswer(): void {
    const { route } = this.entry;
    const last = route.pop();
    if (last !== undefined) route.push(this.heard === undefined ? last : shortened(`${last} (${this.heard})`));
    this.heard = undefined;
  }

  /** Calls that upstream has taken are the usual thing; the log needn't have a line for each. */
  private end(status: number, now_ms: number): void {
    const { entry } = this;
    entry.status = status;
    entry.after_ms = Math.round(now_ms - entry.at_ms);
    const { callId, from, to, origin, rule, why, route, after_ms } = entry;
    const fields = { call_id: callId, from, to, origin, rule, why, route: route.join(" > "), status, after_ms };
    if (isUsual(rule, route, status)) this.log.debug("call", fields);
    else this.log.info("call", fields);
  }
}

class Entry implements CallEntry {
  readonly at_ms: number;
  readonly callId: string;
  readonly from: string;
  readonly to: string;
  readonly origin: Origin;
  readonly rule: string;
  readonly why: string;
  readonly route: string[] = [];
  status: number | undefined = undefined;
  after_ms: number | undefined = undefined;

  constructor({ request, number, origin }: RequestFacts, made: RoutingDecision, now_ms: number) {
    this.at_ms = now_ms;
    this.callId = shortened(request.callId);
    this.from = shortened(callerOf(request));
    this.to = shortened(number === "" ? request.requestUri : number);
    this.origin = origin;
    this.rule = made.rule;
    this.why = shortened(made.why);
  }
}

/** Kept for long: neither whole datagrams nor texts without end. */
function shortened(text: string): string {
  return ownText(text.slice(0, CHARACTERS_MAX));
}

/** Its status and reason phrase, and Reason (RFC 3326) where it has one. */
function answerWords(response: Response): string {
  const { status, reason } = response;
  const why = response.header(REASON);
  return `${status} ${reason}${why === undefined ? "" : `, ${why}`}`;
}

/** A 503 of upstream that was passed on isn't: in its place the gateway may have been expected. */
function isUsual(rule: string, route: readonly string[], status: number): boolean {
  if (rule === "call") return status !== 503 && route.length === 1 && route[0]?.startsWith("upstream") === true;
  return rule === "path" || rule === "contact" || rule === "from-upstream";
}
