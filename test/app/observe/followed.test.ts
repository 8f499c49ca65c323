/** Calls that are followed: nothing is lost or told twice, and what is asked is bounded. */
import { describe, expect, test } from "vitest";
import { type Followed, followedAfter, followedCall, traceQuestion } from "../../../src/app/observe/followed.ts";
import { FOLLOWED_MAX, FollowedCalls } from "../../../src/app/observe/followed-calls.ts";
import type { JournalEntry } from "../../../src/app/observe/journal-entry.ts";
import { callOf, edgeOf, messageOf, seqsOf, traceOf } from "./calls-sample.ts";

const BYE = "BYE sip:5551@pbx.example.com SIP/2.0";
/** As the control socket takes it (io/node/answer-server.ts). */
const QUESTION_MAX = 32_768;

/** Asks once. */
function asked(followed: Followed, journal: readonly JournalEntry[]) {
  return followedAfter(followed, traceOf(journal, traceQuestion([followed])));
}

describe("one call", () => {
  test("each entry comes once, whatever else happens meanwhile", () => {
    const journal = [messageOf(1, "c1"), messageOf(2, "c2")];
    const first = asked(followedCall(callOf(1)), journal);
    expect([...first.news]).toEqual([1]);
    journal.push(messageOf(3, "c2"), messageOf(4, "c1", BYE));
    const second = asked(first.followed, journal);
    expect([...second.news]).toEqual([4]);
    expect(seqsOf(second.followed.entries)).toEqual([1, 4]);
    expect([...asked(second.followed, journal).news]).toEqual([]);
  });

  test("an edge amid the call is told, also when no message follows at once; one after its end isn't", () => {
    const journal: JournalEntry[] = [edgeOf(1), messageOf(2, "c1")];
    let { followed } = asked(followedCall(callOf(1)), journal);
    journal.push(edgeOf(3));
    ({ followed } = asked(followed, journal));
    journal.push(messageOf(4, "c1", BYE));
    ({ followed } = asked(followed, journal));
    followed = followedCall(callOf(1, { state: "ended" }), followed);
    journal.push(edgeOf(5));
    ({ followed } = asked(followed, journal));
    expect(seqsOf(followed.entries)).toEqual([2, 3, 4]);
  });

  test("why a message of it was dropped is told; drops of others aren't", () => {
    const drop = (seq: number): JournalEntry => ({ kind: "drop", seq, at_ms: seq, reason: "faulty" });
    const journal = [messageOf(1, "c1"), drop(2), messageOf(3, "c2"), drop(4)];
    const page = traceOf(journal, {});
    expect(seqsOf(followedAfter(followedCall(callOf(1)), page).followed.entries)).toEqual([1, 2]);
  });

  test("once it has another Call-ID, what came before that was known is asked for, too", () => {
    const journal = [messageOf(1, "c1"), messageOf(2, "c1-b")];
    const first = asked(followedCall(callOf(1)), journal).followed;
    expect(first.after).toBe(2);
    const second = asked(followedCall(callOf(1, {}, ["c1", "c1-b"]), first), journal);
    expect([...second.news]).toEqual([2]);
    expect(second.followed.after).toBe(2);
  });

  test("a long one comes piece by piece, and of a very long one its beginning and its end are kept", () => {
    const journal = Array.from({ length: 3_000 }, (_, index) => messageOf(index + 1, "c1"));
    let followed = followedCall(callOf(1));
    let pieces = 0;
    const told: number[] = [];
    for (; followed.after < 3_000; pieces++) {
      const answer = asked(followed, journal);
      told.push(...answer.news);
      followed = answer.followed;
    }
    expect(pieces).toBeGreaterThan(3);
    expect(told).toEqual(journal.map(({ seq }) => seq));
    const seqs = seqsOf(followed.entries);
    expect(seqs).toHaveLength(500);
    expect(seqs.slice(0, 2)).toEqual([1, 2]);
    expect(seqs.slice(-2)).toEqual([2_999, 3_000]);
  });
});

describe("all calls", () => {
  /** What a tick asks, and the numbers of entries that it tells of, by call. */
  function tick(followed: FollowedCalls, journal: readonly JournalEntry[]) {
    const told: Record<number, number[]> = {};
    const groups = followed.groups();
    for (const group of groups) {
      const question = traceQuestion(group);
      expect(JSON.stringify({ command: "trace", ...question }).length).toBeLessThan(QUESTION_MAX);
      for (const { followed: one, news } of followed.answered(group, traceOf(journal, question))) {
        told[one.call.id] = [...news];
      }
    }
    return { questions: groups.length, told };
  }

  test("however many calls there are, a tick asks twice at the most, and tells each entry once", () => {
    const followed = new FollowedCalls();
    const journal: JournalEntry[] = [];
    const all: Record<number, number[]> = {};
    for (let round = 0; round < 40; round++) {
      if (round < 30) {
        journal.push(messageOf(journal.length + 1, `c${round}`));
        // Its first messages come before anybody knows that there is a call.
        if (round > 0) followed.take([callOf(round - 1)]);
        journal.push(messageOf(journal.length + 1, `c${Math.floor(round / 2)}`, BYE));
      }
      const { questions, told } = tick(followed, journal);
      expect(questions).toBeLessThanOrEqual(2);
      for (const [id, seqs] of Object.entries(told)) all[Number(id)] = [...(all[Number(id)] ?? []), ...seqs];
    }
    const wanted = (id: number) => seqsOf(traceOf(journal, { calls: [`c${id}`] }).entries);
    for (let id = 0; id < 29; id++) expect(all[id]).toEqual(wanted(id));
  });

  test("no more calls are followed than a question has room for, and it is known that some are left out", () => {
    const followed = new FollowedCalls();
    const many = Array.from({ length: FOLLOWED_MAX }, (_, id) => callOf(id));
    followed.take(many);
    expect(followed.isTooMany).toBe(false);
    followed.take([callOf(FOLLOWED_MAX)]);
    expect(followed.isTooMany).toBe(true);
    expect(followed.groups().flat()).toHaveLength(FOLLOWED_MAX);
  });

  test("Call-IDs as long as a message has room for are asked about in turns", () => {
    const long = (id: number) => `${id}${"x".repeat(7_000)}`;
    const followed = new FollowedCalls();
    const ids = [0, 1, 2, 3, 4, 5];
    followed.take(ids.map((id) => callOf(id, {}, [long(id)])));
    const journal = ids.map((id) => messageOf(id + 1, long(id)));
    const seen = new Set<number>();
    for (let round = 0; round < 4; round++) {
      for (const id of Object.keys(tick(followed, journal).told)) seen.add(Number(id));
    }
    expect([...seen].sort()).toEqual(ids);
    const one = followedCall(
      callOf(
        9,
        {},
        Array.from({ length: 50 }, (_, index) => long(index)),
      ),
    );
    expect(JSON.stringify(traceQuestion([one])).length).toBeLessThan(QUESTION_MAX);
  });

  test("a call that has ended is looked at ten times more, and is then done, whatever becomes of it", () => {
    const followed = new FollowedCalls();
    const over = callOf(1, { state: "ended" });
    const journal = [messageOf(1, "c1"), messageOf(2, "c1", BYE)];
    followed.take([over]);
    expect(tick(followed, journal).told).toEqual({ 1: [1, 2] });
    journal.push(messageOf(3, "c1", "SIP/2.0 200 OK"));
    expect(tick(followed, journal).told).toEqual({ 1: [3] });
    for (let round = 0; round < 8; round++) expect(tick(followed, journal).questions).toBe(1);
    expect(tick(followed, journal).questions).toBe(0);
    followed.take([over]);
    expect(tick(followed, journal)).toEqual({ questions: 0, told: {} });
  });
});
