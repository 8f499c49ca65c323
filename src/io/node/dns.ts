/** Names → addresses: SRV for names without a port, then A and AAAA (RFC 3263 §4.2). */
import * as dns from "dns";
import type { Hop, ResolvedAddress } from "../../transport/locator.ts";

const SIP_PORT = 5060;
/** Node tells no lifetime of SRV records; what getaddrinfo answers has none either. */
const LIFETIME_ms = 60_000;
/** After a failure DNS is asked again soon: it fails when the line does. */
const FAILURE_LIFETIME_ms = 2_000;
const QUERY_TIMEOUT_ms = 1_500;

export type OnResolved = (target: Hop, addresses: readonly ResolvedAddress[], lifetime_ms: number) => void;

export class NodeDns {
  private readonly onResolved: OnResolved;

  constructor(onResolved: OnResolved) {
    this.onResolved = onResolved;
  }

  resolve(target: Hop): void {
    this.find(target).then(
      (addresses) => this.onResolved(target, addresses, addresses.length > 0 ? LIFETIME_ms : FAILURE_LIFETIME_ms),
      () => this.onResolved(target, [], FAILURE_LIFETIME_ms),
    );
  }

  private async find(target: Hop): Promise<ResolvedAddress[]> {
    const { host, port } = target;
    if (port !== undefined) return addressesOf(host, port);
    const services = await inTime(servicesOf(host), []);
    if (services.length === 0) return addressesOf(host, SIP_PORT);
    services.sort((a, b) => a.priority - b.priority || b.weight - a.weight);
    const found = await Promise.all(services.map((service) => addressesOf(service.name, service.port)));
    return ([] as ResolvedAddress[]).concat(...found);
  }
}

async function servicesOf(host: string): Promise<dns.SrvRecord[]> {
  try {
    return await dns.promises.resolveSrv(`_sip._udp.${host}`);
  } catch {
    return [];
  }
}

/** By getaddrinfo, so that the router's own hosts file counts. */
async function addressesOf(host: string, port: number): Promise<ResolvedAddress[]> {
  try {
    const found = await dns.promises.lookup(host, { all: true, verbatim: true });
    return found.map(({ address }) => ({ address, port, protocol: "udp" }));
  } catch {
    return [];
  }
}

function inTime<T>(answer: Promise<T>, otherwise: T): Promise<T> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(otherwise), QUERY_TIMEOUT_ms);
    const settle = (value: T) => {
      clearTimeout(timer);
      resolve(value);
    };
    answer.then(settle, () => settle(otherwise));
  });
}
