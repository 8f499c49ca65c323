/** A ring of the journal: what it keeps, in which order, and that texts beside the heap come back as they were. */
import { expect, test } from "vitest";
import type { JournalEntry } from "../../src/app/observe/journal-entry.ts";
import { Ring } from "../../src/app/observe/ring.ts";
import { makeOctets } from "../../src/io/node/octets.ts";
import { mulberry32 } from "../support/simulation.ts";

const ALL_OCTETS = String.fromCharCode(...Array.from({ length: 256 }, (_, octet) => octet));

const message = (seq: number, wire: string, remote_port = 5060): JournalEntry => ({
  ...{ kind: seq % 3 === 0 ? "out" : "in", seq, at_ms: seq + 0.25, wire, protocol: "udp" },
  ...{ local: "10.222.237.1", local_port: 5060, remote: `10.222.237.${20 + (seq % 5)}`, remote_port },
});
const decision = (seq: number): JournalEntry => ({
  ...{
    kind: "decision",
    seq,
    at_ms: seq,
    method: "INVITE",
    call_id: `Anruf ${seq}`,
    rule: "call",
    why: "Küche → Büro",
  },
});

function kept(ring: Ring, after = 0): JournalEntry[] {
  const all: JournalEntry[] = [];
  ring.collect(after, all);
  return all;
}

test.each([
  ["in the heap", undefined],
  ["beside it", makeOctets],
])("entries are those that were added last, whole and in order, with texts %s", (_, make) => {
  const random = mulberry32(7);
  const below = (most: number) => Math.floor(random() * most);
  const limit = 20_000;
  const ring = new Ring();
  ring.bound(limit, make);
  const added: JournalEntry[] = [];
  for (let seq = 1; seq <= 2_000; seq++) {
    const start = below(256);
    const wire = ALL_OCTETS.slice(start)
      .repeat(1 + below(8))
      .slice(0, below(1_500));
    const made = below(4) === 0 ? decision(seq) : message(seq, wire, 5060 + below(2));
    const entry = below(9) === 0 && made.kind === "in" ? { ...made, member: "n2" } : made;
    added.push(entry);
    ring.add(entry);
    const now = kept(ring);
    expect(now).toEqual(added.slice(added.length - now.length));
    expect(ring.octets).toBeLessThanOrEqual(limit);
    if (seq > 200) expect(ring.octets).toBeGreaterThan(limit * 0.6);
    const after = seq - below(10);
    expect(kept(ring, after)).toEqual(now.filter((one) => one.seq > after));
  }
});

test("a text that is longer than its memory is kept all the same, where the ring has room for it", () => {
  const ring = new Ring();
  ring.bound(1_000, makeOctets);
  const [short, long] = [message(1, "x".repeat(100)), message(2, "y".repeat(790))];
  ring.add(short);
  ring.add(long);
  expect(kept(ring)).toEqual([long]);
  ring.add(message(3, "z".repeat(900)));
  expect(kept(ring)).toEqual([]);
  expect(ring.octets).toBe(0);
  ring.add({ ...short, seq: 4 });
  expect(kept(ring)).toEqual([{ ...short, seq: 4 }]);
});

test("what is there stays when the bound changes, as far as there is room", () => {
  const ring = new Ring();
  ring.bound(10_000, undefined);
  const all = [1, 2, 3, 4].map((seq) => (seq === 2 ? decision(seq) : message(seq, `${seq}`.repeat(500))));
  for (const entry of all) ring.add(entry);
  ring.bound(10_000, makeOctets);
  expect(kept(ring)).toEqual(all);
  ring.renew();
  expect(kept(ring)).toEqual(all);
  ring.bound(1_500, makeOctets);
  expect(kept(ring)).toEqual(all.slice(2));
  ring.bound(0, makeOctets);
  expect(kept(ring)).toEqual([]);
});
