/** The headquarters' PBX: registrar, switch between its phones, and a line to the outside world of its own. */
import type { Address } from "../../sip/address.ts";
import { grant } from "../../sip/build.ts";
import { uriIn, userOf } from "../../sip/message.ts";
import type { ServerTransaction } from "../../sip/transactions.ts";
import { History } from "../sip/history.ts";
import type { IncomingCall } from "../sip/incoming-call.ts";
import type { OutgoingCall } from "../sip/outgoing-call.ts";
import { UserAgent } from "../sip/user-agent.ts";
import type { Cable, Watcher } from "../sip/watched-wire.ts";
import { answerAfterRinging } from "./answer.ts";

/** Where a registered phone is reached. */
export interface Binding {
  /** The phone's own URI. */
  readonly contact: string;
  /** Route values that lead there (RFC 3327). */
  readonly path: readonly string[];
}

export class Pbx {
  /** By extension. */
  readonly bindings = new Map<string, Binding>();
  /** Numbers that were called by its own outside line. */
  readonly outsideCalls: string[] = [];
  /** Extensions whose calls are over, on both sides. */
  readonly clearedCalls = new History<string>();
  private readonly agent: UserAgent;
  private readonly domain: string;

  constructor(address: Address, domain: string, watch: Watcher, cable?: Cable) {
    this.domain = domain;
    this.agent = new UserAgent("PBX", address, watch, cable);
    this.agent.onRegister = (transaction) => this.register(transaction);
    this.agent.onCall = (call) => void this.connect(call);
  }

  open(): Promise<void> {
    return this.agent.open();
  }

  close(): void {
    this.agent.close();
  }

  /** From now on nothing comes back, and no error says so: the worst way for a line to fail. */
  die(): void {
    this.agent.wire.isDead = true;
  }

  revive(): void {
    this.agent.wire.isDead = false;
  }

  private register(transaction: ServerTransaction): void {
    const { request } = transaction;
    const path = request.list("path");
    if (path.length > 0 && !request.list("supported").includes("path")) {
      transaction.respond(421, { extra: ["Require: path"] });
      return;
    }
    const contact = uriIn(request.header("contact"));
    this.bindings.set(userOf(uriIn(request.header("to"))), { contact, path });
    transaction.respond(200, { extra: grant(request) });
  }

  private async connect(caller: IncomingCall): Promise<void> {
    const binding = this.bindings.get(caller.dialled);
    if (binding === undefined) {
      this.outsideCalls.push(caller.dialled);
      await answerAfterRinging(caller);
    } else {
      await this.bridge(caller, this.callPhone(caller.dialled, binding));
    }
  }

  private callPhone(extension: string, { contact, path }: Binding): OutgoingCall {
    return this.agent.call({
      from: `sip:pbx@${this.domain}`,
      to: `sip:${extension}@${this.domain}`,
      requestUri: contact,
      routes: path,
      followsRedirects: false,
    });
  }

  /** Passes on from either of two calls to the other what happens there. */
  private async bridge(caller: IncomingCall, callee: OutgoingCall): Promise<void> {
    void callee.hears(180).then(() => caller.ring());
    void callee.hears(200).then(() => caller.answer());
    void callee.refused.then(({ response }) => caller.reject(response.status, response.reason));
    void caller.cancelled.then(() => callee.cancel());
    await Promise.race([caller.ended, callee.ended]);
    await Promise.all([caller.hangUp(), callee.hangUp()]);
    this.clearedCalls.add(caller.dialled);
  }
}
