/** A firewall as a family of routers keeps it, and the commands that change it. */
import type { Transport } from "../../transport/flow.ts";
import type { Cure } from "./facts.ts";
import type { Chain, Packet } from "./rules.ts";

/** What is to be let in. */
export interface Opening {
  readonly device: string;
  /** Of the sources. */
  readonly version: 4 | 6;
  /** Upstream's addresses; none where upstream's requests don't come this way. */
  readonly sources: readonly string[];
  /** Addresses and networks of phones and gateways behind the same interface. */
  readonly others: readonly string[];
  readonly protocol: Transport["layer"] | "tcp_udp";
  readonly ports: readonly number[];
}

/** Rules, and how to change them. */
export interface Wall {
  readonly chains: readonly Chain[];
  /** Lets upstream in, where it is kept out. @param closed the chains that keep it out */
  readonly open: (closed: readonly Chain[]) => Cure;
  /** Undoes that, where doctor may do it. */
  readonly undo?: readonly string[];
  /** Keeps all others out, where everybody is let in. @param packet one that got in so */
  readonly shut: (packet: Packet) => Cure;
}

/** The name of our own rules. */
export const NAME = "branchline";
/** What may stand in a command. */
export const WORD = /^[\w.+-]+$/;

/** The transports that the opening is for. */
export function kindsOf({ protocol }: Opening): readonly Transport["layer"][] {
  return protocol === "tcp_udp" ? ["udp", "tcp"] : [protocol];
}
