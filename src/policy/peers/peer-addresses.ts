/** Where a peer is: its configured hop, and the addresses that its name has, or has had. */
import { BoundedMap } from "../../base/bounded-map.ts";
import { ipVersion } from "../../base/ip-range.ts";
import { DEFAULT_PROTOCOL, defaultPort, type Flow, isSameFlow, type Listener } from "../../transport/flow.ts";
import { type Hop, portOf, type ResolvedAddress } from "../../transport/locator.ts";

/** Addresses remembered that a name has had. */
const FORMER_MAX = 16;

export class PeerAddresses {
  readonly hop: Hop;
  private located: readonly string[] = [];
  private readonly former = new BoundedMap<string, true>(FORMER_MAX);
  private ways: readonly Flow[] = [];

  constructor(hop: Hop) {
    this.hop = hop;
  }

  /** The ways to it that were found last. */
  get flows(): readonly Flow[] {
    return this.ways;
  }

  /** It has been found there. @returns the ways by which it isn't reached any more */
  take(flows: readonly Flow[]): readonly Flow[] {
    if (flows.length === 0) return [];
    const gone = this.ways.filter((old) => !flows.some((flow) => isSameFlow(flow, old)));
    this.ways = flows;
    const now = [...new Set(flows.map(({ address }) => address))];
    for (const address of this.located) if (!now.includes(address)) this.former.set(address, true);
    this.located = now;
    return gone;
  }

  /** Takes what another process has found out. */
  assume(addresses: readonly string[]): void {
    this.located = addresses;
  }

  /** Whether requests come from it. */
  has(address: string): boolean {
    return this.hop.host === address || this.located.includes(address);
  }

  /** Those that it has now; none while its name isn't resolved. */
  get present(): readonly string[] {
    return ipVersion(this.hop.host) === 0 ? this.located : [this.hop.host];
  }

  /** The same with those that it has had. */
  get every(): readonly string[] {
    return [...new Set([...this.present, ...this.former.keys()])];
  }

  /** The same, each with the transport and the port by which it is reached. */
  get reached(): readonly ResolvedAddress[] {
    const known = this.ways.map(({ address, port, listener: { protocol } }) => ({ address, port, protocol }));
    if (known.length > 0 || ipVersion(this.hop.host) === 0) return known;
    const { host, protocol = DEFAULT_PROTOCOL } = this.hop;
    return [{ address: host, port: portOf(this.hop), protocol }];
  }

  /** Whether `hop` leads to it: as it is configured, or as an address of its own. */
  isAt({ host, port, protocol }: Hop): boolean {
    const at = port ?? defaultPort(protocol ?? "udp");
    const own = this.hop.port ?? defaultPort(this.hop.protocol ?? "udp");
    return (at === own && this.has(host)) || this.ways.some((one) => one.address === host && one.port === at);
  }

  /** Whether it is reached by the transport of `hop`. */
  speaks({ protocol = "udp" }: Pick<Hop, "protocol">): boolean {
    return this.ways.some(({ listener }) => listener.protocol === protocol);
  }

  /** Whether it is reached from `listener`, as far as that is known. */
  isReachedFrom(listener: Listener): boolean {
    return this.ways.some((flow) => flow.listener === listener);
  }
}
