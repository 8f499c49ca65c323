/** Messages of our own, written after the descriptions of RFC 5118 §4: SIP with IPv6, of a phone that sends from an IPv6 address. */
import { requestText } from "../support/messages.ts";
import { inOneRun, type TortureMessage } from "./verdict.ts";

const VIA = "SIP/2.0/UDP [fd00:9::21]:5060;branch=z9hG4bKphone1";
const SDP = [
  "v=0",
  "o=phone 971731711378798081 0 IN IP6 2001:db8::20",
  "s=-",
  "c=IN IP6 2001:db8::20",
  "t=0 0",
  "m=audio 6000 RTP/AVP 0",
  "m=video 6024 RTP/AVP 107",
  "a=rtpmap:107 H263-1998/90000",
  "",
];
const REGISTER = { method: "REGISTER", to: "sip:user@example.com", via: [VIA] };
const TYPE = "Content-Type: application/sdp";

function bye(via: readonly string[]): string {
  return requestText({ method: "BYE", uri: "sip:user@[2001:db8::10]", to: "sip:user@example.com", via });
}

function sdp(changes: Readonly<Record<number, string>> = {}): string {
  return SDP.map((line, index) => changes[index] ?? line).join("\r\n");
}

export const rfc5118Messages: readonly TortureMessage[] = inOneRun([
  [
    "ipv6-good",
    requestText({
      ...REGISTER,
      uri: "sip:[2001:db8::10]",
      callId: "ipv6-good@[2001:db8::9:1]",
      headers: ["Contact: <sip:caller@[2001:db8::1]>"],
    }),
  ],
  ["ipv6-bad", requestText({ ...REGISTER, uri: "sip:2001:db8::10" })],
  ["ipv6-bad/user", requestText({ via: [VIA], uri: "sip:user@2001:db8::10" })],
  ["ipv6-bad/unclosed", requestText({ via: [VIA], uri: "sip:user@[2001:db8::10" })],
  ["ipv6-bad/two-gaps", requestText({ via: [VIA], uri: "sip:user@[2001::db8::10]" })],
  ["port-ambiguous", requestText({ ...REGISTER, uri: "sip:[2001:db8::10:5070]" })],
  ["port-unambiguous", requestText({ ...REGISTER, uri: "sip:[2001:db8::10]:5070" })],
  ["via-received-param-with-delim", bye([`${VIA};received=[2001:db8::9:255]`])],
  ["via-received-param-no-delim", bye([`${VIA};received=2001:db8::9:255`])],
  ["via-received-param-with-delim/behind", bye([VIA, "SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255]"])],
  ["via-received-param-no-delim/folded", bye([`${VIA}\r\n ;received =\r\n 2001:db8::9:255;x=y`])],
  [
    "ipv6-in-sdp",
    requestText({
      via: [VIA],
      uri: "sip:user@[2001:db8::10]",
      headers: ["Contact: <sip:user@[2001:db8::20]>", TYPE],
      body: sdp(),
    }),
  ],
  [
    "mult-ip-in-header",
    requestText({
      method: "OPTIONS",
      uri: "sip:user@host.example.com",
      via: [
        VIA,
        "SIP/2.0/UDP [2001:db8::9:1]:6050;branch=z9hG4bKas3-111",
        "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKas3",
        "SIP/2.0/TCP [2001:db8::9:255];branch=z9hG4bK451jj;received=192.0.2.200",
      ],
      callId: "2001:db8::9:1@[::ffff:192.0.2.1]",
    }),
  ],
  [
    "mult-ip-in-sdp",
    requestText({
      via: [VIA],
      uri: "sip:user@[2001:db8::10]",
      headers: ["Contact: <sip:user@[2001:db8::9:1]>", TYPE],
      body: sdp({
        1: "o=bob 280744730 28977631 IN IP4 host.example.com",
        3: "b=AS:64",
        5: "m=audio 22334 RTP/AVP 0\r\nc=IN IP4 192.0.2.1",
      }),
    }),
  ],
  [
    "ipv4-mapped-ipv6",
    requestText({
      uri: "sip:user@example.com",
      via: [VIA, "SIP/2.0/UDP [::ffff:192.0.2.10]:19823;branch=z9hG4bKbh19", "SIP/2.0/UDP [::ffff:192.0.2.2]"],
      headers: ['Contact: "T. desk phone" <sip:ted@[::ffff:192.0.2.2]>', TYPE],
      body: sdp({ 3: "c=IN IP6 ::ffff:192.0.2.2" }),
    }),
  ],
  ["ipv4-mapped-ipv6/uri", requestText({ via: [VIA], uri: "sip:user@[::FFFF:192.0.2.2]:5062" })],
  ["ipv6-bug-abnf-3-colons", requestText({ method: "OPTIONS", via: [VIA], uri: "sip:user@[2001:db8:::192.0.2.1]" })],
  ["ipv6-correct-abnf-2-colons", requestText({ method: "OPTIONS", via: [VIA], uri: "sip:user@[2001:db8::192.0.2.1]" })],
]);
