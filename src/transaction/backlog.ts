/** The requests that wait for an answer: how many, how much memory they hold, and whose they are. */
import type { Limits } from "../base/limits.ts";
import type { Table } from "../base/meter.ts";
import type { Incoming } from "./server-transaction.ts";

/** One source may have this part of the requests, and its requests this part of the characters, which copies have too. */
const PART_OF_ONE = 1 / 2;
const CHARACTERS_PART_OF_ONE = 1 / 4;
/** A source with fewer requests than this finds room when others have taken all: two phones can fill the table. */
export const MODEST_MAX = 20;
const MODEST_CHARACTERS_MAX = 64_000;

/**
 * Up to which multiple of the limits a request is taken. An emergency call, and what ends a call, must not find the table
 * full; those of a modest source have the last of the room.
 */
const ROOM = { ordinary: 1, modest: 1.2, urgent: 1.3, urgentAndModest: 1.5 } as const;

/** What one source has of it. */
interface Share {
  requests: number;
  characters: number;
}

export class Backlog implements Table {
  size = 0;
  hits = 0;
  readonly limit: number;
  /** Of the requests, of copies of them, and of responses to them. */
  characters = 0;
  private readonly characters_max: number;
  private readonly sources = new Map<string, Share>();

  constructor({ unanswered, unansweredCharacters }: Pick<Limits, "unanswered" | "unansweredCharacters">) {
    this.limit = unanswered;
    this.characters_max = unansweredCharacters;
  }

  /**
   * Up to which multiple of a limit one more request from this address has room; 0 when it has none.
   * @param isUrgent an emergency call, or what ends a call
   */
  roomFor(address: string, isUrgent: boolean): number {
    const share = this.sources.get(address);
    const times = this.roomOf(share, isUrgent);
    const isFull = this.size >= times * this.limit || this.characters >= times * this.characters_max;
    return isFull ? 0 : times;
  }

  enter({ request, source }: Incoming): void {
    this.size += 1;
    this.characters += request.wire.length;
    const share = this.sources.get(source.address) ?? { requests: 0, characters: 0 };
    this.sources.set(source.address, share);
    share.requests += 1;
    share.characters += request.wire.length;
  }

  leave({ request, source }: Incoming): void {
    this.size -= 1;
    this.characters -= request.wire.length;
    const share = this.sources.get(source.address);
    if (share === undefined) return;
    share.requests -= 1;
    share.characters -= request.wire.length;
    if (share.requests <= 0) this.sources.delete(source.address);
  }

  private roomOf(share: Share | undefined, isUrgent: boolean): number {
    if (share === undefined || isModest(share)) return isUrgent ? ROOM.urgentAndModest : ROOM.modest;
    // A source that has its part already may still have a few urgent ones.
    const extra = isUrgent ? MODEST_MAX : 0;
    const isGreedy =
      share.requests >= this.limit * PART_OF_ONE + extra ||
      share.characters >= this.characters_max * CHARACTERS_PART_OF_ONE + (isUrgent ? MODEST_CHARACTERS_MAX : 0);
    if (isGreedy) return 0;
    return isUrgent ? ROOM.urgent : ROOM.ordinary;
  }
}

function isModest({ requests, characters }: Share): boolean {
  return requests < MODEST_MAX && characters < MODEST_CHARACTERS_MAX;
}
