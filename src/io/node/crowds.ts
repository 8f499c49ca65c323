/**
 * Connections that peers have opened, by the address that they come from.
 *
 * With all places taken, the oldest connection of the address that has most of them ends; those of upstream and gateways never do.
 */

import { ownerNetwork } from "../../base/ip-range.ts";

/** Those of one address. */
interface Crowd {
  all: number;
  /** How many of them came when the address was a stranger's. */
  strangers: number;
}

export class Crowds {
  /** Of all addresses. */
  strangers = 0;
  private readonly byAddress = new Map<string, Crowd>();
  /** Those of strangers, by the networks that are theirs. */
  private readonly byNetwork = new Map<string, number>();

  /** Connections from this address. */
  count(address: string): number {
    return this.byAddress.get(address)?.all ?? 0;
  }

  /** Connections of strangers to whom this address belongs too. */
  strangersWith(address: string): number {
    return this.byNetwork.get(ownerNetwork(address)) ?? 0;
  }

  enter(address: string, isKnown: boolean): void {
    const crowd = this.byAddress.get(address) ?? { all: 0, strangers: 0 };
    this.byAddress.set(address, crowd);
    crowd.all += 1;
    if (isKnown) return;
    crowd.strangers += 1;
    this.strangers += 1;
    this.byNetwork.set(ownerNetwork(address), this.strangersWith(address) + 1);
  }

  /** A connection that was counted as a stranger's leaves as one, whether the address has become known or not. */
  leave(address: string): void {
    const crowd = this.byAddress.get(address);
    if (crowd === undefined) return;
    crowd.all -= 1;
    if (crowd.all === 0) this.byAddress.delete(address);
    if (crowd.strangers === 0) return;
    crowd.strangers -= 1;
    this.strangers -= 1;
    const left = this.strangersWith(address) - 1;
    if (left > 0) this.byNetwork.set(ownerNetwork(address), left);
    else this.byNetwork.delete(ownerNetwork(address));
  }
}

/** Whose connections are weighed together: a stranger has all addresses of its network. */
export function crowdOf(address: string, whom: { knows(address: string): boolean }): string {
  return whom.knows(address) ? address : ownerNetwork(address);
}
