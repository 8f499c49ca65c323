/** What the router's surroundings say about the site: the answer that is offered with each question. */
import { IpRange, ipVersion, isPrivate } from "../../base/ip-range.ts";
import { hostText, parseSipUri, SIP_PORT, splitHostPort } from "../../message/uri.ts";
import { defaultPort, type Protocol } from "../../transport/flow.ts";
import { hopOf } from "../../transport/locator.ts";
import type { Draft, Given, Key } from "./draft.ts";
import { type Heard, isGateway } from "./heard.ts";
import { type Interface, interfaceTowards, isOfLan, type Network, networkOf } from "./network.ts";

export interface Facts {
  readonly network: Network;
  readonly heard: readonly Heard[];
}

const ANYWHERE = "0.0.0.0";
/** Where no phone is: this host, tunnels, containers. */
const NO_LAN = /^(lo|docker|veth|virbr|br-[0-9a-f]{12}|tun|tap|wg|vtun|vti|ipsec|ppp|sit|gre|ifb|dummy)/;

/** Interfaces with the private addresses of a LAN; the one towards the internet only where there is no other. */
function lans({ interfaces, routes }: Network): Interface[] {
  const inside = interfaces.filter((one) => isOfLan(one) && one.prefix_bits <= 30 && !NO_LAN.test(one.name));
  const inner = inside.filter(({ name }) => !routes.some((route) => route.mask === 0 && route.name === name));
  return inner.length > 0 ? inner : inside;
}

/** Where phones may be heard: on the addresses that were given, else on each LAN. */
export function earsOf(
  network: Network,
  { listen = "" }: Given,
): { readonly address: string; readonly port: number }[] {
  const given = listen.split(/[\s,]+/).flatMap((word) => {
    const [, address, port] = /((?:\d+\.){3}\d+)(?::(\d+))?$/.exec(word) ?? [];
    return address === undefined ? [] : [{ address, port: Number(port ?? SIP_PORT) }];
  });
  return given.length > 0 ? given : lans(network).map(({ address }) => ({ address, port: SIP_PORT }));
}

/** Addresses to ask from one of ours: those in its network that the host has heard of. */
export function neighboursOf({ interfaces, neighbours }: Network, own: string): string[] {
  const near = interfaces.filter(({ address }) => address === own).map(networkOf);
  return neighbours.map(({ address }) => address).filter((address) => isIn(near, address));
}

/** What there is, a line for each interface and each phone or gateway. */
export function seenText({ network, heard }: Facts): string {
  const { interfaces, neighbours, dynamic } = network;
  const outer = interfaceTowards(network, ANYWHERE);
  const lines = interfaces.map(({ name, address, prefix_bits }) => {
    const more = `${name === outer ? ", default route" : ""}${dynamic.includes(name) ? ", address may change" : ""}`;
    return `${name}: ${address}/${prefix_bits}${more}`;
  });
  for (const { address, user, domain, agent } of heard) {
    lines.push(`${address}: ${user === undefined ? "speaks SIP" : `${user}@${domain ?? ""}`} ${agent}`);
  }
  for (const { address, vendor } of neighbours) {
    if (vendor !== undefined && !heard.some((one) => one.address === address))
      lines.push(`${address}: made by ${vendor}`);
  }
  return `Found ${lines.join("\n      ")}\n`;
}

/** [] when nothing is known, or when a guess could do harm. */
export function propose(key: Key, facts: Facts, draft: Draft): string[] {
  const { heard, network } = facts;
  const phones = heard.filter(({ user }) => user !== undefined);
  switch (key) {
    case "localnet":
      return proposeLocalnet(facts);
    case "upstream":
      return once(phones.flatMap(({ domain = "" }) => (isOurs(network, domain) ? [] : [`sip:${domain}`]))).slice(0, 1);
    case "gateways":
      return once(heard.filter(isGateway).map(({ address }) => `sip:${address}`));
    case "members":
      return once(phones.filter(({ address }) => isIn(draft.localnet, address)).map(({ user = "" }) => user));
    case "listen":
      return proposeListen(network, draft);
    default:
      return [];
  }
}

/** Whether upstream has to be told another address of ours than the one that we have. */
export function isBehindNat(network: Network, { upstream = [], localnet }: Draft): boolean {
  const outer = interfaceTowards(network, ANYWHERE);
  const isInside = upstream.some((text) => isPrivate(hostOf(text)) || ipVersion(hostOf(text)) === 6);
  return network.interfaces.some(
    ({ name, address }) =>
      name === outer && ipVersion(address) === 4 && isPrivate(address) && !isInside && !isIn(localnet, address),
  );
}

/** Where phones are, or the only LAN: what is in localnet may dial out, so of several none is taken at random. */
function proposeLocalnet({ network, heard }: Facts): string[] {
  const networks = once(lans(network).map(networkOf));
  const seen = [
    ...heard.filter((one) => !isGateway(one)).map(({ address }) => address),
    ...network.neighbours.flatMap(({ address, vendor }) => (vendor === undefined ? [] : [address])),
  ];
  const theirs = networks.filter((one) => seen.some((address) => isIn([one], address)));
  if (theirs.length > 0) return theirs;
  return networks.length === 1 ? networks : [];
}

/**
 * Our addresses towards phones, upstream and gateways, with the transports that these speak; by the interface's name where
 * its IPv4 address may change.
 */
function proposeListen(network: Network, { localnet, upstream = [], gateways = [] }: Draft): string[] {
  const isInner = ({ address }: Interface) => isIn(localnet, address);
  const inner = network.interfaces.filter(isInner);
  const listener = (protocol: Protocol, one: Interface) => {
    const isNamed = network.dynamic.includes(one.name) && ipVersion(one.address) === 4 && !isInner(one);
    return `${protocol}:${isNamed ? one.name : hostText(one.address)}:${defaultPort(protocol)}`;
  };
  // Without upstream any domain is one.
  const far = [...(upstream.length > 0 ? upstream : ["sip:any"]), ...gateways].flatMap(
    (text) => parseSipUri(text) ?? [],
  );
  const ways = far.map(hopOf).map(({ host, protocol = "udp" }) => {
    const homes = homesTowards(network, ipVersion(host) === 0 ? ANYWHERE : host);
    const near = homes.filter(isInner);
    return { protocol, homes: near.length > 0 ? near : homes };
  });
  return once([
    ...inner.map((one) => listener("udp", one)),
    ...network.interfaces.flatMap((one) =>
      ways.flatMap(({ protocol, homes }) => (homes.includes(one) ? [listener(protocol, one)] : [])),
    ),
  ]);
}

/** Our addresses from which the host would send there. */
function homesTowards(network: Network, address: string): Interface[] {
  const name = interfaceTowards(network, address);
  const version = ipVersion(address);
  const homes = network.interfaces.filter((one) => ipVersion(one.address) === version);
  const there = homes.filter((one) => one.name === name);
  if (version === 4) return there;
  // An interface needs no IPv6 address of its own to send by it, and may have several.
  const all = there.length > 0 ? there : homes;
  const isFit = (one: Interface) => isPrivate(one.address) === isPrivate(address);
  return [...all.filter(isFit), ...all].slice(0, 1);
}

function isOurs({ interfaces }: Network, domain: string): boolean {
  const host = splitHostPort(domain)?.host;
  return host === undefined || interfaces.some(({ address }) => address === host);
}

function isIn(networks: readonly string[] = [], address: string): boolean {
  return networks.some((text) => IpRange.parse(text)?.contains(address) === true);
}

function hostOf(text: string): string {
  return parseSipUri(text)?.host ?? "";
}

function once(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
