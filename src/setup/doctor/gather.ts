/**
 * Gathers the facts: everything at once, and each thing with a time limit of its own.
 *
 * Facts are texts, as files and commands give them, and checks are functions of these texts: the output of a router that isn't at hand is
 * a test case. A cure is a list of the family's own command lines: what is printed is what `--fix` runs.
 */

import { CONTROL_FILE, type Config } from "../../app/config/config.ts";
import type { ControlAnswer } from "../../app/control.ts";
import { ipVersion } from "../../base/ip-range.ts";
import { askControl } from "../../io/node/control-socket.ts";
import { exchange } from "../../io/node/exchange.ts";
import { bindFault, certificateDates, readMachine, runCommand, writeFault } from "../../io/node/host.ts";
import { readAddresses } from "../../io/node/interfaces.ts";
import { readText } from "../../io/node/read-text.ts";
import { resolve } from "../../io/node/resolve.ts";
import { parseHosts, parseResolvConf } from "../../io/node/resolver-files.ts";
import { createRandom } from "../../io/node/secret.ts";
import type { SipUri } from "../../message/uri.ts";
import { peerName } from "../../policy/peers/peer.ts";
import type { ProbeSettings } from "../../policy/site.ts";
import { DEFAULT_PROTOCOL, TRANSPORTS } from "../../transport/flow.ts";
import { hopOf, portOf } from "../../transport/locator.ts";
import type { ResolvedAddress } from "../../transport/next-hops.ts";
import { interfacesOf } from "../../transport/own-listener.ts";
import { optionsFrom } from "../options.ts";
import type { Facts, NameFact, PeerFact } from "./facts.ts";
import { commandsFor, FILES, familyOf, filterOf } from "./families.ts";

const COMMAND_ms = 4_000;
const LOOKUP_ms = 4_000;
const ANSWER_ms = 3_000;
/**
 * Lengths of OPTIONS requests. The first fits into one packet of Ethernet, but not through each tunnel; the second is as
 * long as an INVITE with SDP and proxies' Record-Routes, and travels in two fragments.
 */
const LONG_octets = [1_400, 2_000];
/** More addresses of a name aren't asked. */
const ADDRESSES_MAX = 4;

/** Reads, asks and tries; changes nothing. Takes 8 s at the most. */
export async function gather(config: Config, built: string): Promise<Facts> {
  const addresses = readAddresses() ?? [];
  const interfaces = interfacesOf(addresses);
  for (const listener of config.listeners) listener.settle(interfaces);
  const filters = ["all", ...new Set(addresses.map(({ device }) => device))].map(filterOf);
  const files = Object.fromEntries([...FILES, ...filters].map((path) => [path, readText(path)]));
  const family = familyOf(files);
  const { upstream, gateways } = config.site;
  const [said, ports, control, names, above, beside] = await Promise.all([
    Promise.all(commandsFor(family, config).map(run)),
    Promise.all(config.listeners.map(({ protocol, address, port }) => bindFault(protocol, address, port))),
    askRunning(config),
    askServers(config),
    Promise.all(
      upstream.targets.map((uri) => probe(config, "upstream", uri, upstream.ownProbes.get(uri.text) ?? upstream.probe)),
    ),
    Promise.all(gateways.map((one) => probe(config, "gateway", one.uri, one.probe))),
  ]);
  return {
    ...readMachine(),
    ...control,
    family,
    built,
    files,
    said: Object.fromEntries(said),
    addresses,
    ports,
    stateFault: writeFault(config.state.folder),
    certificate: config.tls === undefined ? undefined : certificateDates(config.tls.certificate),
    names,
    peers: [...above, ...beside].flat(),
  };
}

/** What the command printed; undefined: nothing, or it isn't there. */
async function run(line: string): Promise<[string, string | undefined]> {
  const { text } = await runCommand(`{ ${line}; } 2>/dev/null`, COMMAND_ms);
  return [line, text === "" ? undefined : text];
}

async function askRunning({ state }: Config): Promise<Pick<Facts, "isRunning" | "status">> {
  try {
    const line = await askControl(`${state.folder}/${CONTROL_FILE}`, JSON.stringify({ command: "status" }));
    if (line === undefined) return { isRunning: false, status: undefined };
    const answer = JSON.parse(line) as ControlAnswer;
    return { isRunning: true, status: answer.ok ? answer.status : undefined };
  } catch {
    return { isRunning: true, status: undefined };
  }
}

/** Each server about each name of the file. */
function askServers(config: Config): Promise<NameFact[]> {
  const hosts = parseHosts(readText("/etc/hosts") ?? "");
  const own = config.dnsServers;
  const servers = own.length > 0 ? own : parseResolvConf(readText("/etc/resolv.conf") ?? "").servers;
  const hops = config.site.upstream.targets.map(hopOf).filter(({ host }) => ipVersion(host) === 0);
  return Promise.all(
    hops.flatMap((hop) => {
      const name = hop.host;
      return (hosts.has(name) ? ["/etc/hosts"] : servers).map(async (server) => {
        const found = await resolve(config.listeners, hop, hosts.has(name) ? [] : [server], LOOKUP_ms);
        const addresses = found.addresses && [...new Set(found.addresses.map(({ address }) => address))];
        return { name, server, addresses, took_ms: found.took_ms };
      });
    }),
  );
}

/** Asks each address of a peer with OPTIONS as the proxy does, from ports of our own, and by UDP with long ones too. */
async function probe(
  config: Config,
  role: PeerFact["role"],
  uri: SipUri,
  { options }: ProbeSettings,
): Promise<PeerFact[]> {
  const hop = hopOf(uri);
  const isName = ipVersion(hop.host) === 0;
  const { protocol = DEFAULT_PROTOCOL } = hop;
  const literal = { address: hop.host, port: portOf(hop), protocol };
  const found = isName ? (await resolve(config.listeners, hop, config.dnsServers, LOOKUP_ms)).addresses : [literal];
  const random = createRandom();
  const ask = (to: ResolvedAddress, octets: number | undefined) => {
    const form = { ...options, octets };
    const compose = (address: string, port: number) => optionsFrom({ address, port }, to, peerName(hop), form, random);
    return exchange(to, hop.host, config.tls, compose, ANSWER_ms);
  };
  return Promise.all(
    (found ?? []).slice(0, ADDRESSES_MAX).map(async (to) => {
      const lengths = TRANSPORTS[to.protocol].isReliable ? [] : [undefined, ...LONG_octets];
      const [exchanged, ...tries] = await Promise.all([
        ask(to, options.octets),
        ...lengths.map((octets) => ask(to, octets)),
      ]);
      const lengthsTried = tries.map(({ answer }, index) => ({
        octets: lengths[index],
        isAnswered: answer !== undefined,
      }));
      return { role, name: uri.text, to, lengths: lengthsTried, ...exchanged };
    }),
  );
}
