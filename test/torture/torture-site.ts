/** The whole pure core between a phone that sends one torture message and an upstream that answers everything with 200. */
import type { Address, Endpoint, Simulation } from "../support/simulation.ts";
import { LAN, PBX, PHONE, type RouteTable, Site, WAN } from "../support/site.ts";
import type { Outcome } from "./verdict.ts";
import { headerLines, isProbe, nameOf, sentByPort, statusOf } from "./wire-text.ts";

/** Where a message is sent from, and where it should arrive. */
export interface World {
  readonly yaml: string;
  readonly phone: Address;
  readonly pbx: Address;
  /** Our side of the phones, our side of upstream. */
  readonly own: readonly [Address, Address];
  readonly routes: RouteTable;
}

export const IPV4_WORLD: World = {
  yaml: `
listen: [udp:10.222.237.1:5060, udp:203.0.113.2:5060]
localnet: [10.222.237.0/24]
upstream: sip:pbx.example.com
gateways: [sip:10.10.1.3]
`,
  phone: PHONE,
  pbx: PBX,
  own: [LAN, WAN],
  routes: (address) => (/^10\./.test(address) ? LAN.address : WAN.address),
};

export const IPV6_WORLD: World = {
  yaml: `
listen: ["udp:[fd00:9::1]:5060", "udp:[2001:db8:ff::2]:5060"]
localnet: ["fd00:9::/64"]
upstream: sip:pbx.example.com
gateways: ["sip:[fd00:10::3]"]
`,
  phone: { address: "fd00:9::21", port: 5060 },
  pbx: { address: "2001:db8:fe::10", port: 5060 },
  own: [
    { address: "fd00:9::1", port: 5060 },
    { address: "2001:db8:ff::2", port: 5060 },
  ],
  routes: (address) => (address.startsWith("fd00:9:") ? "fd00:9::1" : "2001:db8:ff::2"),
};

export interface Report {
  readonly outcome: Outcome;
  /** What upstream has got. */
  readonly forwarded: readonly string[];
  /** What the phone has got. */
  readonly answers: readonly string[];
  /** Datagrams that went to anybody else. */
  readonly strays: readonly string[];
  /** What the phone's OPTIONS, sent behind it, was answered with. */
  readonly afterwards: number;
}

/** Long enough for the slowest outcome that isn't silence: DNS, the network there and back. */
const LIFE_MS = 1_000;

/** Keeps what it gets, and answers requests as it was told. */
class Witness implements Endpoint {
  readonly received: string[] = [];
  private readonly answer: (wire: string) => void;

  constructor(simulation: Simulation, at: Address, status: number) {
    this.answer = (wire) => {
      if (status > 0 && statusOf(wire) === 0) simulation.send(at, addressOfVia(wire), responseTo(wire, status));
    };
    simulation.attach(at, this);
  }

  onDatagram(wire: string): void {
    this.received.push(wire);
    this.answer(wire);
  }
}

/** Sends `wire` from the phone and tells what came of it. */
export function report(wire: string, world: World): Report {
  const site = new Site(world.yaml);
  site.routes = world.routes;
  for (const name of ["pbx.example.com", "services.example.com"]) site.names.set(name, [world.pbx]);
  const upstream = new Witness(site.simulation, world.pbx, 200);
  const phone = new Witness(site.simulation, world.phone, 0);
  // Without rport, answers go to the port of sent-by (RFC 3261 §18.2.2).
  const port = sentByPort(wire);
  if (port !== undefined) site.simulation.attach({ ...world.phone, port }, phone);
  site.run(LIFE_MS);
  site.simulation.send(world.phone, world.own[0], wire);
  site.run(LIFE_MS);
  const answers = phone.received.splice(0);
  site.simulation.send(world.phone, world.own[0], optionsTo(world.own[0], world.phone));
  site.run(LIFE_MS);
  const known = new Set([world.phone, world.pbx, ...world.own].map(({ address }) => address));
  const strays = site.simulation.sightings.filter(({ to, wire: seen }) => !known.has(to.address) && !isProbe(seen));
  const forwarded = upstream.received.filter((seen) => !isProbe(seen));
  return {
    outcome: outcomeOf(forwarded, answers),
    forwarded,
    answers,
    strays: strays.map(({ to, wire: seen }) => `${keyOf(to)}: ${seen.split("\r\n")[0]}`),
    afterwards: statusOf(phone.received[0] ?? ""),
  };
}

export function outcomeOf(forwarded: readonly string[], answers: readonly string[]): Outcome {
  if (forwarded.length > 0) return "forward";
  return answers.map(statusOf).find((status) => status >= 200) ?? "drop";
}

/** An OPTIONS of `phone` that asks the proxy whether it lives. */
export function optionsTo(proxy: Address, phone: Address, token = "alive"): string {
  return [
    `OPTIONS sip:${hostPort(proxy)} SIP/2.0`,
    `Via: SIP/2.0/UDP ${hostPort(phone)};branch=z9hG4bK${token};rport`,
    "Max-Forwards: 70",
    `From: <sip:phone@example.com>;tag=${token}`,
    `To: <sip:${hostPort(proxy)}>`,
    `Call-ID: ${token}`,
    "CSeq: 1 OPTIONS",
    "Content-Length: 0\r\n\r\n",
  ].join("\r\n");
}

/** A response as a user agent server makes it (RFC 3261 §8.2.6), field by field as they came. */
export function responseTo(request: string, status: number): string {
  const echoed = ["via", "from", "to", "call-id", "cseq"];
  const lines = headerLines(request).filter((line) => echoed.includes(nameOf(line)));
  return `SIP/2.0 ${status} Whatever\r\n${lines.join("\r\n")}\r\nContent-Length: 0\r\n\r\n`;
}

/** Where the sender of the request sits: branchline's own Via is always in plain form. */
function addressOfVia(wire: string): Address {
  const [, host = "", port = ""] = /^Via: SIP\/2\.0\/UDP (\[[^\]]+\]|[^:;]+):?(\d*)/m.exec(wire) ?? [];
  return { address: host.replace(/[[\]]/g, ""), port: Number(port === "" ? 5060 : port) };
}

function keyOf({ address, port }: Address): string {
  return `${address} ${port}`;
}

function hostPort({ address, port }: Address): string {
  return `${address.includes(":") ? `[${address}]` : address}:${port}`;
}
