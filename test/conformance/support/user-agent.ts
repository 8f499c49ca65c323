/** A user agent that says what a flow of an RFC says, message by message, and keeps its dialogs as §12 wants. */
import { type Address, hostPort } from "../../sip/address.ts";
import { DOMAIN, hopText, requestText, responseText } from "../../sip/build.ts";
import { Dialog } from "../../sip/dialog.ts";
import {
  cseqMethodOf,
  header,
  list,
  methodOf,
  readSip,
  type SipText,
  statusOf,
  tagOf,
  uriIn,
  viaAddress,
} from "../../sip/message.ts";
import { VirtualWire } from "../../sip/virtual-wire.ts";
import type { Address as Place } from "../../support/simulation.ts";
import { LAN, type Site } from "../../support/site.ts";

/** Between two messages of a flow: enough for one to arrive, too little for a retransmission. */
const STEP_ms = 20;

/** The last INVITE sent in a call. */
interface Asked {
  readonly invite: SipText;
  readonly uri: string;
  readonly cseq: number;
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

export class UserAgent {
  readonly name: string;
  readonly received: SipText[] = [];
  /** A Record-Route entry of the proxy that it sits behind: put on top of what its answers carry. */
  behind = "";
  private readonly site: Site;
  private readonly at: Address;
  private readonly proxy: Address;
  private readonly wire: VirtualWire;
  /** By Call-ID. */
  private readonly dialogs = new Map<string, Dialog>();
  private readonly asked = new Map<string, Asked>();
  private readonly waiting: SipText[] = [];
  private call = "";
  private sent = 0;

  constructor(site: Site, name: string, at: Place, proxy: Place = LAN) {
    this.site = site;
    this.name = name;
    this.at = { host: at.address, port: at.port };
    this.proxy = { host: proxy.address, port: proxy.port };
    site.name(name, at);
    this.wire = new VirtualWire(site.simulation, at, (wire) => this.receive(readSip(wire)));
  }

  get contact(): string {
    return `sip:${this.name}@${hostPort(this.at)}`;
  }

  /** Sends a request: within the dialog of its Call-ID where there is one. */
  sends(method: string, words: Words = {}): void {
    const callId = words.call ?? (words.uri === undefined ? this.call : `${this.name}-call-${this.sent + 1}`);
    this.call = callId;
    const dialog = this.dialogs.get(callId) ?? this.open(callId, words.uri ?? "");
    const parts = method === "ACK" ? dialog.request(method, this.asked.get(callId)?.cseq ?? 0) : dialog.request(method);
    this.sent += 1;
    const isRefreshing = !["ACK", "BYE", "PRACK", "INFO", "MESSAGE"].includes(method);
    const contact = isRefreshing ? (words.contact ?? this.contact) : undefined;
    const { extra, body } = words;
    const branch = `z9hG4bK-${this.name}-${this.sent}`;
    const wire = requestText(hostPort(this.at), { ...parts, branch, contact, extra, body });
    if (method === "INVITE") this.asked.set(callId, { invite: readSip(wire), uri: parts.uri, cseq: parts.cseq });
    this.send(wire);
  }

  /** CANCEL for the last INVITE of the call. */
  cancels({ call = this.call, extra }: Words = {}): void {
    const asked = this.asked.get(call);
    if (asked === undefined) throw new Error(`${this.name} has no INVITE to cancel`);
    this.send(hopText("CANCEL", asked.invite, { uri: asked.uri, extra }));
  }

  /** Answers the last request that waits for it. */
  replies(status: number, words: Words = {}): void {
    const request = this.unanswered(words);
    const callId = header(request, "call-id");
    this.call = callId;
    if (status >= 200) this.waiting.splice(this.waiting.indexOf(request), 1);
    const isRefreshing = status > 100 && status < 300 && cseqMethodOf(request) !== "CANCEL";
    const parts = {
      toTag: status === 100 ? "" : tagOf(this.dialogs.get(callId)?.local ?? ""),
      recordRoutes: this.behind === "" ? [] : [this.behind],
      contact: isRefreshing ? (words.contact ?? this.contact) : undefined,
      extra: words.extra,
      body: words.body,
    };
    this.send(responseText(request, status, parts), viaAddress(request));
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
    if (dialog === undefined) throw new Error(`${this.name} knows no call ${call}`);
    return dialog.name;
  }

  private receive(message: SipText): void {
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
      this.dialogs.set(callId, Dialog.ofCallee(request, `${this.name}-${callId}`));
      this.replies(200, { to: "OPTIONS" });
      return;
    }
    this.received.push(request);
    const dialog = this.dialogs.get(callId);
    this.call = callId;
    if (dialog === undefined) this.dialogs.set(callId, Dialog.ofCallee(request, `${this.name}-${callId}`));
    else this.hear(dialog, request);
  }

  /** §12.2.2; a NOTIFY that comes before any answer to its SUBSCRIBE makes the dialog (RFC 6665 §4.4.1). */
  private hear(dialog: Dialog, request: SipText): void {
    if (header(request, "contact") !== "") dialog.target = uriIn(header(request, "contact"));
    if (tagOf(dialog.remote) !== "") return;
    dialog.remote = header(request, "from");
    dialog.routes = list(request, "record-route");
  }

  private onResponse(response: SipText): void {
    this.received.push(response);
    const status = statusOf(response);
    const dialog = this.dialogs.get(header(response, "call-id"));
    if (dialog === undefined || status === 100) return;
    if (status < 300) this.learn(dialog, response);
    else if (cseqMethodOf(response) === "INVITE") this.acknowledgeFailure(response);
  }

  /** §12.1.2, §12.2.1.2, §13.2.2.4. */
  private learn(dialog: Dialog, response: SipText): void {
    const method = cseqMethodOf(response);
    if (method === "CANCEL" || method === "PRACK" || method === "BYE") return;
    const isFirst = tagOf(dialog.remote) === "";
    if (isFirst) dialog.routes = list(response, "record-route").reverse();
    dialog.remote = header(response, "to");
    const contact = header(response, "contact");
    if (contact !== "") dialog.target = uriIn(contact);
  }

  /** §17.1.1.3. */
  private acknowledgeFailure(response: SipText): void {
    const uri = this.asked.get(header(response, "call-id"))?.uri ?? "";
    this.send(hopText("ACK", response, { uri }), this.proxy, 0);
  }

  private open(callId: string, uri: string): Dialog {
    if (uri === "") throw new Error(`${this.name} knows no dialog ${callId}`);
    const local = `<sip:${this.name}@${DOMAIN}>;tag=${this.name}-${callId}`;
    const dialog = new Dialog({ callId, local, remote: `<${uri}>`, target: uri, routes: [], cseq: 0 });
    this.dialogs.set(callId, dialog);
    return dialog;
  }

  private unanswered({ to, call }: Words): SipText {
    const fits = (request: SipText) =>
      (to === undefined || methodOf(request) === to) && (call === undefined || header(request, "call-id") === call);
    const found = this.waiting.filter(fits).pop();
    if (found === undefined) throw new Error(`${this.name} has no ${to ?? "request"} to answer`);
    return found;
  }

  private send(wire: string, to = this.proxy, step_ms = STEP_ms): void {
    this.wire.send(wire, to);
    const isOptions = cseqMethodOf(readSip(wire)) === "OPTIONS";
    if (step_ms > 0 && !isOptions) this.site.run(step_ms);
  }
}
