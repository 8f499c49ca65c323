/** The addresses of a target as a value: which is next, which may still answer; and how the caller's patience is shared. */
import { describe, expect, test } from "vitest";
import { Attempts, share_ms } from "../../../src/proxy/branch/attempts.ts";
import type { ClientTransaction } from "../../../src/transaction/client-transaction.ts";
import type { State } from "../../../src/transaction/machine.ts";
import type { Flow } from "../../../src/transport/flow.ts";

const flow = (address: string, isTrial = false): Flow => ({ address, port: 5060, isTrial }) as Flow;

function transaction(state: State, over: Partial<ClientTransaction> = {}): ClientTransaction {
  return {
    state,
    flow: flow("192.0.2.1"),
    isCancelled: false,
    isReliable: false,
    octets: 500,
    ...over,
  } as ClientTransaction;
}

/** Two addresses, each asked with a transaction in such a state. */
function asked(...states: State[]) {
  const attempts = new Attempts();
  attempts.found([flow("192.0.2.1"), flow("192.0.2.2"), flow("192.0.2.3")]);
  const transactions = states.map((state) => transaction(state));
  for (const one of transactions) attempts.ask(one);
  return { attempts, transactions };
}

describe("which is next", () => {
  test("the first of those that were found, then one after the other, then none", () => {
    const { attempts } = asked();
    expect(attempts.next?.address).toBe("192.0.2.1");
    attempts.ask(transaction("calling"));
    expect([attempts.next?.address, attempts.tries]).toEqual(["192.0.2.2", 1]);
    attempts.ask(transaction("calling"));
    attempts.ask(transaction("calling"));
    expect(attempts.next).toBeUndefined();
  });

  test("when they are found once more it begins with the first again, and those asked before are remembered", () => {
    const { attempts } = asked("abandoned");
    attempts.found([flow("192.0.2.9")]);
    expect(attempts.next?.address).toBe("192.0.2.9");
    expect(attempts.asked).toHaveLength(1);
  });

  test("an address that refuses TCP in place of UDP is next once more", () => {
    const { attempts } = asked();
    const trial = transaction("abandoned", { flow: flow("192.0.2.1", true) });
    attempts.ask(trial);
    expect(attempts.drop(trial)).toBe(true);
    expect(attempts.next?.address).toBe("192.0.2.1");
    expect(attempts.asked).toEqual([]);
  });

  test("one that can't be reached is none of those that may answer, and the next follows", () => {
    const { attempts, transactions } = asked("abandoned", "calling");
    expect(attempts.drop(transactions[1] as ClientTransaction)).toBe(false);
    expect(attempts.asked).toEqual([transactions[0]]);
    expect(attempts.next?.address).toBe("192.0.2.3");
  });

  test("what was never asked is dropped without harm", () => {
    const { attempts, transactions } = asked("calling");
    attempts.drop(transaction("abandoned"));
    expect(attempts.asked).toEqual(transactions);
  });

  test("branches share no list: what one asks isn't asked by another", () => {
    asked("calling");
    expect(new Attempts().asked).toEqual([]);
  });
});

describe("which may still answer", () => {
  test.each<[State, boolean]>([
    ["calling", true],
    ["abandoned", true],
    ["trying", false], // no INVITE: an abandoned one is forgotten
    ["proceeding", false],
    ["completed", false],
    ["accepted", false],
    ["terminated", false],
  ])("one that is %s: %s", (state, may) => {
    const { attempts } = asked("terminated", state, "completed");
    expect(attempts.mayAnswer).toBe(may);
    expect(attempts.hasOther).toBe(may);
  });

  test("an address that hasn't been asked is another one too", () => {
    expect(asked("completed").attempts.hasOther).toBe(true);
    expect(asked("completed", "completed", "completed").attempts.hasOther).toBe(false);
  });

  test("the one that was asked last is waited for; with none, all but those that were cancelled", () => {
    const { attempts, transactions } = asked("abandoned", "calling");
    const [first, second] = transactions as [ClientTransaction, ClientTransaction];
    expect([attempts.awaits(first), attempts.awaits(second)]).toEqual([false, true]);
    attempts.current = undefined;
    first.isCancelled = true;
    expect([attempts.awaits(first), attempts.awaits(second)]).toEqual([false, true]);
    first.isCancelled = false;
    expect(attempts.awaits(first)).toBe(true);
  });

  test("the longest datagram is that of a transport that loses them", () => {
    const { attempts } = asked();
    expect(attempts.longestDatagram_octets).toBe(0);
    attempts.ask(transaction("calling", { octets: 900, isReliable: true }));
    attempts.ask(transaction("calling", { octets: 700 }));
    attempts.ask(transaction("calling", { octets: 300 }));
    expect(attempts.longestDatagram_octets).toBe(700);
  });
});

describe("RFC 3263 §4.3: the caller's patience is shared", () => {
  test.each([
    [4_000, 1, 2_000],
    [4_000, 2, 1_000],
    [4_000, 3, 1_000], // no less than a second
    [32_000, 1, 16_000],
    [32_000, 2, 8_000],
    [1_000, 1, 500], // unless half of the whole is less
    [1_000, 2, 500],
  ])("of %i ms, address %i gets %i ms", (whole_ms, tries, share) => {
    expect(share_ms(whole_ms, tries)).toBe(share);
  });

  test("without fr_timer each gets 4 s", () => {
    expect([share_ms(undefined, 1), share_ms(undefined, 9)]).toEqual([4_000, 4_000]);
  });
});
