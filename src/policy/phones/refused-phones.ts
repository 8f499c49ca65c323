/** Phones whose REGISTER has been refused in upstream's place: nobody else could tell of them in an outage. */
import { BoundedMap } from "../../base/bounded-map.ts";
import { ownText } from "../../base/own-text.ts";
import { TEXT_CHARACTERS_MAX } from "../../message/limits.ts";
import type { RefusedPhone } from "../status.ts";

const PHONES_MAX = 64;
/** One that hasn't asked for so long is gone, or uses another way. */
const TOLD_FOR_ms = 10 * 60_000;

interface Refusal extends Omit<RefusedPhone, "name"> {
  readonly at_ms: number;
}

export class RefusedPhones extends BoundedMap<string, Refusal> {
  constructor() {
    super(PHONES_MAX);
  }

  /** @param name its address-of-record */
  note(name: string, { from, status, is_known }: Omit<RefusedPhone, "name">, now_ms: number): void {
    if (name === "" || name.length > TEXT_CHARACTERS_MAX) return;
    this.set(ownText(name), { from: ownText(from), status, is_known, at_ms: now_ms });
  }

  /** Those that have asked lately, and have got nothing else since. */
  lately(now_ms: number): RefusedPhone[] {
    return [...this.entries].flatMap(([name, { at_ms, ...refusal }]) => {
      return now_ms - at_ms > TOLD_FOR_ms ? [] : [{ name, ...refusal }];
    });
  }
}
