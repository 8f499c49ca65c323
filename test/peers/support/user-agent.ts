/**
 * A SIP endpoint with RFC 3261's transactions in full: it repeats what isn't answered, answers again what is repeated,
 * and gives up when the RFC says so. What a call means is its owner's business.
 */
import { type Endpoint, hostPort } from "./addresses.ts";
import { defer } from "./cleanup.ts";
import type { DatagramPort, OnDatagram } from "./datagram-port.ts";
import {
  buildRequest,
  buildResponse,
  newBranch,
  type RequestParts,
  type ResponseParts,
  SipMessage,
} from "./sip-message.ts";

const T1_MS = 500;
const T2_MS = 4_000;
const T4_MS = 5_000;
const GIVE_UP_MS = 64 * T1_MS;

/** Opens the socket of an endpoint, or what stands in front of it. */
export type OpenPort = (local: Endpoint, onDatagram: OnDatagram) => Promise<DatagramPort>;

/** What somebody wants to know of his INVITE. */
export interface InviteWatcher {
  /** Each 2xx, repetitions too: their ACK is his (§13.2.2.4). */
  success(response: SipMessage): void;
  /** Once: the first other final response, acknowledged already; undefined when none came within 64·T1. */
  failure(response: SipMessage | undefined): void;
}

/** As long as people let it ring: longer than a 2xx is repeated. */
const RINGING_MOST_MS = 60_000;

interface ClientTransaction {
  readonly receive: (response: SipMessage) => void;
}

/** Repeats after T1, 2·T1 … until stopped; calls `giveUp` 64·T1 after the first. */
class Repetition {
  private timer: NodeJS.Timeout | undefined;
  private limit: NodeJS.Timeout | undefined;

  constructor(again: () => void, giveUp: () => void, most_ms: number) {
    const repeat = (next_ms: number) => {
      this.timer = setTimeout(() => {
        again();
        repeat(Math.min(2 * next_ms, most_ms));
      }, next_ms);
    };
    repeat(T1_MS);
    this.limit = setTimeout(() => {
      this.stop();
      giveUp();
    }, GIVE_UP_MS);
  }

  /** Nothing is sent again, but the limit stays. */
  rest(): void {
    clearTimeout(this.timer);
  }

  stop(): void {
    clearTimeout(this.timer);
    clearTimeout(this.limit);
    this.limit = undefined;
  }
}

/** A request that came, and how it is answered. */
export class ServerTransaction {
  readonly request: SipMessage;
  /** Of the last response; 0: none yet. */
  status = 0;
  private readonly agent: UserAgent;
  private last = "";
  private repetition: Repetition | undefined;

  constructor(agent: UserAgent, request: SipMessage) {
    this.agent = agent;
    this.request = request;
  }

  /**
   * A failure to INVITE, and a 2xx, go out again until {@link acknowledged} (§17.2.1, §13.3.1.4).
   * @param unacknowledged called when no ACK has come within 64·T1
   */
  respond(status: number, reason: string, parts: ResponseParts = {}, unacknowledged: () => void = () => {}): void {
    this.status = status;
    this.last = buildResponse(this.request, status, reason, parts);
    this.agent.transmit(this.last, this.request.from);
    if (this.request.method !== "INVITE" || status < 200) return;
    const again = () => this.agent.retransmit(this.last, this.request.from);
    this.repetition = new Repetition(again, unacknowledged, T2_MS);
  }

  acknowledged(): void {
    this.repetition?.stop();
  }

  /** The request has come again; a 2xx is repeated by its own timer (RFC 6026 §7.1). */
  repeated(): void {
    const isAccepted = this.request.method === "INVITE" && this.status >= 200 && this.status < 300;
    if (this.last !== "" && !isAccepted) this.agent.retransmit(this.last, this.request.from);
  }
}

export class UserAgent {
  readonly endpoint: Endpoint;
  /** Datagrams sent again. */
  resent = 0;
  /** Each new request but ACK. */
  onRequest: (transaction: ServerTransaction) => void = () => {};
  /** Each ACK for a 2xx. */
  onAck: (ack: SipMessage) => void = () => {};
  private readonly clients = new Map<string, ClientTransaction>();
  private readonly servers = new Map<string, ServerTransaction>();
  private port: DatagramPort | undefined;

  private constructor(endpoint: Endpoint) {
    this.endpoint = endpoint;
  }

  /** Closes when the test ends. */
  static async open(endpoint: Endpoint, openPort: OpenPort): Promise<UserAgent> {
    const agent = new UserAgent(endpoint);
    agent.port = await openPort(endpoint, (wire, from, at_ms) => agent.take(new SipMessage(wire, from, at_ms)));
    defer(() => agent.close());
    return agent;
  }

  /** For Via and Contact. */
  get sentBy(): string {
    return hostPort(this.endpoint);
  }

  /** Any request but INVITE and ACK (§17.1.2). @returns the final response; undefined when none came within 64·T1 */
  ask(parts: RequestParts, to: Endpoint): Promise<SipMessage | undefined> {
    const branch = newBranch();
    const wire = buildRequest(this.sentBy, { ...parts, branch });
    return new Promise((resolve) => {
      const end = (response: SipMessage | undefined, linger_ms: number) => {
        repetition.stop();
        resolve(response);
        later(linger_ms, () => this.clients.delete(branch));
      };
      const repetition = new Repetition(
        () => this.retransmit(wire, to),
        () => end(undefined, 0),
        T2_MS,
      );
      const receive = (response: SipMessage) => {
        if (response.status >= 200) end(response, T4_MS);
      };
      this.clients.set(branch, { receive });
      this.transmit(wire, to);
    });
  }

  /** §17.1.1, RFC 6026 §7.2. */
  invite(parts: RequestParts, to: Endpoint, watcher: InviteWatcher): void {
    const branch = newBranch();
    const wire = buildRequest(this.sentBy, { ...parts, branch });
    let final = 0;
    const end = (response: SipMessage | undefined) => {
      repetition.stop();
      if (final !== 0) return;
      final = response?.status ?? 408;
      if (final >= 300) watcher.failure(response);
      later(GIVE_UP_MS, () => this.clients.delete(branch));
    };
    const repetition = new Repetition(
      () => this.retransmit(wire, to),
      () => end(undefined),
      GIVE_UP_MS,
    );
    const receive = (response: SipMessage) => {
      // Timer B ends as well; who rings for ever is the proxy's business (timer C).
      if (response.status < 200) {
        if (final === 0) {
          repetition.stop();
          setTimeout(() => end(undefined), RINGING_MOST_MS).unref();
        }
      } else if (response.status < 300) {
        end(response);
        watcher.success(response);
      } else {
        const { method: _, contact: __, body: ___, ...same } = parts;
        this.transmit(buildRequest(this.sentBy, { ...same, method: "ACK", to: response.header("to"), branch }), to);
        end(response);
      }
    };
    this.clients.set(branch, { receive });
    this.transmit(wire, to);
  }

  transmit(wire: string, to: Endpoint): void {
    // What the network does with it is not the sender's to know.
    this.port?.send(wire, to).catch(() => {});
  }

  retransmit(wire: string, to: Endpoint): void {
    this.resent += 1;
    this.transmit(wire, to);
  }

  private async close(): Promise<void> {
    const { port } = this;
    this.port = undefined;
    for (const transaction of this.servers.values()) transaction.acknowledged();
    await port?.close();
  }

  private take(message: SipMessage): void {
    const [via = ""] = message.list("via");
    const branch = /;\s*branch=([^;\s]+)/.exec(via)?.[1] ?? "";
    if (!message.isRequest) {
      this.clients.get(branch)?.receive(message);
      return;
    }
    const { method } = message;
    const key = `${method === "ACK" ? "INVITE" : method} ${branch}`;
    const known = this.servers.get(key);
    if (method === "ACK") {
      if (known === undefined) this.onAck(message);
      else known.acknowledged();
      return;
    }
    if (known !== undefined) {
      known.repeated();
      return;
    }
    const transaction = new ServerTransaction(this, message);
    this.servers.set(key, transaction);
    // Whatever it is answered with, and whenever: longer than anybody repeats it.
    later(2 * GIVE_UP_MS, () => this.servers.delete(key));
    this.onRequest(transaction);
  }
}

/** Doesn't keep the test's process. */
function later(delay_ms: number, run: () => void): void {
  if (delay_ms === 0) run();
  else setTimeout(run, delay_ms).unref();
}
