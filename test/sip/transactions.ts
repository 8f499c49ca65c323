/**
 * A SIP endpoint with RFC 3261's transactions in full: it repeats what isn't answered, answers again what is repeated,
 * and gives up when the RFC says so. What a call means is its owner's business.
 */
import { type Address, hostPort } from "./address.ts";
import { hopText, newToken, type RequestParts, type ResponseParts, requestText, responseText } from "./build.ts";
import { branchOf } from "./message.ts";
import { GIVE_UP_MS, Repetition, T2_MS, T4_MS } from "./repetition.ts";
import { SipMessage } from "./sip-message.ts";
import { type Clock, type OnText, REAL_TIME, type Wire } from "./wire.ts";

/** Opens the wire of an endpoint. */
export type OpenWire = (at: Address, onText: OnText) => Wire | Promise<Wire>;

/** What the sender of an INVITE is told. */
export interface InviteWatcher {
  /** Each response below 200. */
  progress?(response: SipMessage): void;
  /** Each 2xx, repetitions too: their ACK is the watcher's (§13.2.2.4). */
  success(response: SipMessage): void;
  /** Once: the first other final response, acknowledged already; a 408 of our own when none came within 64·T1. */
  failure(response: SipMessage): void;
}

/** As long as people let it ring: longer than a 2xx is repeated. */
const RINGING_MOST_MS = 60_000;

/** A request that came, and how it is answered. */
export class ServerTransaction {
  readonly request: SipMessage;
  /** Of all responses but 100. */
  readonly toTag: string;
  /** Of the last response; 0: none yet. */
  status = 0;
  /** An INVITE that its sender takes back: the CANCEL has its 200, the INVITE its 487. */
  onCancel: (cancel: SipMessage) => void = () => {};
  private readonly agent: Transactions;
  private last = "";
  private repetition: Repetition | undefined;

  constructor(agent: Transactions, request: SipMessage) {
    this.agent = agent;
    this.request = request;
    this.toTag = agent.token();
  }

  get isAnswered(): boolean {
    return this.status >= 200;
  }

  /**
   * A final response to INVITE goes out again until {@link acknowledged} (§17.2.1, §13.3.1.4).
   * @param unacknowledged called when no ACK has come within 64·T1
   */
  respond(status: number, parts: ResponseParts = {}, unacknowledged: () => void = () => {}): void {
    const { request, agent, toTag } = this;
    this.status = status;
    this.last = responseText(request, status, status === 100 ? parts : { toTag, ...parts });
    agent.transmit(this.last, request.from);
    if (request.method !== "INVITE" || status < 200) return;
    const again = () => agent.retransmit(this.last, request.from);
    this.repetition = new Repetition(agent.clock, again, unacknowledged, T2_MS);
  }

  acknowledged(): void {
    this.repetition?.stop();
  }

  /** The request has come again; a 2xx to INVITE is repeated by its own timer (RFC 6026 §7.1). */
  repeated(): void {
    const isAccepted = this.request.method === "INVITE" && this.status >= 200 && this.status < 300;
    if (this.last !== "" && !isAccepted) this.agent.retransmit(this.last, this.request.from);
  }
}

export class Transactions {
  readonly address: Address;
  readonly clock: Clock;
  /** For branches and tags. */
  readonly token: () => string;
  /** Messages sent again. */
  resent = 0;
  /** Each new request but ACK and CANCEL. */
  onRequest: (transaction: ServerTransaction) => void = () => {};
  /** Each ACK for a 2xx, whose repetition it has ended. */
  onAck: (ack: SipMessage) => void = () => {};
  private readonly clients = new Map<string, (response: SipMessage) => void>();
  private readonly servers = new Map<string, ServerTransaction>();
  /** INVITEs by our tag and their number: the ACK of a 2xx has a branch of its own. */
  private readonly invites = new Map<string, ServerTransaction>();
  private wire: Wire | undefined;

  /** @param token no two of which are the same */
  constructor(address: Address, clock: Clock = REAL_TIME, token: () => string = newToken) {
    this.address = address;
    this.clock = clock;
    this.token = token;
  }

  /** @throws when the address is taken, or isn't this machine's */
  async open(openWire: OpenWire): Promise<void> {
    this.plug(await openWire(this.address, (text, from, at_ms) => this.receive(new SipMessage(text, from, at_ms))));
  }

  plug(wire: Wire): void {
    this.wire = wire;
  }

  /** For Via and Contact. */
  get sentBy(): string {
    return hostPort(this.address);
  }

  /** Any request but INVITE and ACK (§17.1.2). @returns the final response; a 408 of our own when none came within 64·T1 */
  ask(parts: RequestParts, to: Address): Promise<SipMessage> {
    const branch = this.branch();
    const wire = requestText(this.sentBy, { ...parts, branch });
    return new Promise((resolve) => {
      const end = (response: SipMessage, linger_ms: number) => {
        repetition.stop();
        resolve(response);
        this.clock.after(linger_ms, () => this.clients.delete(branch));
      };
      const repetition = new Repetition(
        this.clock,
        () => this.retransmit(wire, to),
        () => end(this.timedOut(wire), 0),
        T2_MS,
      );
      this.clients.set(branch, (response) => {
        if (response.status >= 200) end(response, T4_MS);
      });
      this.transmit(wire, to);
    });
  }

  /**
   * §17.1.1, RFC 6026 §7.2.
   * @returns takes the INVITE back, once a provisional response has come (§9.1); the INVITE's own final response still follows
   */
  invite(parts: RequestParts, to: Address, watcher: InviteWatcher): () => void {
    const branch = this.branch();
    const wire = requestText(this.sentBy, { ...parts, branch });
    const invite = new SipMessage(wire, this.address, 0);
    let final = 0;
    const end = (response: SipMessage) => {
      repetition.stop();
      if (final !== 0) return;
      final = response.status;
      if (final >= 300) watcher.failure(response);
      this.clock.after(GIVE_UP_MS, () => this.clients.delete(branch));
    };
    const giveUp = () => end(this.timedOut(wire));
    const repetition = new Repetition(this.clock, () => this.retransmit(wire, to), giveUp);
    this.clients.set(branch, (response) => {
      if (response.status < 200) {
        watcher.progress?.(response);
        // Timer B ends as well; a call that rings for ever is the proxy's business (timer C).
        repetition.stop();
        if (final === 0) this.clock.after(RINGING_MOST_MS, giveUp);
      } else if (response.status < 300) {
        end(response);
        watcher.success(response);
      } else {
        const { uri, routes } = parts;
        this.transmit(hopText("ACK", invite, { uri, routes, to: response.header("to") }), to);
        end(response);
      }
    });
    this.transmit(wire, to);
    return () => this.cancel(branch, hopText("CANCEL", invite, parts), to);
  }

  /** With RFC 3261's magic cookie. */
  private branch(): string {
    return `z9hG4bK${this.token()}`;
  }

  private cancel(branch: string, wire: string, to: Address): void {
    const repetition = new Repetition(
      this.clock,
      () => this.retransmit(wire, to),
      () => {},
      T2_MS,
    );
    this.clients.set(`CANCEL ${branch}`, ({ status }) => {
      if (status >= 200) repetition.stop();
    });
    this.clock.after(GIVE_UP_MS, () => this.clients.delete(`CANCEL ${branch}`));
    this.transmit(wire, to);
  }

  /** Sends what has no answer: the ACK of a 2xx. @returns what was sent, to be sent again */
  send(parts: RequestParts, to: Address): string {
    const wire = requestText(this.sentBy, { branch: this.branch(), ...parts });
    this.transmit(wire, to);
    return wire;
  }

  transmit(wire: string, to: Address): void {
    this.wire?.send(wire, to);
  }

  retransmit(wire: string, to: Address): void {
    this.resent += 1;
    this.transmit(wire, to);
  }

  async close(): Promise<void> {
    const { wire } = this;
    this.wire = undefined;
    for (const transaction of this.servers.values()) transaction.acknowledged();
    await wire?.close();
  }

  /** For who plugs a wire of its own: each message that arrives. */
  receive(message: SipMessage): void {
    const branch = branchOf(message);
    if (!message.isRequest) {
      // A CANCEL has the branch of its INVITE.
      this.clients.get(message.method === "CANCEL" ? `CANCEL ${branch}` : branch)?.(message);
      return;
    }
    const { method } = message;
    const known = this.servers.get(`${method === "ACK" ? "INVITE" : method} ${branch}`);
    if (method === "ACK") this.receiveAck(message, known);
    else if (known !== undefined) known.repeated();
    else this.receiveRequest(message, branch);
  }

  private receiveAck(ack: SipMessage, refused: ServerTransaction | undefined): void {
    if (refused !== undefined) {
      refused.acknowledged();
      return;
    }
    this.invites.get(`${ack.tagOf("to")} ${ack.cseq}`)?.acknowledged();
    this.onAck(ack);
  }

  private receiveRequest(request: SipMessage, branch: string): void {
    const { method } = request;
    const key = `${method} ${branch}`;
    const transaction = new ServerTransaction(this, request);
    this.servers.set(key, transaction);
    const invite = `${request.tagOf("to") || transaction.toTag} ${request.cseq}`;
    if (method === "INVITE") this.invites.set(invite, transaction);
    // With any answer, at any time: longer than anybody repeats it.
    this.clock.after(2 * GIVE_UP_MS, () => {
      this.servers.delete(key);
      if (this.invites.get(invite) === transaction) this.invites.delete(invite);
    });
    if (method === "CANCEL") this.receiveCancel(transaction, this.servers.get(`INVITE ${branch}`));
    else this.onRequest(transaction);
  }

  /** §9.2. */
  private receiveCancel(cancel: ServerTransaction, invite: ServerTransaction | undefined): void {
    if (invite === undefined) {
      cancel.respond(481);
      return;
    }
    const { toTag } = invite;
    cancel.respond(200, { toTag });
    if (invite.isAnswered) return;
    invite.respond(487);
    invite.onCancel(cancel.request);
  }

  /** §8.1.3.1. */
  private timedOut(request: string): SipMessage {
    return new SipMessage(responseText(new SipMessage(request, this.address, 0), 408), this.address, 0);
  }
}
