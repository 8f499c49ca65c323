/** A PBX or gateway that answers calls, registers phones, and knows of each call what became of it. */
import { endpointOf, newToken, type SipMessage, sdp, uriOf } from "./sip-message.ts";
import type { ServerTransaction, UserAgent } from "./user-agent.ts";

/** How a called number behaves. */
export interface Manner {
  readonly ringAfter_ms: number;
  readonly answerAfter_ms: number;
  /** From the ACK on; undefined: it leaves that to the caller. */
  readonly hangUpAfter_ms?: number;
}

/** A call as it looks from here. */
export interface AnsweredCall {
  readonly callId: string;
  /** INVITE transactions: more than one is a call that came twice. */
  invites: number;
  status: number;
  wasAcknowledged: boolean;
  /** No ACK came within 64·T1: it has hung up by itself. */
  wasAbandoned: boolean;
  wasCancelled: boolean;
  hasEnded: boolean;
}

interface Leg extends AnsweredCall {
  readonly transaction: ServerTransaction;
  readonly toTag: string;
  readonly manner: Manner;
}

export class AnsweringSide {
  readonly agent: UserAgent;
  registers = 0;
  private readonly legs = new Map<string, Leg>();
  private readonly mannerOf: (user: string) => Manner;

  constructor(agent: UserAgent, mannerOf: (user: string) => Manner) {
    this.agent = agent;
    this.mannerOf = mannerOf;
    agent.onRequest = (transaction) => this.onRequest(transaction);
    agent.onAck = (ack) => this.onAck(ack);
  }

  get(callId: string): AnsweredCall | undefined {
    return this.legs.get(callId);
  }

  forget(callId: string): void {
    this.legs.delete(callId);
  }

  /** Calls that ring or are up. */
  get open(): readonly AnsweredCall[] {
    return [...this.legs.values()].filter(({ hasEnded }) => !hasEnded);
  }

  private onRequest(transaction: ServerTransaction): void {
    const { request } = transaction;
    switch (request.method) {
      case "INVITE":
        this.onInvite(transaction);
        break;
      case "CANCEL":
        this.onCancel(transaction);
        break;
      case "BYE":
        this.onBye(transaction);
        break;
      case "REGISTER":
        this.onRegister(transaction);
        break;
      default:
        transaction.respond(200, "OK", { toTag: "pbx" });
    }
  }

  private onInvite(transaction: ServerTransaction): void {
    const { callId, requestUri } = transaction.request;
    const known = this.legs.get(callId);
    if (known !== undefined) {
      // §8.2.2.2: another copy of it, by another way.
      known.invites += 1;
      transaction.respond(482, "Loop Detected", { toTag: newToken() });
      return;
    }
    const manner = this.mannerOf(/^sip:([^@]*)@/.exec(requestUri)?.[1] ?? "");
    const leg: Leg = {
      callId,
      transaction,
      toTag: newToken(),
      manner,
      invites: 1,
      status: 100,
      wasAcknowledged: false,
      wasAbandoned: false,
      wasCancelled: false,
      hasEnded: false,
    };
    this.legs.set(callId, leg);
    transaction.respond(100, "Trying");
    setTimeout(() => this.ring(leg), manner.ringAfter_ms).unref();
    setTimeout(() => this.answer(leg), manner.answerAfter_ms).unref();
  }

  private ring(leg: Leg): void {
    if (leg.status >= 180) return;
    leg.status = 180;
    leg.transaction.respond(180, "Ringing", { toTag: leg.toTag, contact: this.contact });
  }

  private answer(leg: Leg): void {
    if (leg.status >= 200) return;
    leg.status = 200;
    const { toTag, transaction } = leg;
    const parts = { toTag, contact: this.contact, body: sdp(this.agent.endpoint.host) };
    transaction.respond(200, "OK", parts, () => {
      leg.wasAbandoned = true;
      this.hangUp(leg);
    });
  }

  private onAck(ack: SipMessage): void {
    const leg = this.legs.get(ack.callId);
    if (leg === undefined || ack.tagOf("to") !== leg.toTag) return;
    leg.transaction.acknowledged();
    if (leg.wasAcknowledged) return;
    leg.wasAcknowledged = true;
    const { hangUpAfter_ms } = leg.manner;
    if (hangUpAfter_ms !== undefined) setTimeout(() => this.hangUp(leg), hangUpAfter_ms).unref();
  }

  private onCancel(transaction: ServerTransaction): void {
    const leg = this.legs.get(transaction.request.callId);
    transaction.respond(leg === undefined ? 481 : 200, "", { toTag: leg?.toTag ?? newToken() });
    if (leg === undefined || leg.status >= 200) return;
    Object.assign(leg, { status: 487, wasCancelled: true, hasEnded: true });
    leg.transaction.respond(487, "Request Terminated", { toTag: leg.toTag });
  }

  private onBye(transaction: ServerTransaction): void {
    const { request } = transaction;
    const leg = this.legs.get(request.callId);
    const isMine = leg !== undefined && request.tagOf("to") === leg.toTag;
    transaction.respond(isMine ? 200 : 481, "");
    if (!isMine) return;
    leg.transaction.acknowledged();
    leg.hasEnded = true;
  }

  private hangUp(leg: Leg): void {
    if (leg.hasEnded) return;
    leg.hasEnded = true;
    const { request } = leg.transaction;
    const routes = request.list("record-route");
    const uri = uriOf(request.header("contact"));
    const from = `${request.header("to")};tag=${leg.toTag}`;
    const parts = { method: "BYE", uri, from, to: request.header("from"), callId: leg.callId, cseq: 1, routes };
    void this.agent.ask(parts, endpointOf(uriOf(routes[0] ?? uri)));
  }

  private onRegister(transaction: ServerTransaction): void {
    const { request } = transaction;
    this.registers += 1;
    const path = request.list("path").map((value) => `Path: ${value}`);
    const contact = `Contact: ${request.header("contact")};expires=${request.header("expires")}`;
    transaction.respond(200, "OK", { toTag: "pbx", extra: [contact, ...path] });
  }

  private get contact(): string {
    return `sip:callee@${this.agent.sentBy}`;
  }
}
