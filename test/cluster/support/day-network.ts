/** The network of a branch's day. It loses each datagram once at the most, so that whoever repeats it is heard. */
import { type Address, mulberry32, Simulation } from "../../support/simulation.ts";

const keyOf = ({ address, port }: Address) => `${address} ${port}`;

export class DayNetwork extends Simulation {
  /** Share of the datagrams that are lost, those between members and probes not among them. */
  lossShare = 0;
  /** What never arrives. */
  swallows: (from: Address, to: Address, wire: string) => boolean = () => false;
  private readonly chance: () => number;
  private readonly lost = new Set<string>();

  constructor(seed: number) {
    super({ latency_ms: 2 });
    this.chance = mulberry32(seed);
  }

  override send(from: Address, to: Address, wire: string, onRefused?: () => void): void {
    if (this.swallows(from, to, wire) || this.loses(from, to, wire)) this.note(from, to, wire);
    else super.send(from, to, wire, onRefused);
  }

  private note(from: Address, to: Address, wire: string): void {
    this.sightings.push({ at_ms: this.now_ms, from, to, wire, fate: "lost" });
  }

  private loses(from: Address, to: Address, wire: string): boolean {
    if (this.lossShare === 0 || wire.startsWith("OPTIONS ") || / OPTIONS\r\n/.test(wire)) return false;
    if (this.chance() >= this.lossShare) return false;
    const key = `${keyOf(from)} ${keyOf(to)} ${wire}`;
    if (this.lost.has(key)) return false;
    this.lost.add(key);
    return true;
  }
}
