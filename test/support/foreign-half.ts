/** A pair of which one half is foreign: branchline at 10.222.237.2, an OpenSIPS or a Kamailio at .3, and .1 moves between them. */
import type { Actor } from "./actor.ts";
import type { Address } from "./simulation.ts";
import { SITE_YAML, Site } from "./site.ts";

export const DOMAIN = "sip:pbx.example.com";
export const HALF: Address = { address: "10.222.237.3", port: 5060 };
export const OWN: Address = { address: "10.222.237.2", port: 5060 };
/** Until upstream, silent, is known to be down. */
export const OUTAGE = 30_000;

const PAIR_YAML = SITE_YAML.replace("[udp:10.222.237.1:5060,", "[udp:10.222.237.1:5060, udp:10.222.237.2:5060,");
export const TO_HALF = `${PAIR_YAML}registration: {copies: {to: ["sip:10.222.237.3"]}}\n`;
export const FROM_HALF = `${PAIR_YAML}registration: {copies: {from: 10.222.237.3}}\n`;
export const BOTH_WAYS = `${PAIR_YAML}registration: {copies: {to: "sip:10.222.237.3", from: [10.222.237.3]}}\n`;

export function pairSite(yaml: string): Site {
  const site = new Site(yaml);
  // As the kernel has it: the router's own address goes before the one that it shares.
  site.routes = (address) => (/^10\./.test(address) ? OWN.address : "203.0.113.2");
  return site;
}

/** The other half: it takes copies, and sends to our own address. */
export function half(site: Site): Actor {
  const actor = site.actor("half", HALF, OWN);
  actor.answers("REGISTER", { status: 200 });
  return actor;
}
