/** Which URIs mean this proxy: its listeners, and what they are advertised as. */
import { canonicalAddress } from "../base/ip-range.ts";
import { type SipUri, splitHostPort } from "../message/uri.ts";
import type { Via } from "../message/via.ts";
import { defaultPort, type Listener, type Protocol } from "../transport/flow.ts";
import { hopOf } from "../transport/locator.ts";
import type { Tokens } from "./tokens.ts";

export class OwnAddresses {
  /** Whether anything of ours speaks TLS. */
  readonly hasTls: boolean;
  private readonly listeners: readonly Listener[];
  private readonly tokens: Tokens | undefined;
  private readonly hostPorts = new Set<string>();

  /** @param tokens know what we have made when we had other addresses */
  constructor(listeners: readonly Listener[], tokens?: Tokens) {
    this.listeners = listeners;
    this.tokens = tokens;
    this.hasTls = listeners.some(({ protocol }) => protocol === "tls");
    this.refresh();
  }

  /** Listeners have moved. */
  refresh(): void {
    this.hostPorts.clear();
    for (const listener of this.listeners) {
      this.hostPorts.add(`${canonicalAddress(listener.address)} ${listener.port}`);
      const advertised = splitHostPort(listener.sentBy);
      if (advertised !== undefined)
        this.hostPorts.add(`${advertised.host} ${advertised.port ?? defaultPort(listener.protocol)}`);
    }
  }

  /** @param protocol tells the port where none is named */
  has(host: string, port: number | undefined, protocol: Protocol = "udp"): boolean {
    return this.hostPorts.has(`${host} ${port ?? defaultPort(protocol)}`);
  }

  hasUri(uri: SipUri): boolean {
    return this.has(uri.host, uri.port, hopOf(uri).protocol);
  }

  /** Whether we have put this Route entry, of a request with this Call-ID: perhaps at an address that we have no longer. */
  hasRoute(uri: SipUri, callId: string): boolean {
    return this.hasUri(uri) || (uri.user !== undefined && this.tokens?.isOurs(uri.user, callId) === true);
  }

  /** Whether we have put this Via. */
  hasVia({ host, port, transport }: Via): boolean {
    return this.has(host, port === 0 ? undefined : port, transport === "TLS" ? "tls" : "udp");
  }
}
