/** How long each of several addresses of one target is waited for (RFC 3263 §4.3): the caller's patience is one. */

/** What an address gets of the whole wait before the next one is tried too. */
const SHARE_LEAST_ms = 1_000;
/** The same where nobody has said how long to wait. */
const SHARE_ms = 4_000;

/**
 * Half of the whole wait is for the first address, half of the rest for the next.
 * @param tries addresses tried so far, this one included
 */
export function addressShare_ms(whole_ms: number | undefined, tries: number): number {
  if (whole_ms === undefined) return SHARE_ms;
  return Math.max(Math.round(whole_ms / 2 ** tries), Math.min(SHARE_LEAST_ms, whole_ms / 2));
}
