/** What `check` and `init` tell of the ways to upstream and the gateways. */
import type { Config } from "../app/config/config.ts";
import { findMissingWays, locate, whyUnknown } from "../app/find-ways.ts";
import { wayPorts } from "../setup/way-ports.ts";
import type { Fault } from "./load-file.ts";

/**
 * A warning for each peer to which no address of `listen` is on the way, with the cure, and for each whose name isn't known now; none
 * where the file is for another router. Waits for DNS, 2 s at the most, where the file has names. Nothing is sent to a peer.
 */
export async function missingWayWarnings(config: Config): Promise<Fault[]> {
  const { missing, unknown } = await findMissingWays(config, wayPorts());
  const words = [
    ...missing.map(({ text, cure }) => `${text}; ${cure}`),
    ...unknown.map((why) => `${why}: whether listen has the address towards it isn't known`),
  ];
  return words.map((message) => ({ key: "", message }));
}

/** Parts of the file by which names are looked for. */
const NAMING = /^(?:upstream|gateways|dns)\b/;

/**
 * A sentence for each name of upstream and the gateways that has no address, where a change of the file may be why. Waits for DNS, 2 s at
 * the most. Nothing is sent to a peer.
 * @param changed keys of the file
 */
export async function unresolvedNames(
  { site, listeners, dnsServers }: Config,
  changed: readonly string[],
): Promise<string[]> {
  if (!changed.some((key) => NAMING.test(key))) return [];
  const uris = [...site.upstream.targets, ...site.gateways.map(({ uri }) => uri)];
  const found = await Promise.all(uris.map((uri) => locate(uri, listeners, dnsServers, wayPorts())));
  const lost = found.filter(({ ways }) => ways === "silent" || ways.length === 0);
  return [...new Set(lost.flatMap((one) => whyUnknown(one) ?? []))];
}
