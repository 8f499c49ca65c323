/** Calls across the members of a cluster: both sides send again until they are heard, and keep all that they are told. */
import { newToken, sdp } from "../../sip/build.ts";
import { Dialog } from "../../sip/dialog.ts";
import type { SipMessage } from "../../sip/sip-message.ts";
import { type ServerTransaction, Transactions } from "../../sip/transactions.ts";
import { type Clock, monotonic_ms } from "../../sip/wire.ts";
import { PATIENCE_MS } from "../../support/machine.ts";
import type { Endpoint } from "./addresses.ts";
import { defer } from "./cleanup.ts";
import { Mailbox } from "./mailbox.ts";
import type { SipAgent } from "./sip-agent.ts";

/** What befalls an endpoint's messages. */
export interface Line {
  /** How fast the time of its transactions goes; default: as it does. */
  readonly clock?: Clock;
  /** Whether this message is lost, on its way out or in; default: never. */
  isLost?(wire: string): boolean;
}

/** Transactions at the agent's address, which has its socket from now on; OPTIONS are answered by the agent all the same. */
export function transactionsAt(agent: SipAgent, { clock, isLost = () => false }: Line = {}): Transactions {
  const transactions = new Transactions(agent.endpoint, clock);
  const send = (wire: string, to: Endpoint) => void (agent.isOpen && !isLost(wire) && agent.send(wire, to));
  transactions.plug({ send, close: () => {} });
  agent.attendant = (message) => {
    if (!isLost(message.wire)) transactions.receive(message);
    return true;
  };
  defer(() => transactions.close());
  return transactions;
}

/** A call as its caller has it. */
export class PlacedCall {
  readonly callId = newToken();
  readonly begun_ms = monotonic_ms();
  /** All responses to its INVITE, but for repetitions of a failure. */
  readonly told: SipMessage[] = [];
  /** Takes the INVITE back. */
  readonly cancel: () => void;
  private readonly agent: Transactions;
  private readonly mailbox = new Mailbox<SipMessage>();
  private dialog: Dialog | undefined = undefined;

  constructor(agent: Transactions, uri: string, proxy: Endpoint) {
    this.agent = agent;
    const { callId } = this;
    const from = `<sip:caller@${agent.sentBy}>;tag=${newToken()}`;
    const contact = `sip:caller@${agent.sentBy}`;
    const session = sdp(agent.address.host);
    const parts = { method: "INVITE", uri, from, to: `<${uri}>`, callId, cseq: 1, contact, session };
    this.cancel = agent.invite(parts, proxy, {
      progress: (response) => this.take(response),
      success: (response) => this.acknowledge(response),
      failure: (response) => this.take(response),
    });
  }

  /** The first such response, come already or awaited. */
  async response(isWanted: (status: number) => boolean, limit_ms = PATIENCE_MS): Promise<SipMessage> {
    const known = this.told.find(({ status }) => isWanted(status));
    if (known !== undefined) return known;
    const failure = () => `${this.callId} was told ${this.told.map(({ status }) => status).join() || "nothing"}`;
    return this.mailbox.next(({ status }) => isWanted(status), limit_ms, failure);
  }

  async final(limit_ms?: number): Promise<SipMessage> {
    return this.response((status) => status >= 200, limit_ms);
  }

  /** How often it was told so. */
  countOf(status: number): number {
    return this.told.filter((response) => response.status === status).length;
  }

  /** Hangs up, once it is answered. @returns the status of the answer */
  async hangUp(): Promise<number> {
    const { dialog } = this;
    if (dialog === undefined) throw new Error(`${this.callId} was never answered`);
    return (await this.agent.ask(dialog.request("BYE"), dialog.nextHop)).status;
  }

  private take(response: SipMessage): void {
    this.told.push(response);
    this.mailbox.put(response);
  }

  /** Each 200 gets its ACK (§13.2.2.4). */
  private acknowledge(ok: SipMessage): void {
    this.dialog ??= Dialog.ofCaller(ok);
    this.agent.send(this.dialog.request("ACK", ok.cseq), this.dialog.nextHop);
    this.take(ok);
  }
}

/** Where calls ring until somebody ends them; all other requests are granted. */
export class RingingPhones {
  readonly agent: Transactions;
  /** Called when a copy of a call begins to ring. */
  onRing: (transaction: ServerTransaction) => void = () => {};
  /** By Call-ID, each copy of a call that rings here. */
  private readonly copies = new Map<string, ServerTransaction[]>();

  constructor(agent: Transactions) {
    this.agent = agent;
    agent.onRequest = (transaction) => {
      const { request } = transaction;
      if (request.method !== "INVITE") {
        transaction.respond(200);
        return;
      }
      this.copies.set(request.callId, [...this.copiesOf(request.callId), transaction]);
      transaction.respond(180, { contact: this.contact });
      this.onRing(transaction);
    };
  }

  copiesOf(callId: string): readonly ServerTransaction[] {
    return this.copies.get(callId) ?? [];
  }

  /** Ends the call at the first phone, or at the one with this user. */
  end(callId: string, status: number, user?: string): void {
    const isAsked = ({ request }: ServerTransaction) => request.requestUri.startsWith(`sip:${user ?? ""}`);
    const session = status === 200 ? { contact: this.contact, session: sdp(this.agent.address.host) } : {};
    this.copiesOf(callId).find(isAsked)?.respond(status, session);
  }

  private get contact(): string {
    return `sip:callee@${this.agent.sentBy}`;
  }
}
