/** Which URIs mean this proxy: its listeners, what they are advertised as, and the names that it goes by. */
import { canonicalAddress, ipVersion } from "../base/ip-range.ts";
import { type SipUri, splitHostPort } from "../message/uri.ts";
import type { Via } from "../message/via.ts";
import { DEFAULT_PROTOCOL, defaultPort, type Listener, type Protocol, protocolOfVia } from "../transport/flow.ts";
import { hopOf } from "../transport/locator.ts";
import type { Tokens } from "./tokens.ts";

/** Names that mean us, as far as policy knows them. */
export interface OwnNames {
  /** The file says so: they mean us in every URI. */
  readonly stated: ReadonlySet<string>;
  /** Whether `host` means us in every URI but the Request-URI of a REGISTER: our certificate or DNS says so. */
  isOurs(host: string): boolean;
  /** The same in a Route: there a name is a proxy's, though phones may be registered in a domain of that name. */
  isOursInRoute(host: string): boolean;
  /** Whether DNS leads `host` here, whatever else goes by that name. */
  leadsHere(host: string): boolean;
  /** Whether DNS has been asked where `host` leads, and hasn't said it yet: it may mean us. */
  isUnknown(host: string): boolean;
}

const NO_NAMES: OwnNames = {
  stated: new Set(),
  isOurs: () => false,
  isOursInRoute: () => false,
  leadsHere: () => false,
  isUnknown: () => false,
};

export class OwnAddresses {
  /** Whether anything of ours speaks TLS. */
  readonly hasTls: boolean;
  /** By their index. */
  readonly listeners: readonly Listener[];
  private readonly tokens: Tokens | undefined;
  private readonly hostPorts = new Set<string>();
  private readonly addresses = new Set<string>();
  private readonly advertised = new Set<string>();
  private names: OwnNames = NO_NAMES;

  /** @param tokens know what we have made when we had other addresses */
  constructor(listeners: readonly Listener[], tokens?: Tokens) {
    this.listeners = listeners;
    this.tokens = tokens;
    this.hasTls = listeners.some(({ transport }) => transport.isSecure);
    this.refresh();
  }

  /** Listeners have moved. */
  refresh(): void {
    this.hostPorts.clear();
    this.addresses.clear();
    this.advertised.clear();
    for (const listener of this.listeners) {
      const address = canonicalAddress(listener.address);
      this.addresses.add(address);
      this.hostPorts.add(`${address} ${listener.port}`);
      const advertised = splitHostPort(listener.sentBy);
      if (advertised === undefined) continue;
      this.addresses.add(advertised.host);
      this.hostPorts.add(`${advertised.host} ${advertised.port ?? defaultPort(listener.protocol)}`);
      if (ipVersion(advertised.host) === 0) this.advertised.add(advertised.host);
    }
  }

  /** From now on these names mean us. */
  goBy(names: OwnNames): void {
    this.names = names;
  }

  /** @param protocol tells the port where none is named */
  has(host: string, port: number | undefined, protocol: Protocol = DEFAULT_PROTOCOL): boolean {
    return this.hostPorts.has(`${host} ${port ?? defaultPort(protocol)}`);
  }

  /** Whether one of our listeners has this IP address, or is advertised at it, on whichever port. */
  hasAddress(address: string): boolean {
    return this.addresses.has(canonicalAddress(address));
  }

  /** Whether a URI with this port, or with none, can mean a listener: DNS may lead a bare name to any of them. */
  hasPort(port: number | undefined): boolean {
    return port === undefined || this.listeners.some((listener) => listener.port === port);
  }

  hasUri(uri: SipUri): boolean {
    return this.isStated(uri) || (this.names.isOurs(uri.host) && this.hasPort(uri.port));
  }

  /** The same for the Request-URI of a REGISTER, where a name that nobody has stated is the registrar's domain. */
  isStated(uri: SipUri): boolean {
    // Most URIs are of others, which their host shows.
    if (this.addresses.has(uri.host) && this.has(uri.host, uri.port, hopOf(uri).protocol)) return true;
    const isNamed = this.names.stated.has(uri.host) || this.advertised.has(uri.host);
    return isNamed && this.hasPort(uri.port);
  }

  /** Whether `host` may turn out to mean us: DNS hasn't said yet where it leads. */
  mayMean(host: string): boolean {
    return this.names.isUnknown(host);
  }

  /** Whether what is sent to `host` would come back to us. */
  leadsHere(host: string): boolean {
    return this.names.leadsHere(host);
  }

  /** Whether we have put this Route entry, of a request with this Call-ID: perhaps at an address that we have no longer. */
  hasRoute(uri: SipUri, callId: string): boolean {
    if (this.isStated(uri) || this.hasToken(uri, callId)) return true;
    return this.names.isOursInRoute(uri.host) && this.hasPort(uri.port);
  }

  /** Whether the user of this URI is a token of ours, for a request with this Call-ID. */
  hasToken({ user }: SipUri, callId: string): boolean {
    return user !== undefined && this.tokens?.isOurs(user, callId) === true;
  }

  /** Whether we have put this Via. */
  hasVia({ host, port, transport }: Via): boolean {
    return port === 0 ? this.has(host, undefined, protocolOfVia(transport)) : this.has(host, port);
  }
}
