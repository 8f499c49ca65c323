/** Which member has the call of a story: the one that has told it, another one that has gone on with it, or this one, which is to. */
import type { Request, Response } from "../message/message.ts";
import type { Heard, HeardStories } from "./heard-stories.ts";
import type { Placement } from "./placement.ts";

/** A story that another member has told, and the member that makes its call, if it still does. */
export interface KnownStory {
  readonly heard: Heard;
  readonly member: string;
  readonly isKept: boolean;
  /** The member that is to go on with it once it doesn't. */
  readonly heir: string | undefined;
}

export class Succession {
  private readonly placement: Placement;
  private readonly stories: HeardStories;

  constructor(placement: Placement, stories: HeardStories) {
    this.placement = placement;
    this.stories = stories;
  }

  /** Undefined: no member has told of the message's call, or it is told here already. */
  storyOf(message: Request | Response): KnownStory | undefined {
    const heard = this.stories.ofMessage(message);
    if (heard === undefined || heard.isTold) return undefined;
    const { heir, member, given, callId, isLeft } = heard;
    const isTaken = heir !== undefined && this.placement.keeps(heir);
    const maker = isTaken ? heir : member;
    const isKept = isTaken || (given === undefined && !isLeft && this.placement.keeps(member));
    return { heard, member: maker, isKept, heir: this.placement.heirOf(callId, maker) };
  }

  /** Whether nobody else goes on with the call. */
  isFree(heard: Heard): boolean {
    const isTaken = heard.heir !== undefined && this.placement.keeps(heard.heir);
    return !isTaken && !heard.hasEnded && this.stories.isLast(heard);
  }

  /** Whether the call goes on here, now that its member doesn't make it any more. */
  isOurs(heard: Heard): boolean {
    return this.isFree(heard) && this.placement.isHeir(heard.callId, heard.member);
  }

  /** Its member is gone. If another one is to go on with the call, it does so, or has heard its end: a new life of that member changes nothing. */
  leave(heard: Heard): void {
    heard.isLeft = !this.placement.isHeir(heard.callId, heard.member);
  }
}
