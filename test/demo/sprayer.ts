/**
 * The router in front of members that share an anycast address: it leads each datagram for that address to the next member whose route is
 * announced, as a router with balancing per packet does. On one machine without root the address is there once only, so each member has a
 * loopback address that stands for it.
 */
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Address } from "../sip/address.ts";
import type { Cable, Place } from "./sip/watched-wire.ts";

/** As BFD with 100 ms, three times: so long the router goes on sending to a member that is dead. */
const BFD_ms = 300;

/** A member, and the address that stands for the anycast address there. */
export interface Seat {
  readonly name: string;
  readonly host: string;
}

export class Sprayer implements Cable {
  private readonly anycast: Address;
  private readonly seats: readonly Seat[];
  private readonly folder: string;
  /** Members that have lost their power. */
  private readonly dead = new Set<string>();
  /** Datagrams that it has led to each. */
  private readonly led = new Map<string, number>();
  private turn = 0;

  /** @param folder of the files that say which routes are announced */
  constructor(anycast: Address, seats: readonly Seat[], folder: string) {
    this.anycast = anycast;
    this.seats = seats;
    this.folder = folder;
  }

  /** The file that is there while the route to this member is announced. */
  routeOf(name: string): string {
    return join(this.folder, name);
  }

  isAnnounced(name: string): boolean {
    return existsSync(this.routeOf(name));
  }

  /** How many datagrams have gone to a member. */
  ledTo(name: string): number {
    return this.led.get(name) ?? 0;
  }

  /** A member has lost its power: its routing daemon is silent from now on. */
  lose(name: string): void {
    this.dead.add(name);
    setTimeout(() => rmSync(this.routeOf(name), { force: true }), BFD_ms);
  }

  /** It has its power again; the route isn't there before branchline announces it. */
  restore(name: string): void {
    this.dead.delete(name);
  }

  towards(address: Address): Place | undefined {
    if (address.host !== this.anycast.host) return { address };
    const ways = this.seats.filter(({ name }) => this.isAnnounced(name));
    const seat = ways[this.turn % Math.max(1, ways.length)];
    if (seat === undefined) return undefined;
    this.turn += 1;
    this.led.set(seat.name, this.ledTo(seat.name) + 1);
    return {
      address: { host: seat.host, port: address.port },
      router: seat.name,
      isLost: this.dead.has(seat.name),
    };
  }

  whence(address: Address): Place {
    const seat = this.seats.find(({ host }) => host === address.host);
    if (seat === undefined) return { address };
    return { address: { host: this.anycast.host, port: address.port }, router: seat.name };
  }
}

/**
 * Writes the module by which a Node takes a member's stand-in for the anycast address: branchline knows nothing of it.
 * @returns its path
 */
export function writeStandIn(folder: string, anycast: string, host: string): string {
  const file = join(folder, "stand-in.cjs");
  const text = `const { Socket } = require("dgram");
const { bind } = Socket.prototype;
Socket.prototype.bind = function (where, ...more) {
  const isAnycast = where !== null && typeof where === "object" && where.address === ${JSON.stringify(anycast)};
  return bind.call(this, isAnycast ? { ...where, address: ${JSON.stringify(host)} } : where, ...more);
};
`;
  writeFileSync(file, text);
  return file;
}
