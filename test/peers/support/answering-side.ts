import { grant, sdp } from "../../sip/build.ts";
import { Dialog } from "../../sip/dialog.ts";
import type { SipMessage } from "../../sip/sip-message.ts";
import type { ServerTransaction, Transactions } from "../../sip/transactions.ts";

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
  readonly manner: Manner;
}

export class AnsweringSide {
  readonly agent: Transactions;
  registers = 0;
  private readonly legs = new Map<string, Leg>();
  private readonly mannerOf: (user: string) => Manner;

  constructor(agent: Transactions, mannerOf: (user: string) => Manner) {
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
      case "BYE":
        this.onBye(transaction);
        break;
      case "REGISTER":
        this.onRegister(transaction);
        break;
      default:
        transaction.respond(200);
    }
  }

  private onInvite(transaction: ServerTransaction): void {
    const { callId, requestUri } = transaction.request;
    const known = this.legs.get(callId);
    if (known !== undefined) {
      // §8.2.2.2: another copy of it, by another way.
      known.invites += 1;
      transaction.respond(482);
      return;
    }
    const manner = this.mannerOf(/^sip:([^@]*)@/.exec(requestUri)?.[1] ?? "");
    const leg: Leg = {
      callId,
      transaction,
      manner,
      invites: 1,
      status: 100,
      wasAcknowledged: false,
      wasAbandoned: false,
      wasCancelled: false,
      hasEnded: false,
    };
    this.legs.set(callId, leg);
    transaction.respond(100);
    transaction.onCancel = () => Object.assign(leg, { status: 487, wasCancelled: true, hasEnded: true });
    setTimeout(() => this.ring(leg), manner.ringAfter_ms).unref();
    setTimeout(() => this.answer(leg), manner.answerAfter_ms).unref();
  }

  private ring(leg: Leg): void {
    if (leg.status >= 180) return;
    leg.status = 180;
    leg.transaction.respond(180, { contact: this.contact });
  }

  private answer(leg: Leg): void {
    if (leg.status >= 200) return;
    leg.status = 200;
    const parts = { contact: this.contact, session: sdp(this.agent.address.host) };
    leg.transaction.respond(200, parts, () => {
      leg.wasAbandoned = true;
      this.hangUp(leg);
    });
  }

  private onAck(ack: SipMessage): void {
    const leg = this.legs.get(ack.callId);
    if (leg === undefined || ack.tagOf("to") !== leg.transaction.toTag) return;
    if (leg.wasAcknowledged) return;
    leg.wasAcknowledged = true;
    const { hangUpAfter_ms } = leg.manner;
    if (hangUpAfter_ms !== undefined) setTimeout(() => this.hangUp(leg), hangUpAfter_ms).unref();
  }

  private onBye(transaction: ServerTransaction): void {
    const { request } = transaction;
    const leg = this.legs.get(request.callId);
    const isMine = leg !== undefined && request.tagOf("to") === leg.transaction.toTag;
    transaction.respond(isMine ? 200 : 481);
    if (!isMine) return;
    leg.transaction.acknowledged();
    leg.hasEnded = true;
  }

  private hangUp(leg: Leg): void {
    if (leg.hasEnded) return;
    leg.hasEnded = true;
    const dialog = Dialog.ofCallee(leg.transaction.request, leg.transaction.toTag);
    void this.agent.ask(dialog.request("BYE"), dialog.nextHop);
  }

  private onRegister(transaction: ServerTransaction): void {
    this.registers += 1;
    transaction.respond(200, { extra: grant(transaction.request) });
  }

  private get contact(): string {
    return `sip:callee@${this.agent.sentBy}`;
  }
}
