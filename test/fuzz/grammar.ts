/** Messages from a grammar: mostly sound, and out of words that mean something to the sites that are fuzzed. */
import { CALL_ID, FROM, TO } from "../../src/message/header-names.ts";
import { parse } from "../../src/message/parse.ts";
import { answerText } from "../support/messages.ts";
import type { Memory } from "./memory.ts";
import type { Rng } from "./rng.ts";
import { ORIGINS, type Origin } from "./sites.ts";

const METHODS = [
  ..."INVITE INVITE INVITE INVITE INVITE INVITE REGISTER REGISTER REGISTER OPTIONS SUBSCRIBE MESSAGE".split(" "),
  ..."BYE BYE ACK CANCEL CANCEL INFO PRACK UPDATE REFER NOTIFY PUBLISH invite X-Y!".split(" "),
];
const USERS = [
  ..."201 202 203 201 202 5550201 5550 112 911 00491234 015123 0301234 +49301234 default * anonymous".split(" "),
  ..."0112 9112 112%23 %30900123 %0d%0a constructor __proto__ 202;phone-context=a 5550100;npdi;rn=+4930 +49-30-1".split(
    " ",
  ),
  "a;b=c",
  "%32%30%31",
  "2~0~1",
];
const HOSTS = [
  ..."pbx.example.com pbx.example.com pbx2.example.com phone.example.com gw.example.com me.example.com".split(" "),
  ..."198.51.100.10 10.10.1.3 10.10.1.4 10.10.1.3:5070 10.222.237.1 10.222.237.1:5060 203.0.113.2 10.222.237.21".split(
    " ",
  ),
  ..."router.example.com router.example.com:5060 203.0.113.2:5060 phone7.example.com 127.0.0.1".split(" "),
  ..."10.222.237.22:5062 10.222.237.30 10.222.237.99 192.0.2.66 nowhere.invalid [2001:db8::1] [::1]:5070 10.10.259".split(
    " ",
  ),
];
const ODD_URIS = [
  ..."tel:+49301 urn:service:sos urn:service:sos.fire sips:201@pbx.example.com sip: sip:@ sip:a@ http://x * sip:[::".split(
    " ",
  ),
  ..."tel:202 tel:+49-30-555;phone-context=a tel:%0d sip:10.222.237.1 sip:203.0.113.2;lr sip:me.example.com;lr".split(
    " ",
  ),
  ..."sip:0900@10.222.237.21;maddr=10.10.1.3 sip:0900@10.10.1.3;maddr=203.0.113.2 sip:0900123@gw.example.com".split(
    " ",
  ),
  "sip:pbx.example.com",
  "sip:201@pbx.example.com;gr=urn:uuid:1?Subject=a",
  "sip:201@pbx.example.com:99999",
];
const STATUSES = [
  100, 180, 181, 183, 200, 200, 202, 301, 302, 380, 401, 404, 407, 408, 423, 480, 486, 487, 500, 503, 600, 603, 699,
];
const BODY =
  "v=0\r\no=- 1 1 IN IP4 10.222.237.21\r\ns=-\r\nc=IN IP4 10.222.237.21\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n";
const EXTRAS: readonly ((rng: Rng, memory: Memory) => string)[] = [
  () => "Supported: path, outbound",
  () => "k: ",
  (rng) => `Expires: ${rng.pick(["0", "1", "60", "3600", "4294967296", "-1", "x"])}`,
  (rng) => `Event: ${rng.pick(["presence", "dialog;id=1", "message-summary", ""])}`,
  (rng) => `Session-Expires: ${rng.pick(["90", "1800;refresher=uac", "0", "99999999999"])}`,
  () => "P-Asserted-Identity: <sip:201@pbx.example.com>, <tel:+4930>",
  () => 'Proxy-Authorization: Digest username="a", nonce="b, c"',
  (rng) => `Proxy-Require: ${rng.pick(["foo", "", "path,, gruu"])}`,
  () => 'Reason: SIP;cause=200;text="x, y"',
  () => "Timestamp: 54.1 0.5",
  (rng) => `Max-Forwards: ${rng.pick(["0", "1", "255", "256", "x", ""])}`,
  () => "Subject: folded\r\n over\r\n\tlines",
  (rng, memory) => `Record-Route: ${anyRoute(rng, memory)}`,
  (rng, memory) => `Path: ${anyRoute(rng, memory)}`,
  (rng, memory) => `Route: ${anyRoute(rng, memory)}`,
  (rng, memory) => `Route: ${anyRoute(rng, memory)}, ${anyRoute(rng, memory)}`,
  () => "Privacy: id",
  () => "Replaces: a;to-tag=1;from-tag=2",
  () => "Referred-By: <sip:201@pbx.example.com>",
  () => "Require: 100rel",
  (rng, memory) => `Route: <${anyUri(rng, memory)}>`,
  () => "Refer-To: <sip:203@pbx.example.com?Replaces=a%3Bto-tag%3D1>",
  () => "Alert-Info: <http://x/y>",
];

/** The next message that `origin` might send. */
export function compose(rng: Rng, memory: Memory, origin: Origin): string {
  const kind = rng.below(20);
  if (kind < 3 && memory.asked.length > 0) return anyResponse(rng, memory);
  if (kind < 4 && memory.asked.length > 0) return rng.pick(memory.asked).wire; // it has come back to us
  if (kind < 7 && memory.dialogs.length > 0) return inDialog(rng, memory, origin);
  return newRequest(rng, memory, origin);
}

/** A CANCEL, an ACK or a repetition with the branch of an earlier request. */
export function echo(rng: Rng, wire: string): string {
  const earlier = parse(wire);
  if (earlier.kind !== "request") return wire;
  const method = rng.pick(["CANCEL", "CANCEL", "ACK", "PRACK"]);
  const via = earlier.wire.slice(earlier.topVia.start, earlier.topVia.end);
  return (
    `${method} ${earlier.requestUri} SIP/2.0\r\nVia: ${via}\r\n${earlier.lines(FROM)}${earlier.lines(TO)}` +
    `${earlier.lines(CALL_ID)}CSeq: ${earlier.cseqNumber} ${method}\r\nContent-Length: 0\r\n\r\n`
  );
}

function newRequest(rng: Rng, memory: Memory, origin: Origin): string {
  const method = rng.pick(METHODS);
  const isRegister = method === "REGISTER";
  const user = rng.pick(USERS);
  const uri = isRegister && rng.chance(0.9) ? `sip:${rng.pick(HOSTS)}` : anyUri(rng, memory);
  const to = isRegister ? `<sip:${user}@pbx.example.com>` : `${rng.chance(0.1) ? '"a, \\"b" ' : ""}<${uri}>`;
  const lines = [
    `${rng.chance(0.1) ? "v" : "Via"}: ${via(rng, origin)}`,
    ...(rng.chance(0.1) ? [`Via: SIP/2.0/UDP 10.9.9.9;branch=z9hG4bKx, SIP/2.0/TCP ${rng.pick(HOSTS)}`] : []),
    ...(rng.chance(0.9) ? ["Max-Forwards: 70"] : []),
    `${rng.chance(0.1) ? "f" : "From"}: ${rng.chance(0.1) ? "" : '"Phone" '}<sip:${user}@pbx.example.com>;tag=${rng.token(5)}`,
    `${rng.chance(0.1) ? "t" : "To"}: ${to}${rng.chance(0.05) ? ";tag=known" : ""}`,
    `Call-ID: ${rng.chance(0.1) && memory.asked.length > 0 ? rng.pick(memory.asked).callId : rng.token(9)}`,
    `CSeq: ${1 + rng.below(3)} ${method}`,
    ...contacts(rng, origin, isRegister),
    ...extras(rng, memory),
  ];
  return finish(rng, `${method} ${uri} SIP/2.0`, lines, method === "INVITE" && rng.chance(0.6) ? BODY : "");
}

function inDialog(rng: Rng, memory: Memory, origin: Origin): string {
  const { callId, from, to, routes, target } = rng.pick(memory.dialogs);
  const method = rng.pick(["BYE", "BYE", "ACK", "INVITE", "UPDATE", "INFO", "REFER", "NOTIFY", "CANCEL", "MESSAGE"]);
  const isCallee = rng.chance(0.4);
  const lines = [
    `Via: ${via(rng, origin)}`,
    "Max-Forwards: 68",
    ...(isCallee ? routes : [...routes].reverse()).map((route) => `Route: ${route}`),
    `From: ${isCallee ? to : from}`,
    `To: ${isCallee ? from : to}`,
    `Call-ID: ${callId}`,
    `CSeq: ${1 + rng.below(9)} ${method}`,
    ...extras(rng, memory),
  ];
  const uri = rng.chance(0.8) ? target : anyUri(rng, memory);
  return finish(rng, `${method} ${uri} SIP/2.0`, lines, "");
}

function anyResponse(rng: Rng, memory: Memory): string {
  const request = rng.pick(memory.asked);
  const extra = rng.chance(0.5) ? contacts(rng, "phone2", request.method === "REGISTER") : [];
  if (rng.chance(0.2))
    extra.push(`Contact: <${anyUri(rng, memory)}>;q=${rng.pick(["1", "0.5", "NaN", "Infinity", ""])}`);
  if (rng.chance(0.2)) extra.push(`Record-Route: ${anyRoute(rng, memory)}`);
  if (rng.chance(0.1)) extra.push('WWW-Authenticate: Digest realm="x"');
  const wire = answerText(request, rng.pick(STATUSES), rng.pick(["peer", "peer2", ""]), extra);
  return rng.chance(0.1) ? wire.replace(/CSeq: \d+ \w+/, `CSeq: 1 ${rng.pick(METHODS)}`) : wire;
}

function finish(rng: Rng, start: string, lines: readonly string[], body: string): string {
  const length = rng.chance(0.05) ? rng.below(500) : body.length;
  const announced = rng.chance(0.05) ? [] : [`${rng.chance(0.1) ? "l" : "Content-Length"}: ${length}`];
  const trailer = rng.chance(0.03) ? "\r\nextra" : "";
  return `${[start, ...lines, ...announced].join("\r\n")}\r\n\r\n${body}${trailer}`;
}

function via(rng: Rng, origin: Origin): string {
  const { address, port } = ORIGINS[origin];
  const branch = rng.chance(0.95) ? `;branch=z9hG4bK${rng.token(7)}` : rng.pick(["", ";branch=old", ";branch=z9hG4bK"]);
  const host = rng.chance(0.9) ? `${address}:${port}` : rng.pick(HOSTS);
  return `SIP/2.0/${rng.chance(0.95) ? "UDP" : "TCP"} ${host}${branch}${rng.chance(0.7) ? ";rport" : ""}`;
}

function contacts(rng: Rng, origin: Origin, isRegister: boolean): string[] {
  if (isRegister && rng.chance(0.1)) return ["Contact: *", "Expires: 0"];
  if (rng.chance(0.1)) return [];
  const { address, port } = ORIGINS[origin];
  const place = isRegister && rng.chance(0.2) ? rng.pick(HOSTS) : `${address}:${port}`;
  const own = `<sip:${rng.pick(USERS)}@${place}>`;
  const more = isRegister ? rng.pick([";expires=60", ";expires=0", ";q=0.5", ';+sip.instance="<urn:uuid:1>"', ""]) : "";
  const value = rng.chance(0.9) ? own + more : `<${rng.pick(ODD_URIS)}>${more}, ${own}`;
  return [`${rng.chance(0.1) ? "m" : "Contact"}: ${value}`];
}

function extras(rng: Rng, memory: Memory): string[] {
  const lines: string[] = [];
  while (rng.chance(0.4)) lines.push(rng.pick(EXTRAS)(rng, memory));
  return lines;
}

function anyUri(rng: Rng, memory: Memory): string {
  const kind = rng.below(20);
  if (kind === 0) return rng.pick(ODD_URIS);
  if (kind === 1 && memory.tokens.length > 0) return rng.pick(memory.tokens).slice(1, -1).replace(/;lr$/, "");
  return `sip:${rng.pick(USERS)}@${rng.pick(HOSTS)}${rng.chance(0.1) ? rng.pick([";lr", ";transport=tcp", ";gr=x", "?a=b"]) : ""}`;
}

function anyRoute(rng: Rng, memory: Memory): string {
  if (memory.tokens.length > 0 && rng.chance(0.5)) return rng.pick(memory.tokens);
  return `<sip:${rng.chance(0.5) ? "" : "x@"}${rng.pick(HOSTS)}${rng.chance(0.9) ? ";lr" : ""}>`;
}
