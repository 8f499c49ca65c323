/**
 * RFC 3261 §16.7 items 6 and 7: which of several final responses the caller gets.
 *
 * A 503 of upstream without a body counts as silence (`dead_codes`). Where that leads nowhere, and with a body, it passes as it is: item
 * 7 turns a 503 into 500 unless later requests would meet the same fate, and for the outbound proxy of phones with one upstream they
 * would. In the other direction it becomes 500: one phone's 503 with Retry-After says nothing about the trunk.
 */
import { PROXY_AUTHENTICATE, WWW_AUTHENTICATE } from "../message/header-names.ts";
import type { Response } from "../message/message.ts";

/** How a branch ended. */
export interface Final {
  readonly status: number;
  /** Undefined: nobody sent it, we concluded it (408 after silence, 503 for a peer that can't be reached). */
  readonly response: Response | undefined;
}

/** §16.7 item 6: within 4xx, what helps the caller to ask better. */
const HELPFUL = [401, 407, 415, 420, 484];

/** The best of `finals`; undefined when there is none. */
export function bestOf(finals: readonly Final[]): Final | undefined {
  let best: Final | undefined;
  for (const final of finals) {
    if (best === undefined || rank(final) < rank(best)) best = final;
  }
  return best;
}

/** Lower is better. A 6xx decides for everybody; otherwise the lowest class; what was really said before what we concluded. */
function rank({ status, response }: Final): number {
  if (status >= 600) return 0;
  const within = HELPFUL.includes(status) ? 0 : status === 503 || status === 408 || status === 487 ? 2 : 1;
  const concluded = response === undefined ? 1000 : 0;
  return Math.floor(status / 100) * 10 + within + concluded;
}

/** §16.7 item 7: with a 401 or 407 go the challenges of all other branches that were challenged. Whole lines. */
export function otherChallenges(best: Final, finals: readonly Final[]): string {
  if (best.status !== 401 && best.status !== 407) return "";
  let lines = "";
  for (const final of finals) {
    if (final === best || final.response === undefined || (final.status !== 401 && final.status !== 407)) continue;
    lines += final.response.lines(WWW_AUTHENTICATE) + final.response.lines(PROXY_AUTHENTICATE);
  }
  return lines;
}
