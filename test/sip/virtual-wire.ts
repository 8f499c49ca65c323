/** A wire in a simulated network: an agent's place there. */
import type { Address as Place, Simulation } from "../support/simulation.ts";
import type { Address } from "./address.ts";
import type { OnText, Wire } from "./wire.ts";

export class VirtualWire implements Wire {
  readonly at: Place;
  private readonly simulation: Simulation;

  /** @param at with the protocol of all that it carries; of a stream, this end */
  constructor(simulation: Simulation, at: Place, onText: OnText) {
    this.simulation = simulation;
    this.at = at;
    simulation.attach(at, {
      onDatagram: (text, { address, port }) => onText(text, { host: address, port }, simulation.now_ms),
    });
  }

  send(text: string, { host, port }: Address): void {
    const { protocol } = this.at;
    const to = { address: host, port, ...(protocol === undefined ? {} : { protocol }) };
    this.simulation.send(this.at, to, text);
  }

  /** A sender to this place is told: port unreachable, or the connection's end. */
  close(): void {
    this.simulation.detach(this.at);
  }
}
