/** Asks upstream and the gateways with OPTIONS, from the addresses from which branchline would ask. */
import type { Config } from "../../app/config/config.ts";
import { ipVersion } from "../../base/ip-range.ts";
import { type Exchanged, exchange, type Origin } from "../../io/node/exchange.ts";
import { resolve } from "../../io/node/resolve.ts";
import { createRandom } from "../../io/node/secret.ts";
import { findSource } from "../../io/node/udp.ts";
import type { SipUri } from "../../message/uri.ts";
import { peerName } from "../../policy/peers/peer.ts";
import type { ProbeSettings } from "../../policy/site.ts";
import { DEFAULT_PROTOCOL, TRANSPORTS } from "../../transport/flow.ts";
import { hopOf, listenersTowards, nearestTo, portOf } from "../../transport/locator.ts";
import type { ResolvedAddress } from "../../transport/next-hops.ts";
import { optionsFrom } from "../options.ts";
import type { PeerFact } from "./facts.ts";

const LOOKUP_ms = 4_000;
const ANSWER_ms = 3_000;
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

/**
 * Asks each address of each peer as the proxy does, and by UDP with long requests too.
 * @param ports why the port of each listener can't be had; undefined: it is free, and the first request leaves from it
 */
export async function askPeers(config: Config, ports: readonly (string | undefined)[]): Promise<PeerFact[]> {
  const { upstream, gateways } = config.site;
  const asked: Asked[] = [
    ...upstream.targets.map((uri) => {
      const probe = upstream.ownProbes.get(uri.text) ?? upstream.probe;
      return { role: "upstream" as const, uri, alias: peerName(hopOf(uri)), probe };
    }),
    ...gateways.map(({ uri, name, probe }) => ({ role: "gateway" as const, uri, alias: name, probe })),
  ];
  const ways = new Ways(config, ports);
  return (await Promise.all(asked.map((one) => askPeer(config, ways, one)))).flat();
}

async function askPeer(config: Config, ways: Ways, { role, uri, alias, probe }: Asked): Promise<PeerFact[]> {
  const hop = hopOf(uri);
  const isName = ipVersion(hop.host) === 0;
  const { protocol = DEFAULT_PROTOCOL } = hop;
  const literal = { address: hop.host, port: portOf(hop), protocol };
  const found = isName ? (await resolve(config.listeners, hop, config.dnsServers, LOOKUP_ms)).addresses : [literal];
  const random = createRandom();
  const ask = (to: ResolvedAddress, octets: number | undefined, from: Origin) => {
    const form = { ...probe.options, octets };
    const compose = (address: string, port: number) => optionsFrom({ address, port }, to, peerName(hop), form, random);
    return exchange(to, hop.host, config.tls, compose, ANSWER_ms, from);
  };
  return Promise.all(
    (found ?? []).slice(0, ADDRESSES_MAX).map(async (to) => {
      const way = await ways.towards(to);
      const { source, from } = way;
      const fact = { role, name: uri.text, alias, to, source, listener: way.listener };
      if (from === undefined) return { ...fact, lengths: [], ...notSent(source) };
      const lengths = TRANSPORTS[to.protocol].isReliable ? [] : [undefined, ...LONG_octets];
      const [exchanged, ...tries] = await Promise.all([
        ask(to, probe.options.octets, from),
        ...lengths.map((octets) => ask(to, octets, { ...from, port: 0 })),
      ]);
      const lengthsTried = tries.map(({ answer }, index) => ({
        octets: lengths[index],
        isAnswered: answer !== undefined,
      }));
      return { ...fact, lengths: lengthsTried, ...exchanged };
    }),
  );
}

function notSent(source: string | undefined): Exchanged {
  const error = source === undefined ? "this router has no route there" : "no address in listen can send there";
  return { local: undefined, local_port: undefined, answer: undefined, error, took_ms: 0 };
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

  async towards(to: ResolvedAddress): Promise<Pick<PeerFact, "source" | "listener"> & { from: Origin | undefined }> {
    const source = await findSource(to.address);
    const candidates = listenersTowards(to, this.config.listeners);
    const nearest = source === undefined ? undefined : nearestTo(source, candidates);
    const chosen = candidates.length < 2 ? candidates[0] : nearest;
    if (chosen === undefined) return { source, listener: undefined, from: undefined };
    const { address, port, index, name } = chosen;
    const key = `${index} ${to.address} ${to.port}`;
    const isFree = this.ports[index] === undefined && !this.used.has(key);
    this.used.add(key);
    return { source, listener: name, from: { address, port: isFree ? port : 0 } };
  }
}
