/** Strangers from near by: most likely phones whose network has been forgotten in localnet. */
import { BoundedMap } from "../base/bounded-map.ts";
import type { Logger } from "../base/ports.ts";
import type { Verdict } from "../proxy/router.ts";
import { TokenBucket } from "./token-bucket.ts";

/** Addresses whose last line is remembered, and when they get another one. */
const REMEMBERED = 256;
const AGAIN_ms = 3_600_000;
/** Lines a second about all of them, and at once after a rest: addresses can be forged. */
const LINES_PER_SECOND = 1 / 300;
const LINES_AT_ONCE = 10;
/** A method can be as long as a message. */
const METHOD_CHARACTERS = 20;

/** Says, perhaps later, what helps whoever is at this address. */
export type Advise = (address: string, tell: (cure: string) => void, now_ms: number) => void;

export class Outsiders {
  private readonly isNear: (address: string) => boolean;
  private readonly advise: Advise;
  private readonly log: Logger;
  private readonly told = new BoundedMap<string, number>(REMEMBERED);
  private readonly lines = new TokenBucket(LINES_PER_SECOND, LINES_AT_ONCE);

  /** @param isNear whether an address isn't just anybody's in the Internet */
  constructor(isNear: (address: string) => boolean, advise: Advise, log: Logger) {
    this.isNear = isNear;
    this.advise = advise;
    this.log = log;
  }

  /** Somebody who has asked in vain. */
  see(from: string, method: string, verdict: Verdict, now_ms: number): void {
    if (now_ms < (this.told.get(from) ?? 0) || !this.isNear(from) || !this.lines.take(now_ms)) return;
    this.told.set(from, now_ms + AGAIN_ms);
    const fields = {
      from,
      method: method.slice(0, METHOD_CHARACTERS),
      answer: verdict === "forbidden" ? 403 : "none",
    };
    this.advise(from, (cure) => this.log.warn("outside_localnet", { ...fields, cure }), now_ms);
  }
}
