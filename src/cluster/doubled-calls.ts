/**
 * Calls that two members make: after a cut between them, or where each has gone on with a call of a third one. One of both keeps each of them. It
 * is the one that has given the caller its final response, else the one that comes first.
 */
import type { TransactionLayer } from "../transaction/transaction-layer.ts";
import type { CarryingOn } from "./carrying-on.ts";
import { type HeardStories, keyOf } from "./heard-stories.ts";
import type { Placement } from "./placement.ts";
import type { StoryPart } from "./story-parts.ts";
import type { StoryVoice } from "./story-voice.ts";
import type { Tale } from "./tale.ts";
import type { Teller } from "./telling.ts";

interface Parts {
  readonly placement: Placement;
  readonly transactions: TransactionLayer;
  readonly teller: Teller;
  readonly carrying: CarryingOn;
  readonly voice: StoryVoice;
  readonly heard: HeardStories;
  /** The call ends here in silence, and goes on at this member. */
  readonly drop: (tale: Tale, member: string, now_ms: number) => void;
}

export class DoubledCalls {
  private readonly parts: Parts;

  constructor(parts: Parts) {
    this.parts = parts;
  }

  /** Another member tells of a call by this id. @returns whether the call is made here, and not there */
  keeps(member: string, boot: string, id: string, now_ms: number): boolean {
    const { placement, carrying, voice, heard: stories, transactions, drop } = this.parts;
    const heard = stories.find(boot, id);
    const tale = carrying.find(keyOf(boot, id));
    if (tale !== undefined) {
      // It was gone on with here, and its member lives after all.
      if (placement.comesBefore(member, tale.callId)) return voice.take(member, boot, id, false);
      if (!placement.keeps(member)) return true;
      drop(tale, member, now_ms);
      if (heard !== undefined) stories.forget(heard);
      return false;
    }
    const key = heard?.opening?.key;
    const own = this.ownOf(key);
    if (own !== undefined && heard?.isTold !== true) {
      if (!this.settle(member, own, heard?.hasEnded === true, now_ms)) return false;
      return voice.take(member, boot, id, own.server.isAnswered);
    }
    const isOver = transactions.hasAnswered(key) || carrying.hasEnded(keyOf(boot, id));
    return (isOver || heard?.isTold === true) && voice.take(member, boot, id, isOver);
  }

  /** Another member makes a call of ours. @param tale undefined: it isn't made here any more */
  onTaken(from: string, { b, i, z }: StoryPart, tale: Tale | undefined, now_ms: number): void {
    if (tale === undefined || !this.settle(from, tale, z === true, now_ms)) return;
    if (tale.server.isAnswered && z !== true) this.parts.voice.take(from, b, i, true);
  }

  /** A member goes on with a call of a third one, as this one may do. */
  onHeir(heir: string, { b, i, z }: StoryPart, now_ms: number): void {
    const { carrying, heard: stories, voice } = this.parts;
    const heard = stories.find(b, i);
    const tale = carrying.find(keyOf(b, i)) ?? this.ownOf(heard?.opening?.key);
    if (tale === undefined) return;
    if (!this.settle(heir, tale, z === true, now_ms)) {
      if (heard !== undefined) heard.isTold = false;
    } else if (tale.server.isAnswered && z !== true) voice.take(heir, b, i, true);
  }

  /** @param isOver it has come to its end there @returns whether the call goes on here */
  private settle(member: string, tale: Tale, isOver: boolean, now_ms: number): boolean {
    const { placement, transactions, drop } = this.parts;
    const { hasCalls } = placement;
    const isFirst = () => placement.comesBefore(member, tale.callId);
    if (hasCalls && (tale.server.isAnswered || (!isOver && isFirst()))) return true;
    // A call that was begun here rings by branches of its own: no phone rings on by these.
    if (hasCalls && (isOver || this.isApart(tale)))
      for (const one of tale.transactions) transactions.cancel(one, "", now_ms);
    drop(tale, member, now_ms);
    return false;
  }

  /** Whether the INVITE has come to both, so that none has gone on with the call of the other one. */
  private isApart({ opening: { key, stem } }: Tale): boolean {
    const theirs = this.parts.heard.ofInvite(key)?.opening;
    return theirs !== undefined && theirs.stem !== stem;
  }

  /** What is made here of the INVITE with this key. */
  private ownOf(key: string | undefined): Tale | undefined {
    const server = key === undefined ? undefined : this.parts.transactions.table.servers.get(key);
    return server && this.parts.teller.places.get(server)?.tale;
  }
}
