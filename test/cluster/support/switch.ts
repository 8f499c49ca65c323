/** The network of a branch with two routers: their shared addresses are with the router that has them, or with both, and a switch may be cut in two. */
import type { MemberName } from "../../app/pair-of-nodes.ts";
import type { Address, Endpoint, Simulation } from "../../support/simulation.ts";
import { DayNetwork } from "./day-network.ts";

const keyOf = ({ address, port }: Address) => `${address} ${port}`;

export class Switch extends DayNetwork {
  /** While the switch is cut in two: with which router an address is; undefined: it is whole. */
  halfOf: ((address: string) => MemberName | undefined) | undefined = undefined;
  private readonly shared: ReadonlySet<string>;
  /** By shared address, the routers that have it; the one that has got it last comes last. */
  private readonly holders = new Map<string, Map<MemberName, { readonly at: Address; readonly endpoint: Endpoint }>>();

  /** @param shared addresses that routers share */
  constructor(shared: readonly string[], seed: number) {
    super(seed);
    this.shared = new Set(shared);
  }

  /** The same network, as one of the routers is plugged in. */
  seenBy(name: MemberName): Simulation {
    const view: Switch = Object.create(this);
    view.attach = (at, endpoint) => {
      if (this.shared.has(at.address)) this.give(name, at, endpoint);
      else this.attach(at, endpoint);
    };
    view.detach = (at) => {
      if (this.shared.has(at.address)) this.take(name, at);
      else this.detach(at);
    };
    view.silence = (at, isSilent) => {
      if (!this.shared.has(at.address)) this.silence(at, isSilent);
      else if (isSilent !== false) this.take(name, at);
    };
    view.send = (from, to, wire, onRefused) => {
      const half = this.shared.has(from.address) ? this.halfOf?.(to.address) : undefined;
      if (half === undefined || half === name) this.send(from, to, wire, onRefused);
    };
    return view;
  }

  private give(name: MemberName, at: Address, endpoint: Endpoint): void {
    const key = keyOf(at);
    const holders = this.holders.get(key) ?? new Map();
    if (!this.holders.has(key)) {
      this.holders.set(key, holders);
      // An address that no router has is silent.
      this.attach(at, { onDatagram: (wire, from) => this.holderFor(key, from)?.onDatagram(wire, from) });
    }
    holders.delete(name);
    holders.set(name, { at, endpoint });
  }

  /** The address that this very process had is nobody's. */
  private take(name: MemberName, at: Address): void {
    const holders = this.holders.get(keyOf(at));
    if (holders?.get(name)?.at === at) holders.delete(name);
  }

  private holderFor(key: string, { address }: Address): Endpoint | undefined {
    const holders = this.holders.get(key);
    const half = this.halfOf?.(address);
    if (half !== undefined) return holders?.get(half)?.endpoint;
    return [...(holders?.values() ?? [])].pop()?.endpoint;
  }
}
