/**
 * The addresses of one target: which have been asked, which is next, and which may still answer.
 *
 * An address that has been passed over isn't sent anything, but may still answer: the first sign of life decides, and the others get
 * CANCEL should they ring. With no other address left, all that were silent are asked again in the transactions that they have, so that
 * one which refuses doesn't cost the rest of the wait.
 */
import type { ClientTransaction } from "../../transaction/client-transaction.ts";
import type { Flow } from "../../transport/flow.ts";

/** What an address gets of the whole wait before the next one is tried too. */
const SHARE_LEAST_ms = 1_000;
/** The same where there is no fr_timer. */
const SHARE_ms = 4_000;

const NOWHERE: readonly Flow[] = [];
/** Never changed: most branches ask one address. */
const NONE: ClientTransaction[] = [];

export class Attempts {
  /** Best first, as they were found last. */
  flows: readonly Flow[] = NOWHERE;
  /** How many of them have been asked. */
  tries = 0;
  /** Where the copy has gone last. Undefined: nowhere yet, or all addresses that have said nothing are waited for. */
  current: ClientTransaction | undefined = undefined;
  private list = NONE;

  /** All that have been asked, but for those that can't be reached. */
  get asked(): readonly ClientTransaction[] {
    return this.list;
  }

  /** The address to ask next. */
  get next(): Flow | undefined {
    return this.flows[this.tries];
  }

  /** They have been found, be it once more. */
  found(flows: readonly Flow[]): void {
    this.flows = flows;
    this.tries = 0;
  }

  /** The next address has been asked. */
  ask(transaction: ClientTransaction): void {
    this.tries += 1;
    this.current = transaction;
    if (this.list.length === 0) this.list = [transaction];
    else this.list.push(transaction);
  }

  /**
   * It can't be reached.
   * @returns whether that was TCP in place of UDP (RFC 3261 §18.1.1): then the same address is next
   */
  drop(transaction: ClientTransaction): boolean {
    const index = this.list.indexOf(transaction);
    if (index >= 0) this.list.splice(index, 1);
    const wasTrial = transaction.flow.isTrial === true;
    if (wasTrial && transaction === this.current) this.tries -= 1;
    return wasTrial;
  }

  /** Whether this one is waited for: all are when none is the present one. */
  awaits(transaction: ClientTransaction): boolean {
    return this.current === undefined ? !transaction.isCancelled : this.current === transaction;
  }

  /** Whether one that was given up, or isn't the present one, may still answer an INVITE. */
  get mayAnswer(): boolean {
    return this.list.some(({ state }) => state === "abandoned" || state === "calling");
  }

  /** Whether another address may do what this one can't. */
  get hasOther(): boolean {
    return this.next !== undefined || this.mayAnswer;
  }

  /** The longest request that was sent as a datagram, in octets; 0: none was. */
  get longestDatagram_octets(): number {
    let longest = 0;
    for (const { isReliable, octets } of this.list) if (!isReliable) longest = Math.max(longest, octets);
    return longest;
  }
}

/**
 * How long each of several addresses is waited for before the next is tried too (RFC 3263 §4.3): the caller's patience is
 * one. Half of the whole wait is for the first address, half of the rest for the next.
 * @param tries addresses tried so far, this one included
 */
export function share_ms(whole_ms: number | undefined, tries: number): number {
  if (whole_ms === undefined) return SHARE_ms;
  return Math.max(Math.round(whole_ms / 2 ** tries), Math.min(SHARE_LEAST_ms, whole_ms / 2));
}
