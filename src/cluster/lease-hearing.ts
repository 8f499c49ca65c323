/**
 * Keeps two members that take calls at the same time from filling one gateway twice.
 *
 * A member that has heard of a lease says so, and with it how many channels it has taken itself. A channel that a rival hasn't heard of is
 * counted twice, since as many may have been taken there meanwhile; and so are channels that a rival has taken, by its own count, of which
 * no lease has come yet. So a gateway has one call too many at the most, whatever gets lost between members that hear each other at all. Without
 * a rival nothing is counted twice.
 */
import { isCount, isText, listIn } from "../message/plain-data.ts";
import type { Json, Part } from "./ports.ts";

/** The part by which a member says what it has heard of. */
export const HEARD = "leased";
/** A rival tells its count with each lease that it hears of, and its leases again and again: an older count means nothing. */
const COUNT_HOLDS_ms = 1_000;
/** Gateways in one part: more than any file has. */
const GATEWAYS_MAX = 256;
/** Calls in one part: more than come within one event. */
const CALLS_MAX = 256;
const CHANNELS_MAX = 100_000;

/** A lease of this member. */
export interface OwnLease {
  readonly gateways: readonly string[];
  /** Of its last change. */
  readonly order: number;
  /** How often that has been told. */
  told: number;
  /** Members that have heard of that. */
  readonly heardBy: Set<string>;
}

/** Channels that a member has taken, of which no lease had come by then. */
interface Unknown {
  readonly channels: Map<string, number>;
  readonly until_ms: number;
}

export class LeaseHearing {
  private readonly own = new Map<string, OwnLease>();
  /** Leases of others by their Call-IDs: whose they are, and what they occupy. */
  private readonly others = new Map<string, { readonly member: string; readonly gateways: readonly string[] }>();
  private readonly unknown = new Map<string, Unknown>();

  /** A call here has begun, or has changed. @returns its lease, with the order by which the others answer it */
  tells(callId: string, gateways: readonly string[], order: number): OwnLease {
    const known = this.own.get(callId);
    this.others.delete(callId);
    // That a call has been answered takes no channel: what is heard of it before is enough.
    const isMore =
      known === undefined ||
      gateways.length > known.gateways.length ||
      !gateways.every((one) => known.gateways.includes(one));
    const heardBy = isMore ? new Set<string>() : known.heardBy;
    const lease = { gateways: [...gateways], order: isMore ? order : known.order, told: 1, heardBy };
    this.own.set(callId, lease);
    return lease;
  }

  /** A lease of another member has come. */
  isTold(callId: string, member: string, gateways: readonly string[]): void {
    const known = this.others.get(callId)?.gateways ?? this.own.get(callId)?.gateways ?? [];
    const { channels } = this.unknown.get(member) ?? {};
    for (const gateway of new Set(gateways)) {
      const more = countIn(gateways, gateway) - countIn(known, gateway);
      const left = (channels?.get(gateway) ?? 0) - Math.max(0, more);
      if (channels?.has(gateway) === true) channels.set(gateway, Math.max(0, left));
    }
    this.own.delete(callId);
    this.others.set(callId, { member, gateways: [...gateways] });
  }

  forget(callId: string): void {
    this.own.delete(callId);
    this.others.delete(callId);
  }

  /** Forgets all others. */
  keep(isUp: (callId: string) => boolean): void {
    for (const leases of [this.own, this.others]) {
      for (const callId of leases.keys()) if (!isUp(callId)) leases.delete(callId);
    }
  }

  /** Own leases of which one of these members hasn't heard. */
  unheardBy(members: readonly string[]): [string, OwnLease][] {
    return [...this.own].filter(([, { heardBy }]) => members.some((one) => !heardBy.has(one)));
  }

  /** The answer to leases: which they are, by their orders, and how many channels are taken here. */
  heard(leases: readonly (readonly [callId: string, order: number])[]): Part {
    const taken: Record<string, number> = {};
    for (const { gateways } of this.own.values()) for (const one of gateways) taken[one] = (taken[one] ?? 0) + 1;
    return [
      HEARD,
      { calls: leases.slice(-CALLS_MAX).map(([callId, order]) => [callId, order]), taken: Object.entries(taken) },
    ];
  }

  /** @param value what {@link heard} of another member has made: believed no more than a message */
  take(from: string, value: Json, now_ms: number): void {
    for (const data of (listIn(value, "calls") ?? []).slice(0, CALLS_MAX)) {
      const [callId, order] = Array.isArray(data) ? (data as readonly unknown[]) : [];
      const own = typeof callId === "string" ? this.own.get(callId) : undefined;
      if (own !== undefined && own.order === order) own.heardBy.add(from);
    }
    const channels = new Map<string, number>();
    for (const data of (listIn(value, "taken") ?? []).slice(0, GATEWAYS_MAX)) {
      const [gateway, taken] = Array.isArray(data) ? (data as readonly unknown[]) : [];
      if (typeof gateway !== "string" || !isText(gateway) || typeof taken !== "number") continue;
      if (isCount(taken, 0, CHANNELS_MAX)) channels.set(gateway, Math.max(0, taken - this.countOf(from, gateway)));
    }
    this.unknown.set(from, { channels, until_ms: now_ms + COUNT_HOLDS_ms });
  }

  onDead(member: string): void {
    this.unknown.delete(member);
    for (const { heardBy } of this.own.values()) heardBy.delete(member);
  }

  /** Channels of a gateway that these members may have taken by now, beside those of which leases have come. */
  inDoubt(gateway: string, rivals: readonly string[], now_ms: number): number {
    let doubt = 0;
    for (const rival of rivals) {
      for (const { gateways, heardBy } of this.own.values())
        if (!heardBy.has(rival)) doubt += countIn(gateways, gateway);
      const told = this.unknown.get(rival);
      if (told !== undefined && now_ms < told.until_ms) doubt += told.channels.get(gateway) ?? 0;
    }
    return doubt;
  }

  private countOf(member: string, gateway: string): number {
    let count = 0;
    for (const { member: other, gateways } of this.others.values())
      if (other === member) count += countIn(gateways, gateway);
    return count;
  }
}

function countIn(gateways: readonly string[], gateway: string): number {
  return gateways.filter((one) => one === gateway).length;
}
