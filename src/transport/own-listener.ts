/** Our own addresses: fixed ones, and those that an interface has at the moment (DHCP, PPPoE) or lends us (VRRP). */
import { canonicalAddress, IpRange, ipVersion, isLinkLocal, isLoopback } from "../base/ip-range.ts";
import { hostText } from "../message/uri.ts";
import { type Listener, type Protocol, TRANSPORTS, type Transport } from "./flow.ts";

/** What the file says of a listener. */
export interface ListenSettings {
  readonly protocol: Protocol;
  /** An IP literal, IPv6 without brackets, or the name of an interface. */
  readonly at: string;
  /** Of an interface's addresses, the first of this IP version. */
  readonly version: 4 | 6;
  readonly port: number;
  /** What peers are told instead of the address. */
  readonly advertise: string | undefined;
  /** Whether other routers have the address at the same time. */
  readonly isAnycast?: boolean;
}

/** The router's interfaces by name, with the addresses that they have now. */
export type Interfaces = ReadonlyMap<string, readonly string[]>;

/** One address of an interface. */
export interface OwnAddress {
  readonly device: string;
  readonly address: string;
  /** "address/prefix length"; null when the kernel's mask is none. */
  readonly cidr: string | null;
}

/** Addresses by the interface that has them, in the same order. */
export function interfacesOf(addresses: readonly OwnAddress[]): Interfaces {
  const found = new Map<string, string[]>();
  for (const { device, address } of addresses) found.set(device, [...(found.get(device) ?? []), address]);
  return found;
}

const NOWHERE = { 4: "0.0.0.0", 6: "::" } as const;

/** A listener whose address may come and go. Flows keep hold of it: what leaves by it leaves from its present address. */
export class OwnListener implements Listener {
  readonly index: number;
  readonly settings: ListenSettings;
  readonly protocol: Protocol;
  readonly transport: Transport;
  readonly port: number;
  address: string;
  sentBy: string;
  isAway: boolean;
  /** Whether its address is one that the members of a pair share: then it is away while another router has it. */
  isShared = false;
  /** Whether this member of a pair may have it, where no VRRP decides that: in 127.0.0.0/8. */
  mayHave = true;
  /** Own addresses of the router in the network of an address that is shared. */
  standsFor: readonly string[] = [];
  /** Whether the router has ever listed its literal address: those of 127.0.0.0/8 never are, and serve all the same. */
  private wasListed = false;

  constructor(index: number, settings: ListenSettings) {
    const { protocol, port, at, version } = settings;
    this.index = index;
    this.settings = settings;
    this.protocol = protocol;
    this.transport = TRANSPORTS[protocol];
    this.port = port;
    this.isAway = this.isInterface;
    this.address = this.isAway ? NOWHERE[version] : at;
    this.sentBy = this.nameAt(this.address);
  }

  /** As the file names it, for logs. */
  get name(): string {
    const { protocol, at, port } = this.settings;
    return `${protocol}:${hostText(at)}:${port}`;
  }

  /** Whether the file names an interface. */
  get isInterface(): boolean {
    return ipVersion(this.settings.at) === 0;
  }

  /** The address that it ought to have; undefined when the router has none for it. */
  homeAmong(interfaces: Interfaces): string | undefined {
    const { at, version } = this.settings;
    if (this.isInterface) {
      // An address of the link alone means nothing to anybody else.
      return (interfaces.get(at) ?? []).find((one) => ipVersion(one) === version && !isLinkLocal(one));
    }
    if (this.isAmong(interfaces)) this.wasListed = true;
    else if (this.wasListed) return undefined;
    return at;
  }

  /** Whether the router lists its literal address. */
  isAmong(interfaces: Interfaces): boolean {
    const own = canonicalAddress(this.settings.at);
    const isIpv6 = own.includes(":");
    for (const addresses of interfaces.values()) {
      // Reading an IPv6 address takes 10 µs, the first one some ms.
      if (addresses.some((one) => one.includes(":") === isIpv6 && canonicalAddress(one) === own)) return true;
    }
    return false;
  }

  /**
   * Finds those of the router's own addresses that it stands for: in its network, or on the interface that has it.
   * @param all addresses of the router
   */
  standAmong(all: readonly OwnAddress[]): void {
    const own = canonicalAddress(this.settings.at);
    const devices = all.filter(({ address }) => canonicalAddress(address) === own).map(({ device }) => device);
    const isNear = ({ device, cidr }: OwnAddress) =>
      devices.includes(device) || IpRange.parse(cidr ?? "")?.contains(own) === true;
    const near = all.filter((one) => canonicalAddress(one.address) !== own && isNear(one));
    this.standsFor = near.map(({ address }) => address);
  }

  /**
   * Takes the address that it ought to have, for those that only want to know it. A literal address that the router doesn't list is away.
   * @param interfaces empty: what the router has isn't known
   */
  settle(interfaces: Interfaces): void {
    const address = this.homeAmong(interfaces);
    const isTrusted = this.wasListed || interfaces.size === 0 || isLoopback(this.settings.at);
    this.isAway = address === undefined || !(this.isInterface || isTrusted);
    if (address !== undefined) this.take(address);
  }

  /** Takes `address` for its own. It is away until it can really be used. */
  take(address: string): void {
    this.address = address;
    this.sentBy = this.nameAt(address);
  }

  private nameAt(address: string): string {
    return this.settings.advertise ?? `${hostText(address)}:${this.port}`;
  }
}
