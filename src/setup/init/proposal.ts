/** What the router's surroundings say about the site: the answer that is offered with each question. */
import { ipVersion, isPrivate } from "../../base/ip-range.ts";
import type { Ear } from "../../io/node/ears.ts";
import { parseSipUri, SIP_PORT, splitHostPort } from "../../message/uri.ts";
import { DEFAULT_PROTOCOL } from "../../transport/flow.ts";
import { hopOf } from "../../transport/locator.ts";
import type { Draft, Given, Key } from "./answers.ts";
import type { Beside } from "./beside.ts";
import { type Heard, isGateway, isPhone, isUnknown } from "./heard.ts";
import { type Kept, sameBlock } from "./kept.ts";
import {
  defaultDevice,
  GRANDSTREAM,
  type Interface,
  isIn,
  isOfLan,
  isWide,
  type Network,
  networkOf,
  once,
} from "./network.ts";
import { proposeListen, type Ways } from "./ways.ts";

export interface Facts {
  readonly network: Network;
  /** Branchlines that run here already. */
  readonly beside?: readonly Beside[];
  readonly heard: readonly Heard[];
  /** Addresses that have been asked by OPTIONS, at SIP's port over UDP. */
  readonly asked?: readonly string[];
  /** What the file of one of them says. */
  readonly kept?: Kept | undefined;
  /** What upstream and the gateways mean, as far as that has been looked for. */
  readonly ways?: Ways;
}

/** Where no phone is: this host, tunnels, containers. */
const NO_LAN =
  /^(lo$|docker|veth|virbr|lxc|br-[0-9a-f]{12}|tun|tap|wg|vtun|vti|ipsec|xfrm|ppp|pppoe|l2tp|sit|gre|ipip|ip6|tailscale|nebula|zt[0-9a-z]{8}|ifb|dummy)/;
/** What the addresses of this router lead to. */
const WAYS_TO: readonly Key[] = ["localnet", "upstream", "gateways"];
/** Lines of what was found: more don't fit onto the screen together with the questions. */
const LINES_MAX = 10;

/** Interfaces with the private addresses of a LAN. */
function privates({ interfaces }: Network): Interface[] {
  return interfaces.filter((one) => isOfLan(one) && one.prefix_bits <= 30 && !NO_LAN.test(one.name));
}

/** The same; the one towards the internet only where there is no other. */
export function lans(network: Network): Interface[] {
  const inside = privates(network);
  const inner = inside.filter(({ name }) => !network.routes.some((route) => route.name === name && isWide(route)));
  return inner.length > 0 ? inner : inside;
}

/** The networks in which phones may be. */
export function lanNetworks(network: Network): string[] {
  return once(lans(network).map(networkOf));
}

/** Where phones may be heard: on the addresses that were given, else on each LAN. */
export function earsOf(network: Network, { listen = "" }: Given): Ear[] {
  const given = listen.split(/[\s,]+/).flatMap((word) => {
    const [, address, port] = /((?:\d+\.){3}\d+)(?::(\d+))?$/.exec(word) ?? [];
    return address === undefined ? [] : [{ address, port: Number(port ?? SIP_PORT) }];
  });
  return given.length > 0 ? given : lans(network).map(({ address }) => ({ address, port: SIP_PORT }));
}

/** What there is, a line for each interface and each phone or gateway. */
export function seenText({ network, heard }: Facts): string {
  const { interfaces, neighbours, dynamic } = network;
  const outer = defaultDevice(network);
  const lines = interfaces.map(({ name, address, prefix_bits }) => {
    const more = `${name === outer ? ", default route" : ""}${dynamic.includes(name) ? ", address may change" : ""}`;
    return `${name}: ${address}/${prefix_bits}${more}`;
  });
  for (const { address, user, domain, agent } of heard) {
    const name = agent === "" ? "speaks SIP, doesn't say what it is" : `speaks SIP, ${agent}`;
    lines.push(`${address}: ${user === undefined ? name : `${user}@${domain ?? ""} ${agent}`.trim()}`);
  }
  for (const { address, vendor } of neighbours) {
    if (vendor !== undefined && !heard.some((one) => one.address === address))
      lines.push(`${address}: made by ${vendor}`);
  }
  if (lines.length === 0) return "Found no interface that has an address\n";
  const more = lines.length > LINES_MAX ? [`and ${lines.length - LINES_MAX + 1} more`] : [];
  return `Found ${[...lines.slice(0, LINES_MAX - more.length), ...more].join("\n      ")}\n`;
}

/** [] when nothing is known, or when a guess could do harm. */
export function propose(key: Key, facts: Facts, draft: Draft): string[] {
  const { heard, network, beside = [] } = facts;
  const known = keptAnswer(key, facts, draft);
  if (known.length > 0) return [...known];
  const phones = heard.filter(({ user }) => user !== undefined);
  switch (key) {
    case "localnet":
      return proposeLocalnet(facts, draft);
    case "upstream": {
      const known = once(beside.flatMap(({ upstream }) => upstream));
      const domains = heardDomains(facts);
      if (known.length > 0) return known;
      return domains.length === 1 ? domains.map((domain) => `sip:${domain}`) : [];
    }
    case "gateways": {
      const known = once(beside.flatMap(({ gateways }) => gateways));
      return known.length > 0 ? known : once(heard.filter(isGateway).map(({ address }) => `sip:${address}`));
    }
    case "members":
      return once(phones.filter(({ address }) => isIn(draft.localnet, address)).map(({ user = "" }) => user));
    case "listen":
      return proposeListen(network, facts.ways, draft);
    default:
      return [];
  }
}

/** How PBXs call themselves. */
const PBXS = /pbx|asterisk|kamailio|opensips|freeswitch|3cx/i;

/** Of all that speak SIP here, the only one that is neither known to be a phone nor the PBX: for a person to say yes to. */
export function guessGateway({ heard, ways }: Facts, { upstream = [] }: Draft): string[] {
  const above = upstream.flatMap((text) => {
    const found = ways?.get(text);
    return [
      parseSipUri(text)?.host,
      ...(found === undefined || found === "silent" ? [] : found.map(({ to }) => to.address)),
    ];
  });
  const unknown = heard.filter((one) => isUnknown(one) && !PBXS.test(one.agent) && !above.includes(one.address));
  const addresses = once(unknown.map(({ address }) => address));
  return addresses.length === 1 ? addresses.map((address) => `sip:${address}`) : [];
}

/** A sentence for each gateway that has been asked, and hasn't answered. */
export function silentGateways({ gateways = [] }: Draft, { asked = [], heard }: Facts): string[] {
  return gateways.flatMap((text) => {
    const uri = parseSipUri(text);
    if (uri === undefined) return [];
    const { host, port = SIP_PORT, protocol = DEFAULT_PROTOCOL } = hopOf(uri);
    const isAsked = asked.includes(host) && port === SIP_PORT && protocol === DEFAULT_PROTOCOL;
    if (!isAsked || heard.some(({ address }) => address === host)) return [];
    return `gateway ${text} hasn't answered OPTIONS: check the address, unless the gateway doesn't support OPTIONS`;
  });
}

/** What the file says that runs here. Where other peers are named than it has, its addresses towards them count no more. */
export function keptAnswer(key: Key, { kept }: Pick<Facts, "kept">, draft: Draft): readonly string[] {
  const isOther = (one: Key) => sameBlock(kept, one, draft) === undefined && (draft[one] ?? []).length > 0;
  if (key === "listen" && WAYS_TO.some(isOther)) return [];
  return kept?.answers[key] ?? [];
}

/** Where phones register, as they have told; of several, one may be another provider's. */
export function heardDomains({ heard, network }: Facts): string[] {
  return once(
    heard.flatMap(({ user, domain = "" }) => (user === undefined || isOurs(network, domain) ? [] : [domain])),
  );
}

/** Whether upstream has to be told another address of ours than the one that we have. */
export function isBehindNat({ network, ways }: Facts, { upstream = [], localnet }: Draft): boolean {
  const outer = defaultDevice(network);
  const isInside = upstream.some((text) => {
    const found = ways?.get(text);
    const known = found === undefined || found === "silent" ? [] : found.map(({ to }) => to.address);
    return [parseSipUri(text)?.host ?? "", ...known].some((host) => isPrivate(host) || ipVersion(host) === 6);
  });
  return network.interfaces.some(
    ({ name, address }) =>
      name === outer && ipVersion(address) === 4 && isPrivate(address) && !isInside && !isIn(localnet, address),
  );
}

/**
 * Where phones are, or the only LAN: what is in localnet may dial out, so of several none is taken at random. What only answers isn't
 * taken for a phone: it may be the gateway.
 */
function proposeLocalnet({ network, heard, beside = [] }: Facts, { gateways = [] }: Draft): string[] {
  const networks = lanNetworks(network);
  const others = [
    ...heard.filter(isGateway).map(({ address }) => address),
    ...gateways.map((text) => parseSipUri(text)?.host ?? ""),
    ...beside.flatMap((one) => one.gatewayAddresses),
  ];
  const makers = network.neighbours.filter(({ vendor }) => vendor !== undefined && vendor !== GRANDSTREAM);
  const seen = [...heard.filter(isPhone), ...makers].map(({ address }) => address);
  const phones = seen.filter((address) => !others.includes(address));
  const theirs = networks.filter((one) => phones.some((address) => isIn([one], address)));
  if (theirs.length > 0) return theirs;
  // Beside a gateway the phones may be behind the interface of the default route.
  const strange = [...others, ...heard.filter(isUnknown).map(({ address }) => address)];
  const isDoubtful = privates(network).length > 1 && strange.some((address) => isIn(networks, address));
  return networks.length === 1 && !isDoubtful ? networks : [];
}

function isOurs({ interfaces }: Network, domain: string): boolean {
  const host = splitHostPort(domain)?.host;
  return host === undefined || interfaces.some(({ address }) => address === host);
}
