/**
 * Which life of a peer we hear, and which of its datagrams are new.
 *
 * A peer's boot is adopted only when it has answered a challenge of ours. So a datagram that somebody has kept, whenever it was made and
 * whether or not it ever arrived, can't displace the session that stands: its answer, if it has one, is to a challenge that is used up. A
 * list of boots that are over would not do: a datagram of an earlier boot that was held back would be new to it, and the boot
 * that lives would be in the list from then on.
 *
 * What a session can't tell is a datagram of its own that comes late for the first time: it counts then, once.
 *
 * Each side asks the other: with each beat while no life of it stands, since amid a flood of forged datagrams any one may be the only one
 * that is looked at. A datagram that doesn't belong to the session makes us ask too, so members that have lost each other
 * find back within two round trips, and a peer that can't hear us never counts as heard.
 */

import type { Random } from "../base/ports.ts";
import { TokenBucket } from "../base/token-bucket.ts";
import { BOOT_CHARACTERS, type Envelope, fieldsOf, type Header } from "./envelope.ts";
import type { Part } from "./ports.ts";

export type Verdict =
  /** It belongs to the session, and the peer knows our boot: its parts count. */
  | "fresh"
  /** The peer has proved this boot: the session is with it from now on. */
  | "adopted"
  /** The same, and the peer knows our boot already: its parts count. */
  | "adopted fresh"
  | "replayed"
  | "other_boot";

/** The kind of part by which members ask and answer challenges: `{ask, answers}`. */
export const HELLO = "hello";

/** Datagrams this much older than the newest one are dropped, whether they have come before or not. */
const WINDOW = 64;
const CHALLENGE_CHARACTERS = 10;
/** Lives beside the one that stands of which it is known what they have said; they are answered at once, too. Of more, the first are let go. */
const LIVES_MAX = 16;
/** Hellos a second that don't wait for the next beat, and at once after a rest. */
const HELLOS_PER_SECOND = 10;
const HELLOS_AT_ONCE = 4;

export class Session {
  private readonly ownBoot: string;
  private readonly random: Random;
  private readonly bucket = new TokenBucket(HELLOS_PER_SECOND, HELLOS_AT_ONCE);
  private standing: { readonly boot: string; readonly window: Window } | undefined = undefined;
  /** What the peer has to answer before another boot of it is adopted. */
  private challenge: string | undefined = undefined;
  private mustAsk = false;
  /** By boot, the newest question that isn't answered yet. */
  private readonly asked = new Map<string, string>();
  /** By boot that doesn't stand, the newest number: what such a life has said before is worth nothing when it is said again. */
  private readonly newest = new Map<string, number>();
  private sent = 0;

  constructor(ownBoot: string, random: Random) {
    this.ownBoot = ownBoot;
    this.random = random;
  }

  /** The peer's boot that stands; undefined where none does. */
  get heard(): string | undefined {
    return this.standing?.boot;
  }

  /** Something has come from the peer, whatever it was worth. */
  get isNoticed(): boolean {
    return this.newest.size > 0;
  }

  /** The sequence number of our next datagram to this peer. */
  nextSeq(): number {
    this.sent += 1;
    return this.sent;
  }

  /** Whether this belongs to the session that stands, and is new: what only its two sides know, as long as nobody listens to them. */
  expects({ boot, heard, seq }: Header): boolean {
    return this.standing?.boot === boot && heard === this.ownBoot && this.standing.window.isNew(seq);
  }

  /**
   * Whether this has come before, or is too old to tell: of the life that stands within its window, of another one by its newest number. A
   * life goes on counting, so whatever is kept of it and said again never stands before what it says itself.
   */
  hasHad({ boot, seq }: Header): boolean {
    if (this.standing?.boot === boot) return !this.standing.window.isNew(seq);
    return seq <= (this.newest.get(boot) ?? 0);
  }

  /** Judges an authentic datagram of this peer, and remembers what has to be said because of it. */
  judge({ boot, heard, seq, parts }: Envelope): Verdict {
    const isStanding = this.standing?.boot === boot;
    if (isStanding && this.standing?.window.takes(seq) === false) return "replayed";
    const { ask, answers } = helloIn(parts);
    if (ask !== undefined) keepNewest(this.asked, boot, ask);
    if (!isStanding) keepNewest(this.newest, boot, seq);
    const knowsUs = heard === this.ownBoot;
    const isProof = this.challenge !== undefined && answers.includes(this.challenge);
    if (isProof) {
      this.challenge = undefined;
      this.mustAsk = false;
    }
    if (isStanding) return knowsUs ? "fresh" : "other_boot";
    if (!isProof) {
      this.mustAsk = true;
      return "other_boot";
    }
    this.forget();
    this.standing = { boot, window: new Window(seq) };
    return knowsUs ? "adopted fresh" : "adopted";
  }

  /** The peer is dead: its next datagram has to prove itself. */
  forget(): void {
    if (this.standing !== undefined) keepNewest(this.newest, this.standing.boot, this.standing.window.newest);
    this.standing = undefined;
  }

  /** Whether a hello should leave before the next beat: at most ten times a second. */
  isHelloDue(now_ms: number): boolean {
    return (this.mustAsk || this.asked.size > 0) && this.bucket.take(now_ms);
  }

  /** The hello that is to be said, once; none where there is nothing to ask and to answer. */
  takeHello(): readonly Part[] {
    const mustAsk = this.mustAsk || this.standing === undefined;
    if (!mustAsk && this.asked.size === 0) return [];
    if (mustAsk && this.challenge === undefined) this.challenge = this.random.token(CHALLENGE_CHARACTERS);
    const ask = mustAsk ? this.challenge : undefined;
    const hello: Part = [HELLO, { ask, answers: [...this.asked.values()] }];
    this.asked.clear();
    this.mustAsk = false;
    return [hello];
  }
}

function keepNewest<T>(map: Map<string, T>, boot: string, value: T): void {
  map.delete(boot);
  map.set(boot, value);
  const [oldest] = map.keys();
  if (oldest !== undefined && map.size > LIVES_MAX) map.delete(oldest);
}

function helloIn(parts: readonly Part[]): { ask: string | undefined; answers: readonly unknown[] } {
  const fields = fieldsOf(parts.find(([kind]) => kind === HELLO)?.[1]);
  const ask = fields?.["ask"];
  const answers = fields?.["answers"];
  const isChallenge = typeof ask === "string" && ask.length <= 2 * BOOT_CHARACTERS;
  return { ask: isChallenge ? ask : undefined, answers: Array.isArray(answers) ? answers : [] };
}

/** The sequence numbers that have come; older ones than the first count as come. */
class Window {
  private readonly floor: number;
  private readonly seen: number[] = new Array(WINDOW).fill(-1);
  newest: number;

  constructor(first: number) {
    this.floor = first;
    this.newest = first;
  }

  /** Whether this number is new; it isn't from now on. */
  takes(seq: number): boolean {
    if (!this.isNew(seq)) return false;
    this.seen[seq % WINDOW] = seq;
    if (seq > this.newest) this.newest = seq;
    return true;
  }

  isNew(seq: number): boolean {
    return seq > this.floor && seq > this.newest - WINDOW && this.seen[seq % WINDOW] !== seq;
  }
}
