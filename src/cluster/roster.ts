/** The other members of a cluster, as all that need to know of them may ask: who lives, what each has last said, and how it is reached. */
import { Hearsay } from "./hearsay.ts";
import type { MemberFacts } from "./member-facts.ts";
import type { OwnState } from "./member-machine.ts";
import type { Member } from "./members.ts";

export abstract class Roster {
  readonly name: string;
  protected readonly members = new Map<string, Member>();
  protected readonly hearsay: Hearsay;

  constructor(name: string) {
    this.name = name;
    this.hearsay = new Hearsay(name, this.members, (member, now_ms) => this.onGone(member, now_ms));
  }

  isAlive(member: string): boolean {
    return this.members.get(member)?.isAlive === true;
  }

  /** Whether a member has been heard, and is silent now without a farewell. */
  isMissing(member: string): boolean {
    return this.members.get(member)?.life === "dead";
  }

  /** The members that live, in the file's order, without ourselves. */
  live(): readonly string[] {
    return [...this.members.values()].filter(({ isAlive }) => isAlive).map(({ name }) => name);
  }

  /** Whether a member lives, as far as any that lives can tell. */
  isReached(member: string): boolean {
    return this.hearsay.isReached(member);
  }

  /** The member by which a part for this one gets there: itself, or one that hears it; undefined: nobody does. */
  wayTo(member: string): string | undefined {
    return this.hearsay.wayTo(member);
  }

  /** Whether `listener`, which may be this member, heard a member that is gone until its end. */
  hasHeardOut(listener: string, member: string): boolean {
    return this.hearsay.hasHeardOut(listener, member);
  }

  /** What a member has last said of itself; undefined where it isn't heard here, or hasn't said. */
  factsOf(member: string): MemberFacts | undefined {
    return this.isAlive(member) ? this.members.get(member)?.facts : undefined;
  }

  /**
   * What a member does: by its own word, and of one that only others hear by theirs, since its last word here grows old. Undefined where it can't be
   * reached, or hasn't said.
   */
  stateOf(member: string): OwnState | undefined {
    if (this.isAlive(member)) return this.factsOf(member)?.state;
    return this.isReached(member) ? this.hearsay.stateOf(member) : undefined;
  }

  /** A member isn't heard by anybody any more: told once. */
  protected abstract onGone(member: string, now_ms: number): void;
}
