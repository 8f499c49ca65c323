/** A SIP device: makes calls, takes calls, and answers what else it is asked (RFC 3261 §8). */
import type { Address } from "../../sip/address.ts";
import { type ServerTransaction, Transactions } from "../../sip/transactions.ts";
import type { Call } from "./call.ts";
import { IncomingCall } from "./incoming-call.ts";
import { type CallPlan, OutgoingCall } from "./outgoing-call.ts";
import { type Cable, WatchedWire, type Watcher } from "./watched-wire.ts";

export class UserAgent {
  readonly endpoint: Transactions;
  readonly wire: WatchedWire;
  /** The URI of our Contact. */
  readonly contact: string;
  /** Gets every new call. */
  onCall: (call: IncomingCall) => void = (call) => call.reject(480);
  /** Gets REGISTER, which only a registrar knows. */
  onRegister: (transaction: ServerTransaction) => void = refuse;
  private readonly calls: Call[] = [];

  /** @param name how the device is called where its messages are shown; @param cable to branchline; none: its socket's own */
  constructor(name: string, address: Address, watch: Watcher, cable?: Cable) {
    this.endpoint = new Transactions(address);
    this.endpoint.onRequest = (transaction) => this.onRequest(transaction);
    this.wire = new WatchedWire(name, watch, cable);
    this.contact = `sip:${name.toLowerCase()}@${this.endpoint.sentBy}`;
  }

  /** @throws when the address is taken, or isn't this machine's */
  open(): Promise<void> {
    return this.endpoint.open(this.wire.open);
  }

  close(): void {
    void this.endpoint.close();
  }

  call(plan: Omit<CallPlan, "contact">): OutgoingCall {
    const call = new OutgoingCall(this.endpoint, { ...plan, contact: this.contact });
    this.calls.push(call);
    return call;
  }

  private onRequest(transaction: ServerTransaction): void {
    const { request } = transaction;
    switch (request.method) {
      case "INVITE":
        if (request.tagOf("to") === "") this.onInvite(transaction);
        else transaction.respond(488);
        break;
      case "BYE":
        this.onBye(transaction);
        break;
      case "OPTIONS":
        transaction.respond(200);
        break;
      case "REGISTER":
        this.onRegister(transaction);
        break;
      default:
        refuse(transaction);
    }
  }

  private onInvite(transaction: ServerTransaction): void {
    transaction.respond(100);
    const call = new IncomingCall(this.endpoint, this.contact, transaction);
    this.calls.push(call);
    this.onCall(call);
  }

  private onBye(transaction: ServerTransaction): void {
    const call = this.calls.find((one) => one.contains(transaction.request));
    transaction.respond(call === undefined ? 481 : 200);
    call?.onBye();
  }
}

function refuse(transaction: ServerTransaction): void {
  transaction.respond(501);
}
