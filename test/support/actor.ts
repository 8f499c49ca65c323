/** A phone, a PBX or a gateway in a simulated site: sends what the test says, answers what the test taught it. */
import { hostPort } from "../sip/address.ts";
import { DOMAIN, hopText, type RequestParts, requestText, responseText, write } from "../sip/build.ts";
import { Dialog } from "../sip/dialog.ts";
import {
  cseqMethodOf,
  cseqNumberOf,
  header,
  methodOf,
  readSip,
  requestUriOf,
  type SipText,
  statusOf,
  uriIn,
  viaAddress,
} from "../sip/message.ts";
import { VirtualWire } from "../sip/virtual-wire.ts";
import type { Address, Endpoint, Simulation } from "./simulation.ts";

/** What an actor does with a request: statuses in order, each after its delay. */
export type Habit = readonly {
  readonly after_ms?: number;
  readonly status: number;
  /** The usual one by default. */
  readonly reason?: string;
  readonly extra?: readonly string[];
}[];

export class Actor implements Endpoint {
  /** In ladders; also its user, unless it has another. */
  readonly name: string;
  /** Where it listens, as its Contact says. */
  readonly at: Address;
  /** Everything received, in order, with its time. */
  readonly received: { readonly at_ms: number; readonly message: SipText }[] = [];
  /** Answers by method. CANCEL, BYE and OPTIONS are known to everybody. */
  readonly habits = new Map<string, Habit>([
    ["OPTIONS", [{ status: 200 }]],
    ["BYE", [{ status: 200 }]],
    ["CANCEL", [{ status: 200 }]],
  ]);
  /** Answers to one request that are others than those to its method; undefined: there are none. */
  habitFor: (request: SipText) => Habit | undefined = () => undefined;
  /** Copies Record-Route into its responses (RFC 3261 §12.1.1). */
  copiesRoutes = true;
  /** Acknowledges final responses to its INVITEs. */
  acknowledges = true;
  private readonly simulation: Simulation;
  private readonly proxy: Address;
  /** INVITEs by their top Via, until they are acknowledged or cancelled. */
  private readonly pending = new Map<string, { readonly invite: SipText; status: number }>();
  private readonly answered = new Set<string>();
  /** Answers a request that comes again as it did last (RFC 3261 §17.2). */
  repeatsAnswers = false;
  private readonly lastAnswers = new Map<string, string>();
  private sent = 0;
  private user: string;
  private wire: VirtualWire;

  constructor(simulation: Simulation, name: string, at: Address, proxy: Address) {
    this.simulation = simulation;
    this.name = name;
    this.user = name;
    this.at = at;
    this.proxy = proxy;
    this.wire = this.plug(at);
  }

  /** Where it sends from: a connection has a port of its own. */
  get from(): Address {
    return this.wire.at;
  }

  /** Its user is another than its name: several phones can have the same. */
  as(user: string): this {
    this.user = user;
    return this;
  }

  /** Opens a connection to the proxy, from `port`; a phone that doesn't listen can be reached by nothing else. */
  connects(port: number, alsoListens = false): this {
    if (!alsoListens) this.wire.close();
    this.wire = this.plug({ ...this.at, port });
    return this;
  }

  /** Its connection ends. */
  disconnects(): void {
    this.wire.close();
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
    const call = callId ?? `${this.name}-${this.sent + 1}`;
    const to = `<${method === "REGISTER" ? `sip:${this.user}@${DOMAIN}` : uri}>`;
    const from = `<sip:${this.user}@${DOMAIN}>;tag=${this.name}-tag`;
    const contact = withContact ? this.contactUri : undefined;
    return readSip(this.transmit({ method, uri, from, to, callId: call, cseq, contact, extra }));
  }

  invite(uri: string, extra: readonly string[] = []): SipText {
    return this.request("INVITE", uri, extra);
  }

  /** Sends the same datagram again. */
  resend(request: SipText): void {
    this.send(write(request.startLine, linesOf(request)));
  }

  cancel(invite: SipText, extra: readonly string[] = []): void {
    this.send(hopText("CANCEL", invite, { uri: requestUriOf(invite), extra }));
  }

  /** A request within the dialog that `response`, a 2xx to a request of this actor, has opened. */
  inDialog(method: string, response: SipText, cseq: number): void {
    this.within(Dialog.ofCaller(response), method, cseq);
  }

  /** A request of the callee within the dialog that it opened by answering `invite`. */
  inDialogAsCallee(method: string, invite: SipText, cseq: number): void {
    this.within(Dialog.ofCallee(invite, `${this.name}-tag`), method, cseq);
  }

  /** Sends wire text as it is. */
  send(wire: string, to: Address = this.proxy): void {
    this.wire.send(wire, { host: to.address, port: to.port });
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
    return hostPort({ host: this.at.address, port: this.at.port });
  }

  get contactUri(): string {
    const { protocol } = this.at;
    return `sip:${this.user}@${this.hostPort}${protocol === undefined ? "" : `;transport=${protocol}`}`;
  }

  private plug(at: Address): VirtualWire {
    return new VirtualWire(this.simulation, at, (wire) => this.onDatagram(wire));
  }

  private within(dialog: Dialog, method: string, cseq: number): void {
    this.transmit({ ...dialog.request(method, cseq), contact: this.contactUri });
  }

  private transmit(parts: RequestParts): string {
    this.sent += 1;
    const transport = (this.at.protocol ?? "udp").toUpperCase();
    const wire = requestText(this.hostPort, { ...parts, transport, branch: `z9hG4bK-${this.name}-${this.sent}` });
    this.send(wire);
    return wire;
  }

  private onResponse(response: SipText): void {
    const status = statusOf(response);
    if (status < 200 || cseqMethodOf(response) !== "INVITE" || !this.acknowledges) return;
    if (status < 300) this.inDialog("ACK", response, cseqNumberOf(response));
    else this.send(hopText("ACK", response, { uri: uriIn(header(response, "to")) }));
  }

  private onRequest(request: SipText): void {
    const method = methodOf(request);
    const key = `${header(request, "via")} ${method}`;
    if (method === "ACK") this.acknowledged(request);
    const last = this.repeatsAnswers ? this.lastAnswers.get(key) : undefined;
    if (last !== undefined) this.reply(last, request);
    if (method === "ACK" || this.answered.has(key)) return;
    this.answered.add(key);
    if (method === "CANCEL") this.endPending(request);
    if (method === "INVITE") this.pending.set(header(request, "via"), { invite: request, status: 0 });
    for (const { after_ms = 0, ...habit } of this.habitFor(request) ?? this.habits.get(method) ?? []) {
      this.simulation.after(after_ms, () => this.answer(request, habit));
    }
  }

  private answer(request: SipText, { status, reason, extra }: Habit[number]): void {
    const via = header(request, "via");
    if (methodOf(request) === "INVITE") {
      const pending = this.pending.get(via);
      if (pending === undefined || (pending.status >= 200 && pending.status !== status)) return;
      pending.status = status;
    }
    const contact = methodOf(request) === "INVITE" ? this.contactUri : undefined;
    const toTag = status === 100 ? "" : `${this.name}-tag`;
    const wire = responseText(request, status, { reason, contact, extra, toTag });
    this.lastAnswers.set(`${via} ${methodOf(request)}`, wire);
    this.reply(wire, request);
  }

  private endPending(cancel: SipText): void {
    const via = header(cancel, "via");
    const pending = this.pending.get(via);
    if (pending === undefined || pending.status >= 200) return;
    this.pending.delete(via);
    const { invite } = pending;
    const wire = responseText(invite, 487, { toTag: `${this.name}-tag` });
    this.lastAnswers.set(`${via} INVITE`, wire);
    this.simulation.after(0, () => this.reply(wire, invite));
  }

  private acknowledged(ack: SipText): void {
    for (const [via, { invite }] of this.pending) {
      const isSame = header(invite, "call-id") === header(ack, "call-id") && cseqNumberOf(invite) === cseqNumberOf(ack);
      if (isSame) this.pending.delete(via);
    }
  }

  private reply(wire: string, request: SipText): void {
    const text = this.copiesRoutes ? wire : wire.replace(/^Record-Route:.*\r\n/gm, "");
    this.wire.send(text, viaAddress(request));
  }
}

function linesOf(message: SipText): string[] {
  const lines: string[] = [];
  for (const [name, values] of message.headers) {
    if (name !== "content-length") for (const value of values) lines.push(`${name}: ${value}`);
  }
  return lines;
}
