/** What a verdict on a torture message is: the form of the tables for RFC 4475 and RFC 5118. */

/** "forward": it leaves for upstream; a number: its sender gets that final response; "drop": nothing leaves at all. */
export type Outcome = "forward" | "drop" | number;

export interface TortureMessage {
  /** As the RFC calls it; behind a slash, a form of our own. */
  readonly name: string;
  readonly wire: string;
}

export interface Verdict {
  readonly name: string;
  /** Of the RFC. */
  readonly section: string;
  /** What the RFC wants of a proxy, the first choice first. */
  readonly wants: string;
  readonly outcome: Outcome;
  readonly why: string;
  /** Why it isn't the RFC's first choice, where it isn't. */
  readonly deviation?: string;
}

const CALL_ID = "call-1@10.222.237.21";
const BRANCH = "z9hG4bKphone1";

/** Messages that one process can be sent in a row: no two are one transaction. */
export function inOneRun(messages: readonly (readonly [name: string, wire: string])[]): readonly TortureMessage[] {
  return messages.map(([name, wire]) => {
    const word = name.replace("/", ".");
    return { name, wire: wire.split(CALL_ID).join(`${word}@torture`).split(BRANCH).join(`${BRANCH}.${word}`) };
  });
}
