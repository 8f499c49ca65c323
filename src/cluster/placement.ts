/** Where calls are made: at the member that has the shared addresses, or each at the one that its Call-ID says. */
import type { OwnState } from "./member-machine.ts";
import { orderOf, type Seat } from "./order.ts";

export interface Placement {
  /** Whether calls come here, so that this member may go on with those of others. */
  readonly hasCalls: boolean;
  /** Whether a call that nobody knows may be opened here. */
  readonly mayOpen: boolean;
  /** Whether messages come to several members at the same time, and each call is with one of those. */
  readonly isDealt: boolean;
  /** The members that may open a call, the one that is to do so first. */
  order(callId: string): readonly string[];
  /** Whether this member goes on with a call that `member` doesn't make any more. */
  isHeir(callId: string, member: string): boolean;
  /** The member that is to do so; undefined: there is none. */
  heirOf(callId: string, member: string): string | undefined;
  /** The member that goes on with a call of ours once it is given away; undefined: there is none. */
  successor(callId: string): string | undefined;
  /** Whether this member keeps a call that `member` makes too, as after a cut. */
  comesBefore(member: string, callId: string): boolean;
  /** The members that hear the story of a call that is made here. */
  heirs(callId: string): readonly string[];
  /** Whether a member still makes the calls that it has begun. */
  keeps(member: string): boolean;
  /** The other members that take calls now, as this one does. */
  rivals(): readonly string[];
}

/** What a placement asks of the members. */
export interface Members {
  readonly name: string;
  readonly state: OwnState;
  /** In the file's order, without ourselves. */
  live(): readonly string[];
  isAlive(member: string): boolean;
  /** Whether it lives, as far as any member that lives can tell. */
  isReached(member: string): boolean;
  /** Whether `listener`, which may be this member, heard a member that is gone until its end. */
  hasHeardOut(listener: string, member: string): boolean;
  factsOf(member: string): { readonly hasAddress?: boolean | undefined } | undefined;
  /** By its own word; undefined where it can't be reached, or hasn't said. */
  stateOf(member: string): OwnState | undefined;
}

/** All calls are at the member that has the shared addresses, and any other one may get them. */
export class SharedPlacement implements Placement {
  /** Its messages come here alone. */
  readonly mayOpen = true;
  readonly isDealt = false;
  private readonly members: Members;
  private readonly hasAddress: () => boolean;
  private readonly own: readonly string[];

  constructor(members: Members, hasAddress: () => boolean) {
    this.members = members;
    this.hasAddress = hasAddress;
    this.own = [members.name];
  }

  get hasCalls(): boolean {
    return this.hasAddress();
  }

  /** The addresses are here when a message comes. */
  order(): readonly string[] {
    return this.own;
  }

  /** Those of a dead member are anybody's: whoever asks has the addresses, or gets them. */
  isHeir(_callId: string, member: string): boolean {
    return this.hasAddress() || !this.members.isAlive(member);
  }

  heirOf(): string {
    return this.members.name;
  }

  successor(): string | undefined {
    return this.members.live()[0];
  }

  comesBefore(): boolean {
    return this.hasAddress();
  }

  heirs(): readonly string[] {
    return this.members.live();
  }

  /** It lives, and hasn't given the addresses away to us. */
  keeps(member: string): boolean {
    const isGone = this.hasAddress() && this.members.factsOf(member)?.hasAddress === false;
    return this.members.isAlive(member) && !isGone;
  }

  rivals(): readonly string[] {
    return this.members.live().filter((member) => this.members.factsOf(member)?.hasAddress === true);
  }
}

/** Those that take calls and hear a call's story: if its maker and one of them go at once, one is left that knows all of it. */
const HEIRS = 2;

/** Each call is at the member that its Call-ID says: messages may come to any of them. */
export class OrderedPlacement implements Placement {
  readonly isDealt = true;
  private readonly members: Members;
  private readonly seats: readonly Seat[];

  /** @param seats of all members, ourselves too */
  constructor(members: Members, seats: readonly Seat[]) {
    this.members = members;
    this.seats = seats;
  }

  get hasCalls(): boolean {
    return this.members.state === "active";
  }

  /** One that is still learning may not: its caller says it again in half a second. */
  get mayOpen(): boolean {
    return this.members.state !== "syncing";
  }

  /** Those that are active; ourselves where none is. */
  order(callId: string): readonly string[] {
    const { members } = this;
    const stateOf = (name: string) => (name === members.name ? members.state : members.stateOf(name));
    const active = this.seats.filter(({ name }) => stateOf(name) === "active");
    return active.length > 0 ? orderOf(callId, active) : [members.name];
  }

  isHeir(callId: string, member: string): boolean {
    return this.heirOf(callId, member) === this.members.name;
  }

  /** One that was cut from a dead member doesn't know the last of its calls: it comes after those that do. */
  heirOf(callId: string, member: string): string | undefined {
    const order = this.order(callId).filter((one) => one !== member);
    return order.find((one) => this.members.hasHeardOut(one, member)) ?? order[0];
  }

  successor(callId: string): string | undefined {
    return this.heirOf(callId, this.members.name);
  }

  comesBefore(member: string, callId: string): boolean {
    const order = this.order(callId);
    const [own, other] = [order.indexOf(this.members.name), order.indexOf(member)];
    return own >= 0 && (other < 0 || own < other);
  }

  /**
   * The first ones of those that take calls, and whoever may come before these: one that starts, or has drained, knows the calls that it will have
   * when it takes calls.
   */
  heirs(callId: string): readonly string[] {
    const { members } = this;
    const others = this.seats.filter(({ name }) => members.isAlive(name));
    const heirs: string[] = [];
    let active = 0;
    for (const name of orderOf(callId, others)) {
      if (active === HEIRS) break;
      heirs.push(name);
      if (members.stateOf(name) === "active") active += 1;
    }
    return heirs;
  }

  /** One that drains makes what it hasn't given away. */
  keeps(member: string): boolean {
    return this.members.isReached(member);
  }

  /** One from which only this member is cut takes calls as well. */
  rivals(): readonly string[] {
    const { members } = this;
    const isRival = (name: string) => members.isReached(name) && members.stateOf(name) !== "syncing";
    return this.seats.flatMap(({ name }) => (name !== members.name && isRival(name) ? name : []));
  }
}
