/**
 * When phones that are answered here are told to come back: not all in one moment. Those that were started together, as after a power cut,
 * would come back together each time, and of those that come in one moment one may go up.
 */
import type { Random } from "../../base/ports.ts";

/** In an outage, less so much by chance. */
const SURVIVAL_JITTER = 0.15;
/** What a phone is told while upstream lives again, but hasn't heard of it yet: it is to come back soon. */
const RETURN_EXPIRES_ms = 36_000;
const RETURN_JITTER = 0.4;
/** Codes such as 403, 404 or 408 would make some phones wait for 20 minutes; a 503 they repeat this soon. */
const RETRY_LEAST_s = 8;
const RETRY_MOST_s = 20;

/** For a refusal (RFC 3261 §20.33): the whole line. */
export function retryAfterLine(random: Random): string {
  return `Retry-After: ${Math.round(RETRY_LEAST_s + (RETRY_MOST_s - RETRY_LEAST_s) * random.fraction())}\r\n`;
}

/**
 * The expiry of a 200 in upstream's place, in s.
 * @param most_ms by the file
 * @param isReturning upstream lives again
 */
export function expiryHere_s(most_ms: number, isReturning: boolean, random: Random): number {
  const longest_s = (isReturning ? Math.min(most_ms, RETURN_EXPIRES_ms) : most_ms) / 1_000;
  const jitter = isReturning ? RETURN_JITTER : SURVIVAL_JITTER;
  return Math.max(1, Math.round(longest_s * (1 - jitter * random.fraction())));
}
