/** A phone, a PBX or a gateway in a simulated site: sends what the test says, answers what the test taught it. */

import type { Address, Endpoint, Simulation } from "./simulation.ts";
import {
  cseqMethodOf,
  cseqNumberOf,
  header,
  headers,
  methodOf,
  readSip,
  requestUriOf,
  respond,
  type SipText,
  statusOf,
  uriIn,
  write,
} from "./sip-text.ts";

/** What an actor does with a request: statuses in order, each after its delay. */
export type Habit = readonly {
  readonly after_ms?: number;
  readonly status: number;
  readonly extra?: readonly string[];
}[];

const REASONS: Readonly<Record<number, string>> = {
  100: "Trying",
  180: "Ringing",
  183: "Session Progress",
  200: "OK",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  486: "Busy Here",
  487: "Request Terminated",
  500: "Server Internal Error",
  503: "Service Unavailable",
  603: "Decline",
};

export class Actor implements Endpoint {
  /** In ladders; also its user, unless it has another. */
  readonly name: string;
  /** Where it listens, as its Contact says. */
  readonly at: Address;
  /** Where it sends from: a connection has a port of its own. */
  from: Address;
  /** Everything received, in order, with its time. */
  readonly received: { readonly at_ms: number; readonly message: SipText }[] = [];
  /** Answers by method. CANCEL, BYE and OPTIONS are known to everybody. */
  readonly habits = new Map<string, Habit>([
    ["OPTIONS", [{ status: 200 }]],
    ["BYE", [{ status: 200 }]],
    ["CANCEL", [{ status: 200 }]],
  ]);
  /** Acknowledges final responses to its INVITEs. */
  acknowledges = true;
  private readonly simulation: Simulation;
  private readonly proxy: Address;
  /** INVITEs by their top Via, until they are acknowledged or cancelled. */
  private readonly pending = new Map<string, { readonly invite: SipText; status: number }>();
  private readonly answered = new Set<string>();
  private sent = 0;
  private user: string;

  constructor(simulation: Simulation, name: string, at: Address, proxy: Address) {
    this.simulation = simulation;
    this.name = name;
    this.user = name;
    this.at = at;
    this.from = at;
    this.proxy = at.protocol === undefined ? proxy : { ...proxy, protocol: at.protocol };
    simulation.attach(at, this);
  }

  /** Its user is another than its name: several phones can have the same. */
  as(user: string): this {
    this.user = user;
    return this;
  }

  /** Opens a connection to the proxy, from `port`; a phone that doesn't listen can be reached by nothing else. */
  connects(port: number, alsoListens = false): this {
    this.from = { ...this.at, port };
    if (!alsoListens) this.simulation.detach(this.at);
    this.simulation.attach(this.from, this);
    return this;
  }

  /** Its connection ends. */
  disconnects(): void {
    this.simulation.detach(this.from);
  }

  /** Teaches how to answer `method`. */
  answers(method: string, ...habit: Habit): this {
    this.habits.set(method, habit);
    return this;
  }

  /**
   * Sends a request outside any dialog. Returns it, for CANCEL and for what follows.
   * @param withContact false: `extra` has its own Contact, or there is to be none
   */
  request(
    method: string,
    uri: string,
    extra: readonly string[] = [],
    callId?: string,
    cseq = 1,
    withContact = true,
  ): SipText {
    this.sent += 1;
    const id = callId ?? `${this.name}-${this.sent}`;
    const lines = [
      `Via: SIP/2.0/${this.transport} ${this.hostPort};branch=z9hG4bK-${this.name}-${this.sent};rport`,
      "Max-Forwards: 70",
      `From: <sip:${this.user}@pbx.example.com>;tag=${this.name}-tag`,
      `To: <${method === "REGISTER" ? `sip:${this.user}@pbx.example.com` : uri}>`,
      `Call-ID: ${id}`,
      `CSeq: ${cseq} ${method}`,
      ...(withContact ? [`Contact: <${this.contactUri}>`] : []),
      ...extra,
    ];
    const wire = write(`${method} ${uri} SIP/2.0`, lines);
    this.send(wire);
    return readSip(wire);
  }

  invite(uri: string, extra: readonly string[] = []): SipText {
    return this.request("INVITE", uri, extra);
  }

  /** Sends the same datagram again. */
  resend(request: SipText): void {
    this.send(write(request.startLine, linesOf(request)));
  }

  cancel(invite: SipText, extra: readonly string[] = []): void {
    const lines = [
      `Via: ${header(invite, "via")}`,
      "Max-Forwards: 70",
      `From: ${header(invite, "from")}`,
      `To: ${header(invite, "to")}`,
      `Call-ID: ${header(invite, "call-id")}`,
      `CSeq: ${cseqNumberOf(invite)} CANCEL`,
      ...extra,
    ];
    this.send(write(`CANCEL ${requestUriOf(invite)} SIP/2.0`, lines));
  }

  /** A request within the dialog that `response`, a 2xx to a request of this actor, has opened. */
  inDialog(method: string, response: SipText, cseq: number): void {
    const routes = [...headers(response, "record-route")].reverse();
    this.dialogRequest(
      method,
      uriIn(header(response, "contact")),
      routes,
      header(response, "from"),
      header(response, "to"),
      response,
      cseq,
    );
  }

  /** A request of the callee within the dialog that it opened by answering `invite`. */
  inDialogAsCallee(method: string, invite: SipText, cseq: number): void {
    const local = `${header(invite, "to")};tag=${this.name}-tag`;
    const routes = headers(invite, "record-route");
    this.dialogRequest(method, uriIn(header(invite, "contact")), routes, local, header(invite, "from"), invite, cseq);
  }

  /** Sends wire text as it is. */
  send(wire: string, to: Address = this.proxy): void {
    this.simulation.send(this.from, to, wire);
  }

  onDatagram(wire: string): void {
    const message = readSip(wire);
    this.received.push({ at_ms: this.simulation.now_ms, message });
    if (statusOf(message) > 0) this.onResponse(message);
    else this.onRequest(message);
  }

  /** The responses with this status to requests of this method, or to any. */
  responses(status: number, method?: string): { readonly at_ms: number; readonly message: SipText }[] {
    return this.received.filter(
      ({ message }) => statusOf(message) === status && (method === undefined || cseqMethodOf(message) === method),
    );
  }

  requests(method: string): { readonly at_ms: number; readonly message: SipText }[] {
    return this.received.filter(({ message }) => methodOf(message) === method);
  }

  /** A request of this method, the first one unless said otherwise; fails the test when there is none. */
  seen(method: string, index = 0): SipText {
    const found = this.requests(method)[index];
    if (found === undefined) throw new Error(`${this.name} has seen no ${method} number ${index}`);
    return found.message;
  }

  /** The first response with this status; fails the test when there is none. */
  got(status: number, method?: string): SipText {
    const [first] = this.responses(status, method);
    if (first === undefined) throw new Error(`${this.name} has got no ${status}`);
    return first.message;
  }

  get hostPort(): string {
    const host = this.at.address.includes(":") ? `[${this.at.address}]` : this.at.address;
    return `${host}:${this.at.port}`;
  }

  private get transport(): string {
    return (this.at.protocol ?? "udp").toUpperCase();
  }

  get contactUri(): string {
    const { protocol } = this.at;
    return `sip:${this.user}@${this.hostPort}${protocol === undefined ? "" : `;transport=${protocol}`}`;
  }

  private dialogRequest(
    method: string,
    uri: string,
    routes: readonly string[],
    from: string,
    to: string,
    dialog: SipText,
    cseq: number,
  ): void {
    this.sent += 1;
    const lines = [
      `Via: SIP/2.0/${this.transport} ${this.hostPort};branch=z9hG4bK-${this.name}-${this.sent};rport`,
      "Max-Forwards: 70",
      ...routes.map((route) => `Route: ${route}`),
      `From: ${from}`,
      `To: ${to}`,
      `Call-ID: ${header(dialog, "call-id")}`,
      `CSeq: ${cseq} ${method}`,
      `Contact: <${this.contactUri}>`,
    ];
    this.send(write(`${method} ${uri} SIP/2.0`, lines));
  }

  private onResponse(response: SipText): void {
    const status = statusOf(response);
    if (status < 200 || cseqMethodOf(response) !== "INVITE" || !this.acknowledges) return;
    if (status < 300) this.inDialog("ACK", response, cseqNumberOf(response));
    else this.acknowledgeFailure(response);
  }

  /** §17.1.1.3: the ACK to a failure has the INVITE's branch. */
  private acknowledgeFailure(response: SipText): void {
    const via = header(response, "via").replace(/;(received|rport)=[^;]*/g, "");
    const lines = [
      `Via: ${via}`,
      "Max-Forwards: 70",
      `From: ${header(response, "from")}`,
      `To: ${header(response, "to")}`,
      `Call-ID: ${header(response, "call-id")}`,
      `CSeq: ${cseqNumberOf(response)} ACK`,
    ];
    this.send(write(`ACK ${uriIn(header(response, "to"))} SIP/2.0`, lines));
  }

  private onRequest(request: SipText): void {
    const method = methodOf(request);
    const key = `${header(request, "via")} ${method}`;
    if (method === "ACK") this.acknowledged(request);
    if (method === "ACK" || this.answered.has(key)) return;
    this.answered.add(key);
    if (method === "CANCEL") this.endPending(request);
    if (method === "INVITE") this.pending.set(header(request, "via"), { invite: request, status: 0 });
    for (const { after_ms = 0, status, extra = [] } of this.habits.get(method) ?? []) {
      this.simulation.after(after_ms, () => this.answer(request, status, extra));
    }
  }

  private answer(request: SipText, status: number, extra: readonly string[]): void {
    const via = header(request, "via");
    if (methodOf(request) === "INVITE") {
      const pending = this.pending.get(via);
      if (pending === undefined || (pending.status >= 200 && pending.status !== status)) return;
      pending.status = status;
    }
    const contact = methodOf(request) === "INVITE" ? [`Contact: <${this.contactUri}>`] : [];
    const toTag = status === 100 ? "" : `${this.name}-tag`;
    this.reply(respond(request, status, REASONS[status] ?? "Whatever", [...contact, ...extra], toTag), request);
  }

  private endPending(cancel: SipText): void {
    const via = header(cancel, "via");
    const pending = this.pending.get(via);
    if (pending === undefined || pending.status >= 200) return;
    this.pending.delete(via);
    const { invite } = pending;
    const wire = respond(invite, 487, "Request Terminated", [], `${this.name}-tag`);
    this.simulation.after(0, () => this.reply(wire, invite));
  }

  private acknowledged(ack: SipText): void {
    for (const [via, { invite }] of this.pending) {
      const isSame = header(invite, "call-id") === header(ack, "call-id") && cseqNumberOf(invite) === cseqNumberOf(ack);
      if (isSame) this.pending.delete(via);
    }
  }

  /** By the top Via, as §18.2.2 says; our own proxy always asks for rport. */
  private reply(wire: string, request: SipText): void {
    const sentBy = /SIP\/2\.0\/\w+ ([^;\s]+)/.exec(header(request, "via"))?.[1] ?? "";
    const colon = sentBy.lastIndexOf(":");
    const address = sentBy.slice(0, colon).replace(/[[\]]/g, "");
    this.send(wire, { ...this.proxy, address, port: Number(sentBy.slice(colon + 1)) });
  }
}

function linesOf(message: SipText): string[] {
  const lines: string[] = [];
  for (const [name, values] of message.headers) {
    if (name !== "content-length") for (const value of values) lines.push(`${name}: ${value}`);
  }
  return lines;
}
