/** Which URIs mean this proxy: its listeners, and what they are advertised as. */
import { canonicalAddress } from "../base/ip-range.ts";
import { SIP_PORT, type SipUri, splitHostPort } from "../message/uri.ts";
import { defaultPort, type Listener } from "../transport/flow.ts";
import { hopOf } from "../transport/locator.ts";

export class OwnAddresses {
  /** Whether anything of ours speaks TLS. */
  readonly hasTls: boolean;
  private readonly hostPorts = new Set<string>();

  constructor(listeners: readonly Listener[]) {
    this.hasTls = listeners.some(({ protocol }) => protocol === "tls");
    for (const listener of listeners) {
      this.hostPorts.add(`${canonicalAddress(listener.address)} ${listener.port}`);
      const advertised = splitHostPort(listener.sentBy);
      if (advertised !== undefined)
        this.hostPorts.add(`${advertised.host} ${advertised.port ?? defaultPort(listener.protocol)}`);
    }
  }

  has(host: string, port: number | undefined): boolean {
    return this.hostPorts.has(`${host} ${port ?? SIP_PORT}`);
  }

  hasUri(uri: SipUri): boolean {
    return this.has(uri.host, uri.port ?? defaultPort(hopOf(uri).protocol ?? "udp"));
  }
}
