/** A network in which several members have one address: each datagram for it comes to another of them, as a router that balances by packet does it. */
import { Rng } from "../../fuzz/rng.ts";
import type { Address, Endpoint, Simulation } from "../../support/simulation.ts";
import { DayNetwork } from "./day-network.ts";

/** The address of all members. */
export const ANYCAST: Address = { address: "10.206.206.1", port: 5060 };

export class Spray extends DayNetwork {
  /** Members to which the router leads: by what they announce, and not by whether they live. */
  readonly announced = new Set<string>();
  /** By member, how many datagrams have come to it. */
  readonly counts = new Map<string, number>();
  /** Datagrams that have come to a member that doesn't run. */
  missed = 0;
  /** Whether what a member sends there is lost. */
  drops: (name: string, to: Address) => boolean = () => false;
  /** Members that the router can't reach, whatever they announce. */
  readonly unplugged = new Set<string>();
  private readonly sockets = new Map<string, Endpoint>();
  private readonly rng: Rng;

  constructor(seed: number) {
    super(seed);
    this.rng = new Rng(seed);
    this.attach(ANYCAST, { onDatagram: (wire, from) => this.deal(wire, from) });
  }

  /** The same network, as one of the members is plugged in. */
  seenBy(name: string): Simulation {
    const view: Spray = Object.create(this);
    const isOurs = (at: Address) => at.address === ANYCAST.address;
    view.attach = (at, endpoint) => {
      if (isOurs(at)) this.sockets.set(name, endpoint);
      else this.attach(at, endpoint);
    };
    view.send = (from, to, wire, onRefused) => {
      const isLost = isOurs(from) && (this.unplugged.has(name) || this.drops(name, to));
      if (!isLost) super.send.call(view, from, to, wire, onRefused);
    };
    view.detach = (at) => {
      if (isOurs(at)) this.sockets.delete(name);
      else this.detach(at);
    };
    view.silence = (at, isSilent) => {
      if (!isOurs(at)) this.silence(at, isSilent);
      else if (isSilent !== false) this.sockets.delete(name);
    };
    return view;
  }

  /** Which member is to have the next datagram; tests may choose. */
  choose: (wire: string, names: readonly string[]) => string | undefined = (_wire, names) =>
    names.length === 0 ? undefined : this.rng.pick(names);

  private deal(wire: string, from: Address): void {
    const led = [...this.announced].filter((one) => !this.unplugged.has(one)).sort();
    const name = this.choose(wire, led);
    const socket = this.sockets.get(name ?? "");
    if (socket === undefined) this.missed += 1;
    if (name !== undefined) this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    socket?.onDatagram(wire, from);
  }
}
