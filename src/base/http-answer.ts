/** An answer of HTTP as values: `app/observe/web.ts` makes it, `io/node/http-server.ts` sends it. */

/** What is sent for a request. */
export interface HttpAnswer {
  readonly status: number;
  /** Without Content-Length and Connection. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The body has one character an octet; otherwise it is text. */
  readonly isOctets?: boolean;
  /** The question was HEAD. */
  readonly isHeadOnly?: boolean;
  /** The connection ends with this answer. */
  readonly isLast?: boolean;
  /** Before it is sent: whoever guesses passwords has to wait. */
  readonly delay_ms?: number;
  /** The body has no end: what it is begun with is `body`. */
  readonly stream?: HttpStream | undefined;
}

/**
 * Begins a stream.
 * @param write sends a piece of text; false: the reader has gone, or is too slow and has been ended
 * @returns is called once, when the reader has gone
 */
export type HttpStream = (write: (text: string) => boolean) => () => void;
