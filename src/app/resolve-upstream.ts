/** What upstream's names mean, for a command that runs beside the proxy or without it. */

import { ipVersion } from "../base/ip-range.ts";
import { SIP_PORT } from "../message/uri.ts";
import { peerName } from "../policy/peers/peer-parts.ts";
import type { Listener } from "../transport/flow.ts";
import { type Hop, hopOf } from "../transport/locator.ts";
import type { Config } from "./config/config.ts";
import type { ResolvedTarget } from "./explain.ts";

/** How long DNS is waited for: somebody sits before the screen. */
const LOOKUP_ms = 2_000;

/** The host's resolver: what `hop` means now, or nothing when DNS doesn't say in time. */
export type Resolve = (
  listeners: readonly Listener[],
  hop: Hop,
  dnsServers: readonly string[],
  patience_ms: number,
) => Promise<{ readonly addresses?: readonly { readonly address: string }[] | undefined }>;

/** What the names in `upstream` mean, as calls find them and by themselves; what DNS doesn't say in time is missing. */
export function resolveUpstream({ site, listeners, dnsServers }: Config, resolve: Resolve): Promise<ResolvedTarget[]> {
  const hops = site.upstream.targets.map(hopOf).filter(({ host }) => ipVersion(host) === 0);
  const find = async (hop: Hop) => {
    const { addresses = [] } = await resolve(listeners, hop, dnsServers, LOOKUP_ms);
    return [...new Set(addresses.map(({ address }) => address))];
  };
  return Promise.all(
    hops.map(async (hop) => {
      const plain = { host: hop.host, port: SIP_PORT, protocol: undefined };
      const [addresses, others] = await Promise.all([find(hop), find(plain)]);
      return { name: peerName(hop), addresses, others };
    }),
  );
}
