/** Strangers from near by: most likely phones whose network has been forgotten in localnet. */
import type { Logger } from "../../base/ports.ts";
import { Seldom } from "../../base/seldom.ts";
import type { Verdict } from "../../proxy/router.ts";

/** A method can be as long as a message. */
const METHOD_CHARACTERS = 20;

/** Says, perhaps later, what helps the source at this address. */
export type Advise = (address: string, tell: (cure: string) => void, now_ms: number) => void;

export class Outsiders {
  private readonly isNear: (address: string) => boolean;
  private readonly advise: Advise;
  private readonly log: Logger;
  private readonly seldom = new Seldom();

  /** @param isNear whether an address isn't just anybody's in the Internet */
  constructor(isNear: (address: string) => boolean, advise: Advise, log: Logger) {
    this.isNear = isNear;
    this.advise = advise;
    this.log = log;
  }

  /** Somebody who has asked in vain. */
  see(from: string, method: string, verdict: Verdict, now_ms: number): void {
    const isSeen = this.seldom.isDue(from, now_ms) && this.isNear(from) && this.seldom.takes(from, now_ms);
    if (!isSeen) return;
    const fields = {
      from,
      method: method.slice(0, METHOD_CHARACTERS),
      answer: verdict === "forbidden" ? 403 : "none",
    };
    this.advise(from, (cure) => this.log.warn("outside_localnet", { ...fields, cure }), now_ms);
  }
}
