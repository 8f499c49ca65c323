/** What phones and upstream say: messages as long as those of real ones, as templates. */
import { DOMAIN, hostPort, PROXY } from "../addresses.ts";
import { bracketedUri, headerValue, headerValues } from "./sip-text.ts";

/** What a request is filled in with. */
export interface Identity {
  /** Number in the Call-ID, tags and branches. */
  readonly number: number;
  /** User part of the phone. */
  readonly user: string;
  /** The phone's own `host:port`. */
  readonly address: string;
  /** The host that it calls, for a gateway: phones call their domain. */
  readonly calls?: string;
}

const ALLOW = "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, REFER, NOTIFY, UPDATE, INFO\r\n";
const PHONE_AGENT = "User-Agent: BranchPhone 7.20/66.86.0.15\r\n";

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

function via({ number, address }: Identity, transaction: string): string {
  return `Via: SIP/2.0/UDP ${address};branch=z9hG4bK-${transaction}-${number};rport\r\nMax-Forwards: 70\r\n`;
}

function from({ number, user, address, calls }: Identity): string {
  const home = calls === undefined ? DOMAIN : address;
  return `From: "Phone ${user}" <sip:${user}@${home}>;tag=c${number}\r\n`;
}

function dialled({ number, calls = DOMAIN }: Identity): string {
  return `sip:1${number % 1000}@${calls}`;
}

function callId({ number }: Identity): string {
  return `Call-ID: ${number}@bench.invalid\r\n`;
}

function contact({ user, address }: Identity): string {
  return `Contact: <sip:${user}@${address}>`;
}

export function invite(caller: Identity): string {
  const head =
    `INVITE ${dialled(caller)} SIP/2.0\r\n${via(caller, "i")}${from(caller)}To: <${dialled(caller)}>\r\n` +
    `${callId(caller)}CSeq: 1 INVITE\r\n${contact(caller)}\r\n${ALLOW}Supported: replaces, 100rel\r\n${PHONE_AGENT}`;
  return withBody(head, sdp(caller.address));
}

/** The start of every in-dialog request: target and Route set come from the 2xx (RFC 3261 §12.1.2). */
function inDialog(method: string, caller: Identity, ok: string): string {
  const target = bracketedUri(headerValue(ok, "Contact"));
  let routes = "";
  for (const route of headerValues(ok, "Record-Route")) routes = `Route: ${route}\r\n${routes}`;
  return (
    `${method} ${target} SIP/2.0\r\n${via(caller, method)}${routes}${from(caller)}` +
    `To: ${headerValue(ok, "To")}\r\n${callId(caller)}`
  );
}

export function ack(caller: Identity, ok: string): string {
  return `${inDialog("ACK", caller, ok)}CSeq: 1 ACK\r\n${PHONE_AGENT}Content-Length: 0\r\n\r\n`;
}

export function bye(caller: Identity, ok: string): string {
  return `${inDialog("BYE", caller, ok)}CSeq: 2 BYE\r\n${PHONE_AGENT}Content-Length: 0\r\n\r\n`;
}

/** The ACK for anything but a 2xx belongs to the INVITE's transaction: its Request-URI and branch (RFC 3261 §17.1.1.3). */
export function ackRefusal(caller: Identity, refusal: string): string {
  return (
    `ACK ${dialled(caller)} SIP/2.0\r\n${via(caller, "i")}${from(caller)}To: ${headerValue(refusal, "To")}\r\n` +
    `${callId(caller)}CSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n`
  );
}

/** A phone keeps its Call-ID over all its REGISTERs, so it is the CSeq that tells one from the next (RFC 3261 §10.2). */
export function register(phone: Identity): string {
  return (
    `REGISTER sip:${DOMAIN} SIP/2.0\r\n${via(phone, "r")}${from(phone)}To: <sip:${phone.user}@${DOMAIN}>\r\n` +
    `Call-ID: registration-${phone.user}@bench.invalid\r\nCSeq: ${phone.number} REGISTER\r\n${contact(phone)};expires=3600\r\n${ALLOW}` +
    `${PHONE_AGENT}Content-Length: 0\r\n\r\n`
  );
}

/** A request to the proxy itself. */
export function options(phone: Identity): string {
  const self = `sip:${hostPort(PROXY)}`;
  return (
    `OPTIONS ${self} SIP/2.0\r\n${via(phone, "o")}${from(phone)}To: <${self}>\r\n` +
    `${callId(phone)}CSeq: 1 OPTIONS\r\n${PHONE_AGENT}Content-Length: 0\r\n\r\n`
  );
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
  const head = `SIP/2.0 200 OK\r\n${echoed}${calleeContact(address)}${ALLOW}Server: HeadOffice PBX 18.9\r\n`;
  return withBody(head, sdp(address));
}

function calleeContact(address: string): string {
  return `Contact: <sip:callee@${address}>\r\n`;
}
