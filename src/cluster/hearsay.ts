/**
 * Members that this one doesn't hear any more while another one does: they live, and only the way between is cut. What they have is theirs then. A
 * member is gone when nobody that lives hears it; when it has said that it stops; and when it has been started anew, since then its life
 * before is over.
 */
import type { OwnState } from "./member-machine.ts";
import type { Member } from "./members.ts";

/** Two that hear of the same death do so within this time of each other; who has been without a member for longer was cut from it. */
const TOGETHER_ms = 300;
/** A member's end is in the words of all others by then: each says all twice a second. */
const ENDED_ms = 1_000;

export class Hearsay {
  private readonly own: string;
  private readonly members: ReadonlyMap<string, Member>;
  private readonly onGone: (member: string, now_ms: number) => void;
  /** Those that are silent here, and that others hear; and whether their life was heard here. */
  private readonly cut = new Map<string, boolean>();
  /** By member, which other ones it doesn't hear by its own word, and since when it says so; a life's first word is for all time before. */
  private readonly unheard = new Map<string, Map<string, number>>();
  /** By member that is gone, those that had been cut from it before its end. */
  private readonly late = new Map<string, Set<string>>();

  /** @param own our name; @param members all others, by name; @param onGone hears of each once */
  constructor(own: string, members: ReadonlyMap<string, Member>, onGone: (member: string, now_ms: number) => void) {
    this.own = own;
    this.members = members;
    this.onGone = onGone;
  }

  /** Whether it lives, as far as any member that lives can tell. */
  isReached(name: string): boolean {
    return this.cut.has(name) || this.members.get(name)?.isAlive === true;
  }

  /** The member by which a message gets there: itself, or one that hears it; undefined: it is gone. */
  wayTo(name: string): string | undefined {
    return this.members.get(name)?.isAlive === true ? name : this.witnessOf(name);
  }

  /** What a member does that isn't heard here, by the word of one that hears it; undefined: nobody says. */
  stateOf(name: string): OwnState | undefined {
    const { hears = [], states = [] } = this.members.get(this.witnessOf(name) ?? "")?.facts ?? {};
    return states[hears.indexOf(name)] ?? undefined;
  }

  /**
   * Whether `listener` hears a member, or heard one that is gone until its end: what it knows of that one's calls is the last that there is to
   * know.
   */
  hasHeardOut(listener: string, name: string): boolean {
    if (!this.isReached(name)) return this.late.get(name)?.has(listener) !== true;
    return listener === this.own ? !this.cut.has(name) : this.unheard.get(listener)?.has(name) !== true;
  }

  /** It is heard here. */
  onAlive(name: string): void {
    this.cut.delete(name);
    this.late.get(name)?.delete(this.own);
  }

  /** It has been started anew, and wasn't heard here meanwhile: if it was cut from us, its life before has ended so. */
  onAnew(name: string, now_ms: number): void {
    if (this.cut.get(name) === true) this.end(name, now_ms);
  }

  /** It isn't heard here any more. */
  onDead(name: string, now_ms: number): void {
    const member = this.members.get(name);
    const isSilent = member?.life === "dead" && member.session.heard === undefined;
    if (isSilent && this.witnessOf(name) !== undefined) this.cut.set(name, true);
    else this.end(name, now_ms);
    this.look(now_ms);
  }

  /** A member has said whom it hears. @param hears undefined: it says nothing of that */
  onWord(name: string, hears: readonly string[] | undefined, now_ms: number): void {
    if (hears !== undefined) {
      const before = this.unheard.get(name);
      const others = [...this.members.keys()].filter((other) => other !== name && !hears.includes(other));
      // One that has just started hasn't heard the others' calls yet.
      const since_ms = before === undefined ? Number.NEGATIVE_INFINITY : now_ms;
      this.unheard.set(name, new Map(others.map((other) => [other, before?.get(other) ?? since_ms])));
      for (const heard of hears) {
        this.late.get(heard)?.delete(name);
        if (this.isFound(heard, now_ms)) this.cut.set(heard, false);
      }
    }
    this.look(now_ms);
  }

  /**
   * Whether it has been started, or we have, while the way between was cut: others hear a life of it of which nothing has come here. One that has
   * just ended they may still believe to live.
   */
  private isFound(name: string, now_ms: number): boolean {
    const { isAlive = true, session, since_ms = now_ms } = this.members.get(name) ?? {};
    const isSilent = !isAlive && session?.heard === undefined && now_ms - since_ms > ENDED_ms;
    return isSilent && !this.cut.has(name) && this.witnessOf(name) !== undefined;
  }

  /** Our life ends. */
  clear(): void {
    for (const memory of [this.cut, this.unheard, this.late]) memory.clear();
  }

  /** A member has said whom it hears, or has died. */
  private look(now_ms: number): void {
    for (const name of [...this.cut.keys()]) if (this.witnessOf(name) === undefined) this.end(name, now_ms);
  }

  private end(name: string, now_ms: number): void {
    const late = new Set<string>();
    for (const [listener, unheard] of this.unheard) {
      if (now_ms - (unheard.get(name) ?? now_ms) > TOGETHER_ms) late.add(listener);
    }
    const dead_ms = this.members.get(name)?.since_ms ?? now_ms;
    if (this.cut.delete(name) && now_ms - dead_ms > TOGETHER_ms) late.add(this.own);
    this.late.set(name, late);
    this.unheard.delete(name);
    this.onGone(name, now_ms);
  }

  private witnessOf(name: string): string | undefined {
    for (const { name: other, isAlive, facts } of this.members.values())
      if (isAlive && facts?.hears?.includes(name) === true) return other;
    return undefined;
  }
}
