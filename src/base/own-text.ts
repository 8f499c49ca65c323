/** Texts that outlive the message they were cut from. */

/**
 * A copy that shares no memory with what it was cut from: engines keep the whole of a long text alive as long as a piece of
 * it is in use, and a datagram can have 65 kB.
 */
export function ownText(text: string): string {
  return JSON.parse(JSON.stringify(text)) as string;
}
