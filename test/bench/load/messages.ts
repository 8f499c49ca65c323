/** What phones and upstream say: messages as long as those of real ones, written once and filled in for each call. */
import { DOMAIN, hopText, type RequestParts, requestText } from "../../sip/build.ts";
import { readSip } from "../../sip/message.ts";
import { hostPort, PROXY } from "../addresses.ts";
import { bracketedUri, headerValue, headerValues } from "./sip-text.ts";

const ALLOW = "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, REFER, NOTIFY, UPDATE, INFO";
const PHONE_AGENT = "User-Agent: BranchPhone 7.20/66.86.0.15";

/** A text with places, "{0}", "{1}" …, taken apart once. */
class Template {
  private readonly texts: readonly string[];
  private readonly places: readonly number[];

  constructor(text: string) {
    const parts = text.split(/\{(\d)\}/);
    this.texts = parts.filter((_, index) => index % 2 === 0);
    this.places = parts.filter((_, index) => index % 2 === 1).map(Number);
  }

  fill(...values: readonly string[]): string {
    let text = this.texts[0] as string;
    for (let place = 0; place < this.places.length; place += 1) {
      text += values[this.places[place] as number] as string;
      text += this.texts[place + 1] as string;
    }
    return text;
  }
}

/** In Call-ID, tags and branches: the number of a call, or of a REGISTER. */
const NUMBER = "{0}";
/** The number that is dialled, or the To of an answer. */
const TO = "{1}";
const TARGET = "{2}";
const ROUTES = "{3}";

/** A phone, or a gateway's line: what it says, by the number of the call. */
export class Line {
  /** The phone's own `host:port`. */
  private readonly address: string;
  private readonly from: string;
  private readonly contact: string;
  private readonly texts: Readonly<Record<"invite" | "refused" | "register" | "options" | "ACK" | "BYE", Template>>;

  /** @param calls the host that it calls, for a gateway: phones call their domain */
  constructor(user: string, address: string, calls?: string) {
    this.address = address;
    this.from = `"Phone ${user}" <sip:${user}@${calls === undefined ? DOMAIN : address}>;tag=c${NUMBER}`;
    this.contact = `sip:${user}@${address}`;
    const { contact } = this;
    const dialled = `sip:${TO}@${calls ?? DOMAIN}`;
    const extra = [ALLOW, "Supported: replaces, 100rel", PHONE_AGENT];
    const invite = this.text("i", "INVITE", dialled, { contact, extra, session: sdp(address) });
    const refused = hopText("ACK", readSip(invite), { uri: dialled, to: TARGET });
    const home = `<sip:${user}@${DOMAIN}>`;
    const self = `sip:${hostPort(PROXY)}`;
    this.texts = {
      invite: new Template(invite),
      refused: new Template(refused),
      // A phone keeps its Call-ID over all its REGISTERs, so it is the CSeq that tells one from the next (RFC 3261 §10.2).
      register: new Template(
        this.text("r", "REGISTER", `sip:${DOMAIN}`, {
          to: home,
          callId: `registration-${user}@bench.invalid`,
          extra: [`Contact: <${contact}>;expires=3600`, ALLOW, PHONE_AGENT],
        }).replace("CSeq: 1 ", `CSeq: ${NUMBER} `),
      ),
      options: new Template(this.text("o", "OPTIONS", self, { extra: [PHONE_AGENT] })),
      ACK: this.inDialog("ACK", 1),
      BYE: this.inDialog("BYE", 2),
    };
  }

  invite(number: number): string {
    return this.texts.invite.fill(String(number), dialled(number));
  }

  /** The ACK for anything but a 2xx belongs to the INVITE's transaction: its Request-URI and branch (RFC 3261 §17.1.1.3). */
  ackRefusal(number: number, refusal: string): string {
    return this.texts.refused.fill(String(number), dialled(number), headerValue(refusal, "To"));
  }

  ack(number: number, ok: string): string {
    return this.within("ACK", number, ok);
  }

  bye(number: number, ok: string): string {
    return this.within("BYE", number, ok);
  }

  register(number: number): string {
    return this.texts.register.fill(String(number));
  }

  /** A request to the proxy itself. */
  options(number: number): string {
    return this.texts.options.fill(String(number));
  }

  /** Target and Route set come from the 2xx (RFC 3261 §12.1.2). */
  private within(method: "ACK" | "BYE", number: number, ok: string): string {
    const target = bracketedUri(headerValue(ok, "Contact"));
    let routes = "";
    for (const route of headerValues(ok, "Record-Route")) routes = `Route: ${route}\r\n${routes}`;
    return this.texts[method].fill(String(number), headerValue(ok, "To"), target, routes);
  }

  private inDialog(method: string, cseq: number): Template {
    const parts = { to: TO, cseq, routes: [ROUTES], extra: [PHONE_AGENT] };
    // As many lines as the Route set has.
    return new Template(this.text(method, method, TARGET, parts).replace(`Route: ${ROUTES}\r\n`, ROUTES));
  }

  private text(transaction: string, method: string, uri: string, parts: Partial<RequestParts>): string {
    return requestText(this.address, {
      method,
      uri,
      from: this.from,
      to: `<${uri}>`,
      callId: `${NUMBER}@bench.invalid`,
      cseq: 1,
      branch: `z9hG4bK-${transaction}-${NUMBER}`,
      ...parts,
    });
  }
}

function dialled(number: number): string {
  return `1${number % 1000}`;
}

function sdp(address: string): string {
  const host = address.slice(0, address.indexOf(":"));
  return [
    "v=0",
    `o=- 20518 0 IN IP4 ${host}`,
    "s=-",
    `c=IN IP4 ${host}`,
    "t=0 0",
    "m=audio 11780 RTP/AVP 8 0 18 101",
    "a=rtpmap:8 PCMA/8000",
    "a=rtpmap:0 PCMU/8000",
    "a=rtpmap:18 G729/8000",
    "a=rtpmap:101 telephone-event/8000",
    "a=fmtp:101 0-15",
    "a=ptime:20",
    "a=sendrecv",
    "",
  ].join("\r\n");
}

function withBody(head: string, body: string): string {
  return `${head}Content-Type: application/sdp\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

/** A response without a body, from the fields that it repeats. */
export function respond(status: string, echoed: string, extra = ""): string {
  return `SIP/2.0 ${status}\r\n${echoed}${extra}Server: HeadOffice PBX 18.9\r\nContent-Length: 0\r\n\r\n`;
}

/** @param address the callee's own `host:port` */
export function ringing(echoed: string, address: string): string {
  return respond("180 Ringing", echoed, calleeContact(address));
}

/** @param address the callee's own `host:port` */
export function answered(echoed: string, address: string): string {
  const head = `SIP/2.0 200 OK\r\n${echoed}${calleeContact(address)}${ALLOW}\r\nServer: HeadOffice PBX 18.9\r\n`;
  return withBody(head, sdp(address));
}

function calleeContact(address: string): string {
  return `Contact: <sip:callee@${address}>\r\n`;
}
