/** `answer: auto`: callers without a registration here that don't follow redirects. A reload keeps them, a restart doesn't. */
import { BoundedMap } from "../../base/bounded-map.ts";
import { ownText } from "../../base/own-text.ts";

const CALLERS_MAX = 200;

export class RelayedCallers extends BoundedMap<string, true> {
  /** Hears of each that is found here, but not of one that is adopted; undefined: nobody wants to. */
  onCaller: ((caller: string) => void) | undefined = undefined;

  /** Hears of each that has followed a redirect of which nothing is known here: another member of a cluster may wait for it; undefined: there is none. */
  onFollowed: ((caller: string) => void) | undefined = undefined;
  /** One has followed a redirect at another member. */
  follows: (caller: string) => void = () => {};

  constructor() {
    super(CALLERS_MAX);
  }

  /** @param caller as `RedirectWatch.partyOf` names it */
  add(caller: string): void {
    this.adopt(caller);
    this.onCaller?.(caller);
  }

  /** Another member of a cluster has found it out. */
  adopt(caller: string): void {
    this.set(ownText(caller), true);
  }
}
