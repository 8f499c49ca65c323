/** Which URIs mean this proxy: its listeners, and what they are advertised as. */
import { canonicalAddress } from "../base/ip-range.ts";
import { SIP_PORT, type SipUri, splitHostPort } from "../message/uri.ts";
import type { Listener } from "../transport/flow.ts";

export class OwnAddresses {
  private readonly hostPorts = new Set<string>();

  constructor(listeners: readonly Listener[]) {
    for (const listener of listeners) {
      this.hostPorts.add(`${canonicalAddress(listener.address)} ${listener.port}`);
      const advertised = splitHostPort(listener.sentBy);
      if (advertised !== undefined) this.hostPorts.add(`${advertised.host} ${advertised.port ?? SIP_PORT}`);
    }
  }

  has(host: string, port: number | undefined): boolean {
    return this.hostPorts.has(`${host} ${port ?? SIP_PORT}`);
  }

  hasUri(uri: SipUri): boolean {
    return this.has(uri.host, uri.port);
  }
}
