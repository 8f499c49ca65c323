/** A user agent that says what a flow of an RFC says, message by message, and keeps its dialogs as §12 wants. */
import type { Address, Endpoint } from "../../support/simulation.ts";
import {
  cseqMethodOf,
  cseqNumberOf,
  header,
  headers,
  methodOf,
  readSip,
  type SipText,
  statusOf,
  tagOf,
  uriIn,
  write,
} from "../../support/sip-text.ts";
import { LAN, type Site } from "../../support/site.ts";

export const DOMAIN = "pbx.example.com";
/** Between two messages of a flow: enough for one to arrive, too little for a retransmission. */
const STEP_ms = 20;

interface Dialog {
  readonly local: string;
  remote: string;
  target: string;
  routes: readonly string[];
  cseq: number;
  /** Of the last INVITE sent: its CSeq number, its Via, its Request-URI. */
  invite: { readonly cseq: number; readonly via: string; readonly uri: string } | undefined;
}

export interface Words {
  /** The Request-URI of a request outside any dialog. */
  readonly uri?: string;
  /** The Call-ID; default: that of the last message. */
  readonly call?: string;
  readonly extra?: readonly string[];
  readonly body?: string;
  /** For a response: the method of the request that it answers; default: the last request. */
  readonly to?: string;
  /** Another Contact than the user agent's own. */
  readonly contact?: string;
}

export class UserAgent implements Endpoint {
  readonly name: string;
  readonly received: SipText[] = [];
  /** A Record-Route entry of the proxy that it sits behind: put on top of what its answers carry. */
  behind = "";
  private readonly site: Site;
  private readonly at: Address;
  private readonly proxy: Address;
  private readonly dialogs = new Map<string, Dialog>();
  private readonly waiting: SipText[] = [];
  private call = "";
  private sent = 0;

  constructor(site: Site, name: string, at: Address, proxy: Address = LAN) {
    this.site = site;
    this.name = name;
    this.at = at;
    this.proxy = proxy;
    site.name(name, at);
    site.simulation.attach(at, this);
  }

  get contact(): string {
    return `sip:${this.name}@${this.at.address}:${this.at.port}`;
  }

  /** Sends a request: within the dialog of its Call-ID where there is one. */
  sends(method: string, words: Words = {}): void {
    const callId = words.call ?? (words.uri === undefined ? this.call : `${this.name}-call-${this.sent + 1}`);
    this.call = callId;
    const dialog = this.dialogs.get(callId) ?? this.open(callId, words.uri ?? "");
    if (method !== "ACK") dialog.cseq += 1;
    const cseq = method === "ACK" ? (dialog.invite?.cseq ?? 0) : dialog.cseq;
    const via = this.via();
    if (method === "INVITE") dialog.invite = { cseq, via, uri: dialog.target };
    this.transmit(method, dialog, callId, cseq, via, dialog.target, words);
  }

  /** CANCEL for the last INVITE of the call. */
  cancels(words: Words = {}): void {
    const callId = words.call ?? this.call;
    const dialog = this.dialogs.get(callId);
    if (dialog?.invite === undefined) throw new Error(`${this.name} has no INVITE to cancel`);
    const { cseq, via, uri } = dialog.invite;
    const remote = dialog.remote.replace(/;tag=.*/, "");
    this.transmit("CANCEL", { ...dialog, remote, routes: [] }, callId, cseq, via, uri, words);
  }

  /** Answers the last request that waits for it. */
  replies(status: number, words: Words = {}): void {
    const request = this.unanswered(words);
    const callId = header(request, "call-id");
    this.call = callId;
    if (status >= 200) this.waiting.splice(this.waiting.indexOf(request), 1);
    const routes = [...(this.behind === "" ? [] : [this.behind]), ...headers(request, "record-route")];
    const hasTag = tagOf(header(request, "to")) !== "";
    const to = hasTag || status === 100 ? header(request, "to") : (this.dialogs.get(callId)?.local ?? "");
    const isRefreshing = status > 100 && status < 300 && cseqMethodOf(request) !== "CANCEL";
    const lines = [
      ...headers(request, "via").map((via) => `Via: ${via}`),
      ...routes.map((route) => `Record-Route: ${route}`),
      `From: ${header(request, "from")}`,
      `To: ${to}`,
      `Call-ID: ${callId}`,
      `CSeq: ${header(request, "cseq")}`,
      ...(isRefreshing ? [`Contact: <${words.contact ?? this.contact}>`] : []),
      ...(words.extra ?? []),
    ];
    const sentBy = /SIP\/2\.0\/UDP ([^:;]+):(\d+)/.exec(header(request, "via"));
    const destination = { address: sentBy?.[1] ?? "", port: Number(sentBy?.[2]) };
    this.send(write(`SIP/2.0 ${status} ${PHRASES[status] ?? "Whatever"}`, lines, words.body), destination);
  }

  /** The last request of this method that has come. */
  seen(method: string): SipText {
    const found = this.received.filter((message) => methodOf(message) === method).pop();
    if (found === undefined) throw new Error(`${this.name} has seen no ${method}`);
    return found;
  }

  /** The statuses that have come in answer to requests of this method. */
  statuses(method: string): number[] {
    return this.received
      .filter((message) => statusOf(message) > 0 && cseqMethodOf(message) === method)
      .map((message) => statusOf(message));
  }

  /** A call as others name it: for Replaces and Join. */
  naming(call: string): string {
    const dialog = this.dialogs.get(call);
    return `${call};to-tag=${tagOf(dialog?.remote ?? "")};from-tag=${tagOf(dialog?.local ?? "")}`;
  }

  onDatagram(wire: string): void {
    const message = readSip(wire);
    if (statusOf(message) > 0) this.onResponse(message);
    else this.onRequest(message);
  }

  private onRequest(request: SipText): void {
    const method = methodOf(request);
    const isAgain = this.waiting.some(
      (one) => header(one, "via") === header(request, "via") && methodOf(one) === method,
    );
    if (isAgain) return;
    this.waiting.push(request);
    if (method === "ACK") this.waiting.pop();
    const callId = header(request, "call-id");
    if (method === "OPTIONS") {
      this.dialogs.set(callId, this.callee(request, callId));
      this.replies(200, { to: "OPTIONS" });
      return;
    }
    this.received.push(request);
    const dialog = this.dialogs.get(callId);
    this.call = callId;
    if (dialog === undefined) this.dialogs.set(callId, this.callee(request, callId));
    else this.hear(dialog, request);
  }

  /** §12.2.2; a NOTIFY that comes before any answer to its SUBSCRIBE makes the dialog (RFC 6665 §4.4.1). */
  private hear(dialog: Dialog, request: SipText): void {
    if (header(request, "contact") !== "") dialog.target = uriIn(header(request, "contact"));
    if (tagOf(dialog.remote) !== "") return;
    dialog.remote = header(request, "from");
    dialog.routes = headers(request, "record-route");
  }

  private onResponse(response: SipText): void {
    this.received.push(response);
    const status = statusOf(response);
    const dialog = this.dialogs.get(header(response, "call-id"));
    if (dialog === undefined || status === 100) return;
    if (status < 300) this.learn(dialog, response);
    else if (cseqMethodOf(response) === "INVITE") this.acknowledgeFailure(dialog, response);
  }

  /** §12.1.2, §12.2.1.2, §13.2.2.4. */
  private learn(dialog: Dialog, response: SipText): void {
    const method = cseqMethodOf(response);
    if (method === "CANCEL" || method === "PRACK" || method === "BYE") return;
    const isFirst = tagOf(dialog.remote) === "";
    if (isFirst) dialog.routes = [...headers(response, "record-route")].reverse();
    dialog.remote = header(response, "to");
    const contact = header(response, "contact");
    if (contact !== "") dialog.target = uriIn(contact);
  }

  /** §17.1.1.3. */
  private acknowledgeFailure(dialog: Dialog, response: SipText): void {
    const via = header(response, "via").replace(/;(received|rport)=[^;]*/g, "");
    const callId = header(response, "call-id");
    const remote = header(response, "to");
    const uri = dialog.invite?.uri ?? "";
    this.transmit("ACK", { ...dialog, remote, routes: [] }, callId, cseqNumberOf(response), via, uri, {}, 0);
  }

  private open(callId: string, uri: string): Dialog {
    if (uri === "") throw new Error(`${this.name} knows no dialog ${callId}`);
    const local = `<sip:${this.name}@${DOMAIN}>;tag=${this.name}-${callId}`;
    const dialog: Dialog = { local, remote: `<${uri}>`, target: uri, routes: [], cseq: 0, invite: undefined };
    this.dialogs.set(callId, dialog);
    return dialog;
  }

  /** §12.1.1. */
  private callee(request: SipText, callId: string): Dialog {
    const tag = tagOf(header(request, "to")) === "" ? `;tag=${this.name}-${callId}` : "";
    return {
      local: `${header(request, "to")}${tag}`,
      remote: header(request, "from"),
      target: uriIn(header(request, "contact")),
      routes: headers(request, "record-route"),
      cseq: 0,
      invite: undefined,
    };
  }

  private unanswered({ to, call }: Words): SipText {
    const fits = (request: SipText) =>
      (to === undefined || methodOf(request) === to) && (call === undefined || header(request, "call-id") === call);
    const found = this.waiting.filter(fits).pop();
    if (found === undefined) throw new Error(`${this.name} has no ${to ?? "request"} to answer`);
    return found;
  }

  private via(): string {
    this.sent += 1;
    return `SIP/2.0/UDP ${this.at.address}:${this.at.port};branch=z9hG4bK-${this.name}-${this.sent};rport`;
  }

  private transmit(
    method: string,
    dialog: Dialog,
    callId: string,
    cseq: number,
    via: string,
    uri: string,
    words: Words,
    step_ms = STEP_ms,
  ): void {
    const isRefreshing = !["ACK", "CANCEL", "BYE", "PRACK", "INFO", "MESSAGE"].includes(method);
    const lines = [
      `Via: ${via}`,
      "Max-Forwards: 70",
      ...dialog.routes.map((route) => `Route: ${route}`),
      `From: ${dialog.local}`,
      `To: ${dialog.remote}`,
      `Call-ID: ${callId}`,
      `CSeq: ${cseq} ${method}`,
      ...(isRefreshing ? [`Contact: <${words.contact ?? this.contact}>`] : []),
      ...(words.extra ?? []),
    ];
    this.send(write(`${method} ${uri} SIP/2.0`, lines, words.body), this.proxy, step_ms);
  }

  private send(wire: string, to: Address, step_ms = STEP_ms): void {
    this.site.simulation.send(this.at, to, wire);
    const isOptions = cseqMethodOf(readSip(wire)) === "OPTIONS";
    if (step_ms > 0 && !isOptions) this.site.run(step_ms);
  }
}

const PHRASES: Readonly<Record<number, string>> = {
  100: "Trying",
  180: "Ringing",
  181: "Call Is Being Forwarded",
  182: "Queued",
  183: "Session Progress",
  200: "OK",
  202: "Accepted",
  302: "Moved Temporarily",
  401: "Unauthorized",
  403: "Forbidden",
  407: "Proxy Authentication Required",
  412: "Conditional Request Failed",
  422: "Session Interval Too Small",
  480: "Temporarily Unavailable",
  486: "Busy Here",
  487: "Request Terminated",
  489: "Bad Event",
  603: "Decline",
};
