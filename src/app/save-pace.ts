/**
 * How soon news is written to the state folder. A power cut often comes with an outage, and what has just happened is what is asked
 * for afterwards; but flash wears out.
 */
import { TokenBucket } from "../base/token-bucket.ts";

/** Several phones or calls that come at once are one write. */
export const NEWS_DELAY_ms = 5_000;
/**
 * Writes for the sake of news: a morning on which all phones start is written as it comes, but a phone that alternates
 * between two Contacts, or one call after the other, must not wear out the flash. Changes beyond that wait for the interval.
 */
export const NEWS_BURST = 60;
export const NEWS_PER_HOUR = 6;

/** The writes of one file for the sake of news. */
export function newsBudget(): TokenBucket {
  return new TokenBucket(NEWS_PER_HOUR / 3_600, NEWS_BURST);
}
