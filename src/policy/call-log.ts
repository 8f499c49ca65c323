/** What has been decided about the last calls, and why: for `branchline calls`, and for the log where it wasn't the usual. */
import { ownText } from "../base/own-text.ts";
import type { Logger } from "../base/ports.ts";
import type { Response } from "../message/message.ts";
import type { DecisionListener, RoutingDecision, RunningRequest, Stage, Target } from "../proxy/router.ts";
import type { Origin } from "./access.ts";
import { callerOf } from "./registrar.ts";
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
  /** Whom it was offered to, in order: "upstream pbx.example.com", "notice", "gateway 10.10.1.3". */
  readonly route: readonly string[];
  /** Its final response; undefined while there is none. */
  readonly status: number | undefined;
  /** How long that took. */
  readonly after_ms: number | undefined;
}

export class CallLog {
  private readonly log: Logger;
  private readonly entries: CallRecord[] = [];

  constructor(log: Logger) {
    this.log = log;
  }

  /** A decision about a call, which is recorded from now on. */
  record(facts: RequestFacts, made: RoutingDecision, now_ms: number): RoutingDecision {
    const record = new CallRecord(facts, made, this.log, now_ms);
    this.entries.push(record);
    if (this.entries.length > CALLS_MAX) this.entries.shift();
    return { ...made, listener: record };
  }

  /** Oldest first. */
  get all(): readonly CallEntry[] {
    return this.entries;
  }
}

class CallRecord implements CallEntry, DecisionListener {
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
  private inner: DecisionListener | undefined;
  private readonly log: Logger;

  constructor({ request, number, origin }: RequestFacts, made: RoutingDecision, log: Logger, now_ms: number) {
    this.at_ms = now_ms;
    this.callId = shortened(request.callId);
    this.from = shortened(callerOf(request));
    this.to = shortened(number === "" ? request.requestUri : number);
    this.origin = origin;
    this.rule = made.rule;
    this.why = shortened(made.why);
    this.inner = made.listener;
    this.log = log;
  }

  onStart(request: RunningRequest, now_ms: number): void {
    this.inner?.onStart?.(request, now_ms);
  }

  onStage(stage: Stage, now_ms: number): void {
    this.route.push(stage.what ?? stage.kind);
    this.inner?.onStage?.(stage, now_ms);
  }

  onAnswer(target: Target, response: Response, now_ms: number): void {
    this.end(response.status, now_ms);
    this.inner?.onAnswer?.(target, response, now_ms);
    this.inner = undefined;
  }

  onFailure(status: number, now_ms: number): void {
    this.end(status, now_ms);
    this.inner?.onFailure?.(status, now_ms);
  }

  onAck(now_ms: number): void {
    this.inner?.onAck?.(now_ms);
    this.inner = undefined; // it holds the whole request
  }

  /** Calls that upstream has taken are the usual thing; the log needn't have a line for each. */
  private end(status: number, now_ms: number): void {
    this.status = status;
    this.after_ms = Math.round(now_ms - this.at_ms);
    const { callId, from, to, origin, rule, why, route, after_ms } = this;
    const fields = { call_id: callId, from, to, origin, rule, why, route: route.join(" > "), status, after_ms };
    if (isUsual(rule, route)) this.log.debug("call", fields);
    else this.log.info("call", fields);
  }
}

/** Kept for long: neither whole datagrams nor texts without end. */
function shortened(text: string): string {
  return ownText(text.slice(0, CHARACTERS_MAX));
}

function isUsual(rule: string, route: readonly string[]): boolean {
  if (rule === "call") return route.length === 1 && route[0]?.startsWith("upstream") === true;
  return rule === "path" || rule === "contact" || rule === "from-upstream";
}
