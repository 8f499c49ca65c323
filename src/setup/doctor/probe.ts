/** Asks upstream and the gateways with OPTIONS, from the addresses from which branchline would ask. */
import type { Config } from "../../app/config/config.ts";
import { ipVersion } from "../../base/ip-range.ts";
import { type Exchanged, exchange, type Origin } from "../../io/node/exchange.ts";
import { runCommand, within } from "../../io/node/host.ts";
import { resolve } from "../../io/node/resolve.ts";
import { createRandom } from "../../io/node/secret.ts";
import { findSource } from "../../io/node/udp.ts";
import type { SipUri } from "../../message/uri.ts";
import { peerName } from "../../policy/peers/peer-parts.ts";
import type { ProbeSettings } from "../../policy/site.ts";
import { DEFAULT_PROTOCOL, TRANSPORTS } from "../../transport/flow.ts";
import { type Hop, hopOf, portOf } from "../../transport/locator.ts";
import type { ResolvedAddress } from "../../transport/next-hops.ts";
import type { OwnListener } from "../../transport/own-listener.ts";
import { listenersTowards, nearestTo } from "../../transport/sending-listener.ts";
import { optionsFrom } from "../options.ts";
import type { PeerFact } from "./facts.ts";

const LOOKUP_ms = 4_000;
const ANSWER_ms = 3_000;
const ROUTE_ms = 1_000;
/** Other addresses of `listen` are tried when the first has got no answer by then; together no longer than `ANSWER_ms`. */
const PATIENCE_ms = 1_000;
const OTHER_ms = ANSWER_ms - PATIENCE_ms;
/** More of them aren't tried. */
const OTHERS_MAX = 4;
/**
 * Lengths of OPTIONS requests. The first fits into one packet of Ethernet, but not through each tunnel; the second is as
 * long as an INVITE with SDP and proxies' Record-Routes, and travels in two fragments.
 */
const LONG_octets = [1_400, 2_000];
/** More addresses of a name aren't asked. */
const ADDRESSES_MAX = 4;

/** Which peer is asked, and how. */
interface Asked {
  readonly role: PeerFact["role"];
  readonly uri: SipUri;
  readonly alias: string;
  readonly probe: ProbeSettings;
}

/** The addresses that the branchline that runs has for a peer; empty: it has none, or none runs. */
export type KnownAddresses = (role: PeerFact["role"], alias: string) => Promise<readonly string[]>;

/**
 * Asks each address of each peer as the proxy does, and by UDP with long requests too.
 * @param ports why the port of each listener can't be had; undefined: it is free, and the first request leaves from it
 * @param known takes the place of what DNS doesn't tell: the proxy goes on with what it knew
 */
export async function askPeers(
  config: Config,
  ports: readonly (string | undefined)[],
  known: KnownAddresses,
): Promise<PeerFact[]> {
  const { upstream, gateways } = config.site;
  const asked: Asked[] = [
    ...upstream.targets.map((uri) => {
      const probe = upstream.ownProbes.get(uri.text) ?? upstream.probe;
      return { role: "upstream" as const, uri, alias: peerName(hopOf(uri)), probe };
    }),
    ...gateways.map(({ uri, name, probe }) => ({ role: "gateway" as const, uri, alias: name, probe })),
  ];
  const ways = new Ways(config, ports);
  return (await Promise.all(asked.map((one) => askPeer(config, ways, one, known)))).flat();
}

async function askPeer(
  config: Config,
  ways: Ways,
  { role, uri, alias, probe }: Asked,
  known: KnownAddresses,
): Promise<PeerFact[]> {
  const hop = hopOf(uri);
  const found = await placesOf(config, hop, () => known(role, alias));
  const random = createRandom();
  const ask = (to: ResolvedAddress, octets: number | undefined, from: Origin, limit_ms = ANSWER_ms) => {
    const form = { ...probe.options, octets };
    const compose = (address: string, port: number) => optionsFrom({ address, port }, to, peerName(hop), form, random);
    return exchange(to, hop.host, config.tls, compose, limit_ms, from);
  };
  return Promise.all(
    found.slice(0, ADDRESSES_MAX).map(async (to) => {
      const [way, route] = await Promise.all([ways.towards(to), routeTo(to)]);
      const { source, from } = way;
      const fact = { role, name: uri.text, alias, to, source, route, listener: way.listener };
      if (from === undefined) return { ...fact, lengths: [], answeredFrom: [], ...notSent(source) };
      const lengths = TRANSPORTS[to.protocol].isReliable ? [] : [undefined, ...LONG_octets];
      const first = ask(to, probe.options.octets, from);
      const others = way.others.map(({ address }) => address);
      const [exchanged, answeredFrom, ...tries] = await Promise.all([
        first,
        answeredOthers(first, others, (address) => ask(to, probe.options.octets, { address, port: 0 }, OTHER_ms)),
        ...lengths.map((octets) => ask(to, octets, { ...from, port: 0 })),
      ]);
      const lengthsTried = tries.map(({ answer }, index) => ({
        octets: lengths[index],
        isAnswered: answer !== undefined,
      }));
      return { ...fact, lengths: lengthsTried, answeredFrom, ...exchanged };
    }),
  );
}

/** While no answer comes, which of the other addresses gets one: the peer may have a route back to that one alone. */
async function answeredOthers(
  first: Promise<Exchanged>,
  others: readonly string[],
  ask: (address: string) => Promise<Exchanged>,
): Promise<readonly string[]> {
  const soon = others.length === 0 ? undefined : await within(PATIENCE_ms, first);
  if (others.length === 0 || soon?.answer !== undefined) return [];
  const found = await Promise.all(others.map(ask));
  return (await first).answer === undefined ? others.filter((_, index) => found[index]?.answer !== undefined) : [];
}

/** The kernel's route; BusyBox's `ip` says it in the same words. */
async function routeTo({ address }: ResolvedAddress): Promise<string | undefined> {
  const { text } = await runCommand(`ip route get ${address} 2>/dev/null`, ROUTE_ms);
  return text === "" ? undefined : text;
}

/** Where it is by its address, by DNS, or else by what the branchline that runs knows: that has no ports of SRV records. */
async function placesOf(
  { listeners, dnsServers }: Config,
  hop: Hop,
  known: () => Promise<readonly string[]>,
): Promise<readonly ResolvedAddress[]> {
  const { host, protocol = DEFAULT_PROTOCOL } = hop;
  const at = (address: string) => ({ address, port: portOf(hop), protocol });
  if (ipVersion(host) !== 0) return [at(host)];
  const { addresses = [] } = await resolve(listeners, hop, dnsServers, LOOKUP_ms);
  return addresses.length > 0 ? addresses : (await known()).map(at);
}

function notSent(source: string | undefined): Exchanged {
  const error = source === undefined ? "this router has no route there" : "no address in listen can send there";
  return { local: undefined, local_port: undefined, answer: undefined, error, took_ms: 0 };
}

interface Way extends Pick<PeerFact, "source" | "listener"> {
  readonly from: Origin | undefined;
  /** Listeners that could send there too, at other addresses. */
  readonly others: readonly OwnListener[];
}

/** From where branchline would send, by the rule of the proxy itself. */
class Ways {
  private readonly config: Config;
  private readonly ports: readonly (string | undefined)[];
  /** A port serves one request to each address: the answers couldn't be told apart. */
  private readonly used = new Set<string>();

  constructor(config: Config, ports: readonly (string | undefined)[]) {
    this.config = config;
    this.ports = ports;
  }

  async towards(to: ResolvedAddress): Promise<Way> {
    const source = await findSource(to.address);
    const candidates = listenersTowards(to, this.config.listeners);
    const nearest = source === undefined ? undefined : nearestTo(source, candidates);
    const chosen = candidates.length < 2 ? candidates[0] : nearest;
    if (chosen === undefined) return { source, listener: undefined, from: undefined, others: [] };
    const { address, port, index, name } = chosen;
    const key = `${index} ${to.address} ${to.port}`;
    const isFree = this.ports[index] === undefined && !this.used.has(key);
    this.used.add(key);
    const others = candidates.filter((one) => one.address !== address).slice(0, OTHERS_MAX);
    return { source, listener: name, from: { address, port: isFree ? port : 0 }, others };
  }
}
