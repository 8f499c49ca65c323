/** The addresses that move between the members of a pair, as this router may have them and has them; none where all members have the address. */
import { canonicalAddress, isLoopback } from "../base/ip-range.ts";
import type { ClusterSettings } from "../cluster/settings.ts";
import type { Listener } from "../transport/flow.ts";
import type { Interfaces, OwnListener } from "../transport/own-listener.ts";

export class SharedAddresses {
  readonly listeners: readonly OwnListener[];
  /** Those of this router alone. */
  readonly others: readonly OwnListener[];
  private readonly readInterfaces: () => Interfaces | undefined;

  constructor(all: readonly OwnListener[], { shared }: ClusterSettings, readInterfaces: () => Interfaces | undefined) {
    const isShared = ({ settings }: OwnListener) => shared.some((one) => one.address === canonicalAddress(settings.at));
    this.readInterfaces = readInterfaces;
    this.listeners = all.filter(isShared);
    this.others = all.filter((one) => !isShared(one));
    for (const listener of this.listeners) listener.isShared = true;
  }

  /** From now on this member may have them, or not. @returns whether that is news */
  allow(mayHave: boolean): boolean {
    const isNews = this.listeners.some((listener) => listener.mayHave !== mayHave);
    for (const listener of this.listeners) listener.mayHave = mayHave;
    return isNews;
  }

  /** Whether a shared address isn't here any more, by the kernel's word: addresses are looked at only now and then. */
  isGone(listener: Listener): boolean {
    const shared = this.listeners.find((one) => one === listener);
    if (shared === undefined || isLoopback(shared.settings.at)) return false;
    const interfaces = this.readInterfaces();
    return interfaces !== undefined && !shared.isAmong(interfaces);
  }
}
