/** A SIP device: makes calls, takes calls, and answers what else it is asked (RFC 3261 §8). */
import type { Call } from "./call.ts";
import { Endpoint, type Watcher } from "./endpoint.ts";
import { IncomingCall } from "./incoming-call.ts";
import { type Address, firstValue, parameterOf } from "./message.ts";
import { type CallPlan, OutgoingCall } from "./outgoing-call.ts";
import type { ServerTransaction } from "./server-transaction.ts";

export class UserAgent {
  readonly endpoint: Endpoint;
  /** Value of our Contact. */
  readonly contact: string;
  /** Gets every new call. */
  onCall: (call: IncomingCall) => void = (call) => call.reject(480, "Temporarily Unavailable");
  /** Gets REGISTER, which only a registrar knows. */
  onRegister: (transaction: ServerTransaction) => void = refuse;
  private readonly calls: Call[] = [];

  /** @param name how the device is called where its messages are shown */
  constructor(name: string, address: Address, watch: Watcher) {
    this.endpoint = new Endpoint(name, address, watch);
    this.endpoint.onRequest = (transaction) => this.onRequest(transaction);
    this.contact = `<sip:${name.toLowerCase()}@${address.host}:${address.port}>`;
  }

  call(plan: Omit<CallPlan, "contact">): OutgoingCall {
    const call = new OutgoingCall(this.endpoint, { ...plan, contact: this.contact });
    this.calls.push(call);
    return call;
  }

  private onRequest(transaction: ServerTransaction): void {
    const { request } = transaction;
    const isInDialog = parameterOf(firstValue(request, "To"), "tag") !== "";
    switch (request.method) {
      case "INVITE":
        if (isInDialog) transaction.respond({ status: 488, reason: "Not Acceptable Here" });
        else this.onInvite(transaction);
        break;
      case "BYE":
        this.onBye(transaction);
        break;
      case "OPTIONS":
        transaction.respond({ status: 200, reason: "OK" });
        break;
      case "REGISTER":
        this.onRegister(transaction);
        break;
      default:
        refuse(transaction);
    }
  }

  private onInvite(transaction: ServerTransaction): void {
    transaction.respond({ status: 100, reason: "Trying" });
    const call = new IncomingCall(this.endpoint, this.contact, transaction);
    this.calls.push(call);
    this.onCall(call);
  }

  private onBye(transaction: ServerTransaction): void {
    const call = this.calls.find((one) => one.contains(transaction.request));
    if (call === undefined) {
      transaction.respond({ status: 481, reason: "Call/Transaction Does Not Exist" });
    } else {
      transaction.respond({ status: 200, reason: "OK" });
      call.onBye();
    }
  }
}

function refuse(transaction: ServerTransaction): void {
  transaction.respond({ status: 501, reason: "Not Implemented" });
}
