/** Versions of records: the later one wins, at each member alike, in whatever order they come. */

export interface Version {
  /** Lamport's: above each count that its author had heard of. */
  readonly count: number;
  /** Its author. */
  readonly member: string;
  /** Chance, new at each start of the author: what it counts before it has heard of its earlier counts is another version. */
  readonly boot: string;
}

/** No count of a member is above: at 10,000 changes a second it takes 14,000 years to get there. */
export const COUNT_MAX = 2 ** 52;
/** How far ahead of the own clock a count is believed: the changes of 49 days without contact, at 1,000 a second. */
export const JUMP_MAX = 2 ** 32;

/** Greater names break ties of counts. */
export function isLater(one: Version, other: Version): boolean {
  if (one.count !== other.count) return one.count > other.count;
  return one.member === other.member ? one.boot > other.boot : one.member > other.member;
}

/** In the place of its author: a name that nobody gives to a router. */
const DISK = "-";
const DISK_DIGITS = 10;
const TIE_CHARACTERS = 6;

/**
 * Of what a member has kept on disk: earlier than all that a member has told in its life. After a common power cut both have nothing else:
 * both disks held what both members knew when they were written, so that the one that was written later counts, whoever had it.
 * @param savedAt_ms since 1970
 * @param boot breaks ties: two disks of the same moment may differ
 */
export function versionOnDisk(savedAt_ms: number, boot: string): Version {
  const time_ms = Number.isFinite(savedAt_ms) ? Math.max(0, Math.round(savedAt_ms)) : 0;
  const time = time_ms.toString(36).padStart(DISK_DIGITS, "0").slice(-DISK_DIGITS);
  return { count: 0, member: DISK, boot: time + boot.slice(0, TIE_CHARACTERS) };
}

/** Between two jumps. */
const JUMP_EACH_ms = 60_000;

/** What is to be done about a count: "ahead": nothing, and "followed": nothing yet. */
export type Belief = "believed" | "followed" | "ahead";

/**
 * A member's count. A count far ahead of it, by a fault of its author, mustn't use up the counts that there are: it isn't
 * believed, and the clock follows it by {@link JUMP_MAX} only, once a minute. So a member that really is that far ahead is believed after
 * some minutes, and a fault would have to last two years.
 */
export class LamportClock {
  private now = 0;
  private jumped_ms = Number.NEGATIVE_INFINITY;

  /** The count of the next own version. */
  next(): number {
    this.now = Math.min(this.now + 1, COUNT_MAX);
    return this.now;
  }

  /** A version with this count has come. */
  hears(count: number, now_ms: number): Belief {
    if (count - this.now <= JUMP_MAX) {
      this.now = Math.max(this.now, count);
      return "believed";
    }
    if (now_ms - this.jumped_ms < JUMP_EACH_ms) return "ahead";
    this.jumped_ms = now_ms;
    this.now += JUMP_MAX;
    return "followed";
  }
}
