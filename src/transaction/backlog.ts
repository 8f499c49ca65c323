/** The requests that wait for an answer: how many, and how much memory they hold. */
import type { Request } from "../message/message.ts";

/** Above so many unanswered requests, or characters of them, new ones get 503. */
export const UNANSWERED_MAX = 10_000;
export const UNANSWERED_CHARACTERS_MAX = 8_000_000;

export class Backlog {
  private requests = 0;
  private characters = 0;

  get isFull(): boolean {
    return this.requests >= UNANSWERED_MAX || this.characters >= UNANSWERED_CHARACTERS_MAX;
  }

  enter(request: Request): void {
    this.requests += 1;
    this.characters += request.wire.length;
  }

  leave(request: Request): void {
    this.requests -= 1;
    this.characters -= request.wire.length;
  }
}
