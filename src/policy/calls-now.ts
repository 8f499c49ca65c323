/**
 * How many calls ring or are up now, whatever way they go: those of which the log says so, and those that last longer than
 * the log remembers them. Of these no more is kept than what tells their BYE.
 */
import { BoundedMap } from "../base/bounded-map.ts";
import { ownText } from "../base/own-text.ts";
import { type CallEntry, type CallLeg, UP_MAX_ms } from "./call-entry.ts";

/** A call that is up, and that the log has forgotten. */
interface Lasting extends Pick<CallLeg, "caller_tag" | "callee_tag"> {
  /** When it is no longer believed to be up. */
  readonly until_ms: number;
}

export class CallsNow {
  /** Those that ring, and those that are up and in the log. */
  private readonly open = new Set<CallEntry>();
  /** By the Call-ID of the INVITE that was answered. */
  private readonly lasting: BoundedMap<string, Lasting>;

  /** @param limit of calls that are up and forgotten; the oldest of them makes room */
  constructor(limit: number) {
    this.lasting = new BoundedMap(limit);
  }

  /**
   * Something has become of a call.
   * @param isInLog whether the log still has it
   */
  note(call: CallEntry, isInLog: boolean, now_ms: number): void {
    const state = call.stateAt(now_ms);
    if (state === "calling" || (state === "up" && isInLog)) this.open.add(call);
    else this.open.delete(call);
    const leg = call.decisive;
    if (state !== "up" || isInLog || leg === undefined) return;
    const { call_id, caller_tag, callee_tag } = leg;
    this.lasting.set(call_id, { caller_tag, callee_tag, until_ms: call.at_ms + UP_MAX_ms });
  }

  /** A call is written down in another entry from now on. */
  replace(call: CallEntry, other: CallEntry): void {
    if (this.open.delete(call)) this.open.add(other);
  }

  /** Calls that the log has forgotten are written anew: see `CallLog.renew`. */
  renew(): void {
    const renewed = (tag: string | undefined) => (tag === undefined ? undefined : ownText(tag));
    this.lasting.renewAll(({ caller_tag, callee_tag, until_ms }) => {
      return { caller_tag: ownText(caller_tag), callee_tag: renewed(callee_tag), until_ms };
    });
  }

  /**
   * A call that the log has forgotten is over. Texts are as the log keeps them.
   * @param tags of its BYE, in either order; undefined: we have ended it ourselves
   * @returns whether there was one
   */
  end(callId: string, tags?: readonly string[]): boolean {
    const call = this.lasting.get(callId);
    if (call === undefined) return false;
    const isIts = [call.caller_tag, call.callee_tag].every((tag) => tag !== undefined && tags?.includes(tag));
    if (tags !== undefined && !isIts) return false;
    this.lasting.delete(callId);
    return true;
  }

  /** At least as many as {@link count}, at no cost. */
  get size(): number {
    return this.open.size + this.lasting.size;
  }

  count(now_ms: number): number {
    for (const call of this.open) if (!["calling", "up"].includes(call.stateAt(now_ms))) this.open.delete(call);
    for (const callId of [...this.lasting.keys()]) {
      if ((this.lasting.get(callId)?.until_ms ?? now_ms) <= now_ms) this.lasting.delete(callId);
    }
    return this.open.size + this.lasting.size;
  }
}
