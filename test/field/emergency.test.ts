/** Emergency calls in every shape in which phones write them: each reaches a gateway, in every state. See cases.md. */
import { describe, expect, it } from "vitest";
import { requestUriOf, statusOf } from "../sip/message.ts";
import type { Actor } from "../support/actor.ts";
import type { Address } from "../support/simulation.ts";
import { GATEWAY, LAN, PBX, PHONE, PHONE_2, Site, WAN } from "../support/site.ts";

const DOMAIN = "pbx.example.com";
/** A name that DNS leads to us, and that the file doesn't have. */
const LEARNED = "router.example.net";
const YAML = `
listen: [udp:10.222.237.1:5060, tcp:10.222.237.1:5060, udp:203.0.113.2:5060]
localnet: [10.222.237.0/24]
names: [branch.example.com]
upstream: sip:${DOMAIN}
gateways: [sip:10.10.1.3]
emergency: ["112", "911"]
extensions: {suffix_digits: 3}
hunt_groups: {default: {members: ["201", "202"]}}
`;

const STATES = ["up", "suspect", "down", "recovering"] as const;
type State = (typeof STATES)[number];

interface Shape {
  readonly uri: string;
  readonly headers?: readonly string[];
  readonly to?: string;
  readonly maxForwards?: number;
  readonly hasNoContact?: true;
  readonly body?: readonly string[];
}

const route = (uri: string) => `Route: <${uri}>`;
const US = route("sip:10.222.237.1;lr");
const AT_PBX = `sip:112@${DOMAIN}`;
const MULTIPART = [
  "Content-Type: multipart/mixed;boundary=b1",
  "Geolocation: <cid:place@10.222.237.21>",
  "Geolocation-Routing: yes",
];
const PARTS = [
  "--b1",
  "Content-Type: application/sdp",
  "",
  "v=0",
  "--b1",
  "Content-Type: application/pidf+xml",
  "",
  "<presence/>",
  "--b1--",
  "",
];

const SHAPES: Readonly<Record<string, Shape>> = {
  "at the PBX's domain": { uri: AT_PBX },
  "at the PBX's domain, through our Route": { uri: AT_PBX, headers: [US] },
  "at the PBX's domain in capitals, with its port": { uri: "SIP:112@PBX.EXAMPLE.COM:5060" },
  "at the PBX's domain with a trailing dot": { uri: `sip:112@${DOMAIN}.` },
  "at the PBX's IP": { uri: "sip:112@198.51.100.10" },
  "at our address": { uri: "sip:112@10.222.237.1" },
  "at our address, through our Route": { uri: "sip:112@10.222.237.1:5060;transport=udp", headers: [US] },
  "at our WAN address": { uri: "sip:112@203.0.113.2" },
  "at our name": { uri: "sip:112@branch.example.com" },
  "at our name, with another port": { uri: "sip:112@branch.example.com:5099" },
  "outbound proxy without ;lr": { uri: "sip:10.222.237.1", headers: [route(AT_PBX)] },
  "outbound proxy by name without ;lr": { uri: "sip:branch.example.com", headers: [route(AT_PBX)] },
  "outbound proxy by a name that only DNS knows, without ;lr": { uri: `sip:${LEARNED}`, headers: [route(AT_PBX)] },
  "outbound proxy without ;lr, twice": { uri: "sip:10.222.237.1", headers: [route("sip:10.222.237.1"), route(AT_PBX)] },
  "outbound proxy without ;lr, a number at our address": {
    uri: "sip:10.222.237.1",
    headers: [route("sip:112@10.222.237.1")],
  },
  "outbound proxy without ;lr, a tel URI": { uri: "sip:10.222.237.1", headers: [route("tel:112")] },
  "outbound proxy without ;lr, a service URN": { uri: "sip:10.222.237.1", headers: [route("urn:service:sos")] },
  "preloaded Route by name": { uri: AT_PBX, headers: [route("sip:Branch.Example.COM.:5060;lr")] },
  "preloaded Route by a name that only DNS knows": { uri: AT_PBX, headers: [route(`sip:${LEARNED};lr`)] },
  "preloaded Route to the PBX behind ours": { uri: AT_PBX, headers: [US, route(`sip:${DOMAIN};lr`)] },
  "a tel URI with a preloaded Route to the PBX": { uri: "tel:112", headers: [route(`sip:${DOMAIN};lr`)] },
  "a service URN with a preloaded Route to the PBX": { uri: "urn:service:sos", headers: [route(`sip:${DOMAIN};lr`)] },
  "preloaded Route elsewhere": { uri: AT_PBX, headers: [route("sip:192.0.2.99;lr")] },
  "at another phone's address": { uri: "sip:112@10.222.237.22:5060" },
  "at the caller's own address": { uri: "sip:112@10.222.237.21:5060;line=7" },
  "at a gateway's address": { uri: "sip:112@10.10.1.3" },
  "at an unknown host": { uri: "sip:112@sos.example.org" },
  "at an unknown address": { uri: "sip:112@192.0.2.77" },
  "at a name of .invalid": { uri: "sip:112@anonymous.invalid" },
  "with maddr": { uri: `sip:112@${DOMAIN};maddr=10.222.237.1` },
  "tel:112": { uri: "tel:112" },
  "tel:112 through our Route": { uri: "TEL:112", headers: [US] },
  "tel: with phone-context": { uri: "tel:112;phone-context=+49" },
  "tel: with phone-context of a domain": { uri: `tel:1-1-2;phone-context=${DOMAIN}` },
  "with ;user=phone": { uri: `${AT_PBX};user=phone` },
  "with ;phone-context": { uri: `sip:112;phone-context=+49@${DOMAIN};user=phone` },
  "with a password": { uri: `sip:112:secret@${DOMAIN}` },
  escaped: { uri: `sip:%31%31%32@${DOMAIN}` },
  "with hyphens": { uri: `sip:1-1-2@${DOMAIN}` },
  "with a space": { uri: `sip:1%2012@${DOMAIN}` },
  "with dots and parentheses": { uri: `sip:(1)1.2@${DOMAIN}` },
  "with # behind it": { uri: `sip:112#@${DOMAIN}` },
  "with %23 behind it": { uri: `sip:112%23@${DOMAIN}` },
  "with 0 before it": { uri: `sip:0112@${DOMAIN}` },
  "with an escaped 0 before it, as a tel URI": { uri: "tel:0-112" },
  "with 9 before it": { uri: `sip:9112@${DOMAIN}` },
  "urn:service:sos": { uri: "urn:service:sos" },
  "urn:service:sos.fire": { uri: "urn:service:sos.fire" },
  "URN:Service:SOS.police through our Route": { uri: "URN:Service:SOS.police", headers: [US] },
  "sips: where there is no TLS": { uri: `sips:112@${DOMAIN}` },
  "sips: at our address where there is no TLS": {
    uri: "sips:112@10.222.237.1",
    headers: [route("sips:10.222.237.1;lr")],
  },
  "sips: in Route, without ;lr": { uri: "sips:10.222.237.1", headers: [route(`sips:112@${DOMAIN}`)] },
  "with header fields in the URI": { uri: `${AT_PBX}?Priority=emergency` },
  "with Replaces": { uri: AT_PBX, headers: ["Replaces: x@y;to-tag=1;from-tag=2", "Require: replaces"] },
  "with Require: 100rel": { uri: AT_PBX, headers: ["Require: 100rel"] },
  "with Proxy-Require": { uri: AT_PBX, headers: ["Proxy-Require: sec-agree"] },
  "with Referred-By": { uri: AT_PBX, headers: [`Referred-By: <sip:202@${DOMAIN}>`] },
  "with a To tag of no dialog": { uri: AT_PBX, to: `<${AT_PBX}>;tag=stale` },
  "with a To tag of no dialog, through our Route": {
    uri: "sip:112@10.222.237.1",
    headers: [US],
    to: "<sip:112@10.222.237.1>;tag=stale",
  },
  "with a Max-Forwards of 1": { uri: AT_PBX, maxForwards: 1 },
  "without Contact": { uri: AT_PBX, hasNoContact: true },
  "with a multipart body": { uri: AT_PBX, headers: MULTIPART, body: PARTS },
  "with an anonymous caller": { uri: AT_PBX, headers: ["Privacy: id"] },
};

interface Setting {
  readonly state: State;
  readonly isRegistered: boolean;
  readonly protocol: "udp" | "tcp";
}

const SETTINGS: readonly Setting[] = STATES.flatMap((state) =>
  [true, false].flatMap((isRegistered) =>
    (["udp", "tcp"] as const).map((protocol) => ({ state, isRegistered, protocol })),
  ),
);

function office(setting: Setting) {
  const site = new Site(YAML);
  site.names.set(DOMAIN, [PBX]);
  site.names.set(LEARNED, [LAN]);
  const pbx = site.actor("pbx", PBX, WAN).answers("INVITE", { status: 200 }).answers("REGISTER", { status: 200 });
  const gateway = site.actor("gateway", GATEWAY).answers("INVITE", { status: 200, after_ms: 50 });
  const at: Address = setting.protocol === "tcp" ? { ...PHONE, protocol: "tcp" } : PHONE;
  const phone = site.actor("201", at);
  if (setting.protocol === "tcp") phone.connects(40_001);
  const other = site.actor("202", PHONE_2).answers("INVITE", { status: 200 });
  site.run(1_000);
  if (setting.isRegistered) phone.request("REGISTER", `sip:${DOMAIN}`);
  other.request("REGISTER", `sip:${DOMAIN}`);
  site.run(500);
  for (const state of STATES.slice(0, STATES.indexOf(setting.state) + 1)) reach(site, state);
  site.simulation.sightings.length = 0;
  return { site, pbx, gateway, phone, other };
}

/** Lets upstream fall, or come back, until its state is this one. */
function reach(site: Site, state: State): void {
  site.simulation.silence(PBX, state === "suspect" || state === "down");
  for (let step = 0; step < 400 && stateOf(site) !== state; step++) site.run(500);
  expect(stateOf(site)).toBe(state);
}

const stateOf = (site: Site) => site.status().upstream[0]?.state;

function send(phone: Actor, { uri, headers = [], to, maxForwards = 70, hasNoContact, body = [] }: Shape): void {
  const transport = (phone.at.protocol ?? "udp").toUpperCase();
  const text = body.join("\r\n");
  const lines = [
    `INVITE ${uri} SIP/2.0`,
    `Via: SIP/2.0/${transport} ${phone.hostPort};branch=z9hG4bK-${phone.name}-sos;rport`,
    `Max-Forwards: ${maxForwards}`,
    `From: <sip:${phone.name}@${DOMAIN}>;tag=${phone.name}-tag`,
    `To: ${to ?? `<${uri}>`}`,
    `Call-ID: sos-${phone.name}`,
    "CSeq: 1 INVITE",
    ...(hasNoContact === true ? [] : [`Contact: <${phone.contactUri}>`]),
    ...headers,
    `Content-Length: ${text.length}`,
  ];
  phone.send(`${lines.join("\r\n")}\r\n\r\n${text}`);
}

const invites = (actor: Actor) => actor.requests("INVITE").map(({ message }) => requestUriOf(message));
const answers = (actor: Actor) =>
  actor.received.map(({ message }) => statusOf(message)).filter((status) => status > 100);
/** Where INVITEs have gone, those that came to us left out. */
const asked = (site: Site) =>
  site.simulation.sightings
    .filter(
      ({ wire, from }) => wire.startsWith("INVITE ") && (from.address === LAN.address || from.address === WAN.address),
    )
    .map(({ to }) => to.address);

describe("a phone's emergency call goes to a gateway first, as digits, whatever upstream's state", () => {
  it.each(Object.entries(SHAPES))("%s", (_, shape) => {
    for (const setting of SETTINGS) {
      const { site, gateway, phone, other } = office(setting);
      phone.received.length = 0;
      send(phone, shape);
      site.run(1_000);
      const seen = {
        ...setting,
        gateway: invites(gateway),
        asked: asked(site),
        answers: answers(phone),
        rings: invites(other),
      };
      expect(seen).toEqual({
        ...setting,
        gateway: ["sip:112@10.10.1.3"],
        asked: [GATEWAY.address],
        answers: [200],
        rings: [],
      });
    }
  });
});
