/** The head office's PBX: registrar, switch between its phones, and a line to the outside world of its own. */

import type { Watcher } from "../sip/endpoint.ts";
import { History } from "../sip/history.ts";
import type { IncomingCall } from "../sip/incoming-call.ts";
import { type Address, allValues, firstValue, uriOf, userOf } from "../sip/message.ts";
import type { OutgoingCall } from "../sip/outgoing-call.ts";
import type { ServerTransaction } from "../sip/server-transaction.ts";
import { UserAgent } from "../sip/user-agent.ts";
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

  constructor(address: Address, domain: string, watch: Watcher) {
    this.domain = domain;
    this.agent = new UserAgent("PBX", address, watch);
    this.agent.onRegister = (transaction) => this.register(transaction);
    this.agent.onCall = (call) => void this.connect(call);
  }

  open(): Promise<void> {
    return this.agent.endpoint.open();
  }

  close(): void {
    this.agent.endpoint.close();
  }

  /** From now on nothing comes back, and no error says so: the worst way for a line to fail. */
  die(): void {
    this.agent.endpoint.isDead = true;
  }

  revive(): void {
    this.agent.endpoint.isDead = false;
  }

  private register(transaction: ServerTransaction): void {
    const { request } = transaction;
    const contact = firstValue(request, "Contact");
    const path = allValues(request, "Path");
    if (path.length > 0 && !allValues(request, "Supported").includes("path")) {
      transaction.respond({ status: 421, reason: "Extension Required", fields: [["Require", "path"]] });
      return;
    }
    this.bindings.set(userOf(uriOf(firstValue(request, "To"))), { contact: uriOf(contact), path });
    transaction.respond({
      status: 200,
      reason: "OK",
      fields: [
        ...path.map((value) => ["Path", value] as const),
        ["Contact", `${contact};expires=${firstValue(request, "Expires")}`],
      ],
    });
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
    await Promise.race([caller.ended, callee.ended]);
    await Promise.all([caller.hangUp(), callee.hangUp()]);
    this.clearedCalls.add(caller.dialled);
  }
}
