/**
 * Which errors of a socket say that a peer can't be reached.
 *
 * Only a connected UDP socket hears of ICMP errors, so upstream targets and gateways get one each, on the listener's own port. A probe
 * of the port at the start makes sure that no other program shares it.
 */

/**
 * What tells of the peer or of the way to it; a datagram that is too long tells of itself. EINVAL: nothing leads there from
 * our address; Linux before 5.4 says so too when that is gone.
 */
const DEATH_SIGNS = ["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "EHOSTDOWN", "ENETDOWN", "EADDRNOTAVAIL", "EINVAL"];

/** Whether an error tells of the peer, and not of what was to be sent. */
export function isDeathSign(error: Error): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === "string" && DEATH_SIGNS.includes(code);
}
