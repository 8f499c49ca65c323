/**
 * Names that DNS leads to this router: an outbound proxy that is set by name in the phones stands in their Routes so. They
 * are looked up in the background; no request waits for it.
 */
import { ipVersion } from "../base/ip-range.ts";
import type { Table } from "../base/meter.ts";
import { ownText } from "../base/own-text.ts";
import type { SipUri } from "../message/uri.ts";
import { SIP_PORT } from "../message/uri.ts";
import type { Names } from "../transport/names.ts";
import { flatten } from "../transport/weighted-order.ts";
import type { OwnAddresses } from "./own-addresses.ts";

/** Names kept; a branch has one or two. */
const NAMES_MAX = 64;
/** How long an answer is used before DNS is asked again, in the background too. */
const LOOK_AGAIN_ms = 60_000;
/** The same while DNS has said nothing of the name. */
const LOOK_SOON_ms = 5_000;
/** RFC 1035 §2.3.4: DNS has no longer names. */
const HOST_CHARACTERS_MAX = 255;

/** What DNS says of a name. */
interface LearnedName {
  readonly host: string;
  /** Where it leads; empty while that isn't known. */
  addresses: readonly string[];
  isOurs: boolean;
  looked_ms: number;
}

export class LearnedNames implements Table {
  hits = 0;
  readonly limit = NAMES_MAX;
  private readonly names: Names;
  private readonly own: OwnAddresses;
  private readonly learned = new Map<string, LearnedName>();

  constructor(names: Names, own: OwnAddresses) {
    this.names = names;
    this.own = own;
  }

  get size(): number {
    return this.learned.size;
  }

  all(): IterableIterator<LearnedName> {
    return this.learned.values();
  }

  isOurs(host: string): boolean {
    return this.learned.get(host)?.isOurs === true;
  }

  /** Whether DNS has been asked where `host` leads. */
  isKnown(host: string): boolean {
    return this.learned.has(host);
  }

  /** Where DNS leads `host`; empty while it hasn't said so. */
  addressesOf(host: string): readonly string[] {
    return this.learned.get(host)?.addresses ?? [];
  }

  /** Whether DNS has been asked where `host` leads, and hasn't said it yet. */
  isUnknown(host: string): boolean {
    return this.learned.get(host)?.addresses.length === 0;
  }

  /** An admitted request has this URI where an outbound proxy stands: finds out whether it means us, for those to come. */
  consider(uri: SipUri, now_ms: number): void {
    if (uri.host.length > HOST_CHARACTERS_MAX || ipVersion(uri.host) !== 0 || !this.own.hasPort(uri.port)) return;
    const known = this.learned.get(uri.host);
    if (known !== undefined && now_ms < known.looked_ms + waitOf(known)) return;
    if (known === undefined && this.learned.size >= NAMES_MAX && !this.makeRoom()) return;
    const host = known?.host ?? ownText(uri.host);
    const name: LearnedName = known ?? { host, addresses: [], isOurs: false, looked_ms: now_ms };
    name.looked_ms = now_ms;
    // The name that has been asked for last stands last.
    this.learned.delete(host);
    this.learned.set(host, name);
    const take = (addresses: readonly string[]) => {
      if (addresses.length === 0) return; // DNS is dead: what it said last stands
      name.addresses = addresses;
      name.isOurs = addresses.some((address) => this.own.hasAddress(address));
    };
    const addressesOf = (tiers: Parameters<Parameters<Names["find"]>[1]>[0]) =>
      flatten(tiers).map((one) => one.address);
    // With a port there is nothing to find but addresses (RFC 3263 §4.2).
    const target = { host, port: uri.port ?? SIP_PORT, protocol: undefined };
    const tiers = this.names.find(target, (found) => take(addressesOf(found)), now_ms);
    if (tiers !== undefined) take(addressesOf(tiers));
  }

  /**
   * Forgets the name that was looked up longest ago; one that means us stays. It need not be old: a phone can make up names
   * faster than they age.
   */
  private makeRoom(): boolean {
    this.hits += 1;
    for (const { host, isOurs } of this.learned.values()) if (!isOurs) return this.learned.delete(host);
    return false;
  }
}

function waitOf({ addresses }: LearnedName): number {
  return addresses.length === 0 ? LOOK_SOON_ms : LOOK_AGAIN_ms;
}
