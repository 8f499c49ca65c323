/** Fetching what another member has and this one lacks, as a table: one member after the other, one request at a time. */
import { type Row, to } from "../base/machine.ts";

export type CatchUpPlace =
  | "idle"
  /** A member has been told the own digests, and is asked which of its own differ. */
  | "comparing"
  /** It is asked for what it has in buckets that differ, piece by piece. */
  | "fetching";

export type CatchUpInput =
  /** A member waits to be compared with. */
  | "waiting"
  /** Its digests are the same; or what differs is nothing that it could tell, or changes while both compare. */
  | "equal"
  | "differs"
  /** A piece of what was asked for; the last one of it; the last one of all that differs. */
  | "piece"
  | "answered"
  | "last"
  /** No answer for {@link SILENCE_ms}; none for so often that it is asked no more. */
  | "silent"
  | "mute"
  /** It is dead. */
  | "gone";

export type CatchUpAction =
  /** Begins with the member that has waited longest. */
  | "begin"
  | "compare"
  | "want"
  /** The request again; in the end for a shorter answer: long datagrams may be lost where short ones pass. */
  | "again"
  /** What there is to know of this member is here. */
  | "finish"
  | "giveUp"
  /** The next that waits. */
  | "look";

export const CATCH_UP: Readonly<Record<CatchUpPlace, Row<CatchUpPlace, CatchUpInput, CatchUpAction>>> = {
  idle: { waiting: to("comparing", "begin", "compare") },
  comparing: {
    equal: to("idle", "finish", "look"),
    differs: to("fetching", "want"),
    silent: to("comparing", "again"),
    mute: to("idle", "giveUp", "look"),
    gone: to("idle", "giveUp", "look"),
  },
  fetching: {
    piece: to("fetching", "want"),
    answered: to("fetching", "want"),
    last: to("comparing", "compare"),
    silent: to("fetching", "again"),
    mute: to("idle", "giveUp", "look"),
    gone: to("idle", "giveUp", "look"),
  },
};
