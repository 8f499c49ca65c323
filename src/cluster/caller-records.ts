/** `answer: auto`, at all members: callers without a registration that don't follow redirects. Those with one are in its record. */

import { isText } from "../message/plain-data.ts";
import type { RelayedCallers } from "../policy/phones/relayed-callers.ts";
import { LEFT_MAX_ms } from "../policy/saved-binding.ts";
import type { Json } from "./ports.ts";
import type { RecordOwner, Replicated } from "./replicated.ts";

const KIND = "caller";

interface Parts {
  readonly callers: RelayedCallers;
  readonly replica: Replicated;
  readonly now_ms: () => number;
}

export class CallerRecords implements RecordOwner {
  private readonly parts: Parts;

  constructor(parts: Parts) {
    this.parts = parts;
  }

  /** From now on each that is found is told. */
  start(): void {
    const { callers, replica, now_ms } = this.parts;
    replica.own(KIND, this);
    callers.onCaller = (caller) => {
      replica.put(`${KIND} ${caller}`, { relay: true }, LEFT_MAX_ms, now_ms());
    };
  }

  apply(key: string, value: Json | undefined): void {
    const caller = key.slice(KIND.length + 1);
    if (value !== undefined && caller !== "" && isText(caller)) this.parts.callers.adopt(caller);
  }
}
