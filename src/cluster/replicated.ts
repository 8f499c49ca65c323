/** What records are to those that keep something in them: bindings, call-backs, leases. `replica.ts` fulfils it. */
import type { Json } from "./ports.ts";

/** Knows what the records of one kind mean: the kind is a key's text before its first space, as in "aor 201@example.com". */
export interface RecordOwner {
  /** How long its changes may wait for others, so that they go together; default: not at all. */
  readonly mayWait_ms?: number;
  /**
   * A record that a member has changed, or that has come from one to a member that lacked it; never what this process has put itself.
   * The owner may call {@link Replicated.put} or {@link Replicated.remove} from within, to merge both sides of a split, or what it has put
   * since its start, when it couldn't know yet how far the others had counted: what is put then is later than both.
   * @param value plain JSON that nobody has looked into: believed no more than a message; undefined: removed
   * @param left_ms for how long it holds, above 0; with undefined: for how long that is remembered
   * @param from the member that made this version; the own name: this member did, before it was started anew
   */
  apply(key: string, value: Json | undefined, left_ms: number, from: string, now_ms: number): void;
}

/** Records that all members have. A record whose time is over is forgotten without a word: its owner knows the time. */
export interface Replicated {
  /** From now on `owner` hears of the records of this kind. Other kinds are kept too, and go to members that lack them. */
  own(kind: string, owner: RecordOwner): void;
  /**
   * Tells all members that live, at the end of this event; several changes of one event go together.
   * @param key its kind, a space, and what else; at most {@link KEY_CHARACTERS_MAX} characters
   * @param value plain JSON that never changes afterwards; its text has at most {@link VALUE_OCTETS_MAX} octets
   * @param left_ms for how long it holds
   * @returns whether there was room: without, the other members know what they have known before
   */
  put(key: string, value: Json, left_ms: number, now_ms: number): boolean;
  /** The record stays removed, also for members that hear of it later; nothing happens while none is known here. */
  remove(key: string, now_ms: number): void;
  /** What this member has kept on disk, at its start: any version that another member has told is later. */
  load(key: string, value: Json, left_ms: number, now_ms: number): void;
  /** Undefined as well for what is removed, and when its time is over. */
  get(key: string, now_ms: number): Json | undefined;
}

/** Octets as well. As long as an address-of-record can be, and a word before it. */
export const KEY_CHARACTERS_MAX = 640;
/** One record goes into one datagram: {@link DATAGRAM_MAX_OCTETS} without key, version and envelope. */
export const VALUE_OCTETS_MAX = 14_000;
