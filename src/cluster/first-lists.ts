/**
 * The first list that each member tells a member that starts: once all of it has come, and each call in it, the starting one knows what it
 * may have to go on with. Calls that begin later are told as they happen.
 */
import { type ListingPart, numberOf } from "./story-parts.ts";

/** A call of a list. */
export interface Listed {
  readonly boot: string;
  readonly id: string;
  /** How many events it has. */
  readonly count: number;
}

/** What has come of one member's. A list of several pages may need several rounds. */
interface First {
  readonly boot: string;
  /** All calls up to this number have been listed. */
  upto: number;
  /** Those of them that haven't come. */
  readonly lacked: Map<string, Listed>;
}

/** The last page of a list ends here. */
const END = Number.MAX_SAFE_INTEGER;
const ALL = [0, END] as const;

export class FirstLists {
  private readonly lacks: (call: Listed) => boolean;
  private readonly byMember = new Map<string, First>();

  /** @param lacks whether more has to come of a call */
  constructor(lacks: (call: Listed) => boolean) {
    this.lacks = lacks;
  }

  /** A list of the member's has come. @param calls those of it that are to be heard */
  take(from: string, { b, all, w }: ListingPart, calls: readonly Listed[]): void {
    // A version that doesn't say which calls a page is about means all.
    const [after, upto] = all ? ALL : (w ?? ALL);
    const known = this.byMember.get(from);
    const first = known?.boot === b ? known : { boot: b, upto: 0, lacked: new Map<string, Listed>() };
    this.byMember.set(from, first);
    const { lacked } = first;
    if (first.upto >= END && lacked.size === 0) return;
    const listed = new Set(calls.map(({ id }) => id));
    for (const id of lacked.keys()) {
      const number = numberOf(id);
      // It is over.
      if (number > after && number <= upto && !listed.has(id)) lacked.delete(id);
    }
    if (after > first.upto || upto <= first.upto) return;
    for (const call of calls) if (numberOf(call.id) > first.upto) lacked.set(call.id, call);
    first.upto = upto;
  }

  /** Whether each of these members has listed its calls, and nothing of them is lacked. */
  isWhole(members: readonly string[]): boolean {
    return members.every((member) => {
      const first = this.byMember.get(member);
      if (first === undefined || first.upto < END) return false;
      for (const [id, call] of first.lacked) if (!this.lacks(call)) first.lacked.delete(id);
      return first.lacked.size === 0;
    });
  }

  /** The member may have ended, and begun, calls without our hearing of it. */
  forget(member: string): void {
    this.byMember.delete(member);
  }
}
