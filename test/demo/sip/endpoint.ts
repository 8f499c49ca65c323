/** A SIP device's UDP socket with its transactions (RFC 3261 §17, §18). */
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { randomToken } from "./build.ts";
import { ClientTransaction } from "./client-transaction.ts";
import {
  type Address,
  branchOf,
  firstValue,
  formatMessage,
  parseMessage,
  type SipMessage,
  type SipRequest,
  type SipResponse,
  sequenceOf,
} from "./message.ts";
import { ServerTransaction } from "./server-transaction.ts";

/** A message as an actor saw it. */
export interface Sighting {
  readonly actor: string;
  /** "lost": it reached a dead device. */
  readonly fate: "sent" | "received" | "lost";
  readonly message: SipMessage;
  /** Whether the same datagram has gone the same way before. */
  readonly isRepeat: boolean;
  readonly at_ms: number;
}

export type Watcher = (sighting: Sighting) => void;

export class Endpoint {
  readonly address: Address;
  /** Gets every new request but ACK and CANCEL. */
  onRequest: (transaction: ServerTransaction) => void = () => {};
  /** A dead device: hears nothing and says nothing, and the network doesn't tell. */
  isDead = false;
  private readonly name: string;
  private readonly watch: Watcher;
  private readonly socket: Socket = createSocket("udp4");
  private readonly seen = new Set<string>();
  private readonly clients = new Map<string, ClientTransaction>();
  private readonly servers = new Map<string, ServerTransaction>();
  /** INVITEs by Call-ID and number: the ACK of a 2xx has a branch of its own. */
  private readonly invites = new Map<string, ServerTransaction>();
  private isClosed = false;

  constructor(name: string, address: Address, watch: Watcher) {
    this.name = name;
    this.address = address;
    this.watch = watch;
  }

  /** @throws when the address is taken, or isn't this machine's */
  async open(): Promise<void> {
    this.socket.on("message", (bytes, from) =>
      this.receive(bytes.toString("utf8"), { host: from.address, port: from.port }),
    );
    this.socket.bind(this.address.port, this.address.host);
    await once(this.socket, "listening");
    // What can't be sent is lost, as on any network.
    this.socket.on("error", () => {});
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.socket.close();
  }

  /** Sends a request until it is answered. */
  send(request: SipRequest, to: Address, onResponse: (response: SipResponse) => void): void {
    const { branch, stamped } = this.stamp(request);
    const transaction = new ClientTransaction(stamped, (message) => this.transmit(message, to), onResponse);
    this.clients.set(`${branch} ${request.method}`, transaction);
  }

  /** Sends a request until it is answered, and returns the final response. */
  ask(request: SipRequest, to: Address): Promise<SipResponse> {
    return new Promise((resolve) => {
      this.send(request, to, (response) => {
        if (response.status >= 200) resolve(response);
      });
    });
  }

  /** Sends what has no answer: the ACK of a 2xx. */
  sendOnce(request: SipRequest, to: Address): void {
    this.transmit(this.stamp(request).stamped, to);
  }

  private stamp(request: SipRequest): { branch: string; stamped: SipRequest } {
    const branch = `z9hG4bK${randomToken()}`;
    const { host, port } = this.address;
    const via = `SIP/2.0/UDP ${host}:${port};branch=${branch};rport`;
    return { branch, stamped: { ...request, fields: [["Via", via], ...request.fields] } };
  }

  private transmit(message: SipMessage, to: Address): void {
    if (this.isDead || this.isClosed) return;
    const text = formatMessage(message);
    this.report("sent", message, text);
    this.socket.send(text, to.port, to.host);
  }

  private receive(text: string, from: Address): void {
    const message = parseMessage(text);
    if (message === undefined || this.isClosed) return;
    this.report(this.isDead ? "lost" : "received", message, text);
    if (this.isDead) return;
    if (message.kind === "response") {
      this.clients.get(`${branchOf(message)} ${sequenceOf(message).method}`)?.receive(message);
    } else if (message.method === "ACK") {
      this.invites.get(dialogNumber(message))?.onAck();
    } else {
      this.receiveRequest(message, from);
    }
  }

  private receiveRequest(request: SipRequest, from: Address): void {
    const branch = branchOf(request);
    const key = `${branch} ${request.method}`;
    const known = this.servers.get(key);
    if (known !== undefined) {
      known.onRepeat();
      return;
    }
    const transaction = new ServerTransaction(request, (response) => this.transmit(response, from));
    this.servers.set(key, transaction);
    if (request.method === "CANCEL") this.receiveCancel(transaction, this.servers.get(`${branch} INVITE`));
    else {
      if (request.method === "INVITE") this.invites.set(dialogNumber(request), transaction);
      this.onRequest(transaction);
    }
  }

  private receiveCancel(cancel: ServerTransaction, invite: ServerTransaction | undefined): void {
    if (invite === undefined) {
      cancel.respond({ status: 481, reason: "Call/Transaction Does Not Exist" });
    } else {
      cancel.respond({ status: 200, reason: "OK" });
      if (!invite.isAnswered) invite.onCancel(cancel.request);
    }
  }

  private report(fate: Sighting["fate"], message: SipMessage, text: string): void {
    const key = `${fate} ${text}`;
    const isRepeat = this.seen.has(key);
    this.seen.add(key);
    this.watch({ actor: this.name, fate, message, isRepeat, at_ms: performance.now() });
  }
}

function dialogNumber(request: SipRequest): string {
  return `${firstValue(request, "Call-ID")} ${sequenceOf(request).number}`;
}
