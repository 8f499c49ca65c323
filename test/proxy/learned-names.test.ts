/** Names that DNS leads here: asked for behind the back of requests, kept, and given up. */
import { describe, expect, it } from "vitest";
import { parseSipUri } from "../../src/message/uri.ts";
import { LearnedNames } from "../../src/proxy/learned-names.ts";
import { OwnAddresses } from "../../src/proxy/own-addresses.ts";
import { type Listener, TRANSPORTS } from "../../src/transport/flow.ts";
import { Names } from "../../src/transport/names.ts";
import type { Answer, Question } from "../../src/transport/next-hops.ts";
import { Waiting } from "../../src/transport/remembered.ts";

const US = "192.0.2.1";
const MINUTE_ms = 60_000;
const listener = {
  id: 0,
  protocol: "udp",
  transport: TRANSPORTS.udp,
  address: US,
  port: 5060,
  sentBy: `${US}:5060`,
} as unknown as Listener;

function lab(listeners: readonly Listener[] = [listener]) {
  const questions: Question[] = [];
  const names = new Names({ protocols: ["udp"], types: ["A"] }, new Waiting(100), (one) => questions.push(one), 100);
  const learned = new LearnedNames(names, new OwnAddresses(listeners));
  const consider = (uri: string, now_ms = 0) => {
    const parsed = parseSipUri(uri);
    if (parsed === undefined) throw new Error(uri);
    learned.consider(parsed, now_ms);
  };
  /** DNS answers all that is open; undefined: it fails. */
  const answer = (addresses: readonly string[] | undefined, now_ms = 0, lifetime_ms = 1_000) => {
    const said: Answer | undefined = addresses === undefined ? undefined : { records: addresses, lifetime_ms };
    for (const question of questions.splice(0)) names.onAnswer(question, said, now_ms);
  };
  return { learned, consider, answer, questions };
}

describe("a name in an outbound proxy's place", () => {
  it("means nothing until DNS has answered, and then us", () => {
    const { learned, consider, answer, questions } = lab();
    consider("sip:branch.example.com;lr");
    expect([learned.isOurs("branch.example.com"), learned.isUnknown("branch.example.com")]).toEqual([false, true]);
    expect(questions).toEqual([{ type: "A", name: "branch.example.com" }]);
    answer([US]);
    expect([learned.isOurs("branch.example.com"), learned.isUnknown("branch.example.com")]).toEqual([true, false]);
  });

  it("is asked for once, however many requests have it", () => {
    const { consider, questions } = lab();
    for (const spelling of ["branch.example.com", "BRANCH.example.com.", "branch.example.com:5060"]) {
      consider(`sip:${spelling};lr`);
    }
    expect(questions).toHaveLength(1);
  });

  it("is ours when one of several addresses is", () => {
    const { learned, consider, answer } = lab();
    consider("sip:branch.example.com");
    answer(["198.51.100.7", US]);
    expect(learned.isOurs("branch.example.com")).toBe(true);
  });

  it.each([
    ["an address", "sip:192.0.2.1"],
    ["an IPv6 address", "sip:[2001:db8::1]"],
    ["a port at which nothing of ours listens", "sip:branch.example.com:5099"],
  ])("%s is no name to look up", (_, uri) => {
    const { learned, consider, questions } = lab();
    consider(uri);
    expect([questions.length, learned.size]).toEqual([0, 0]);
  });

  it("that leads elsewhere is another's", () => {
    const { learned, consider, answer } = lab();
    consider("sip:sbc.example.org");
    answer(["198.51.100.7"]);
    expect([learned.isOurs("sbc.example.org"), learned.isUnknown("sbc.example.org")]).toEqual([false, false]);
  });
});

describe("as time goes by", () => {
  it("a name that moves away is given up, though each request of phones still has it", () => {
    const { learned, consider, answer } = lab();
    consider("sip:branch.example.com");
    answer([US]);
    for (let now_ms = 10_000; now_ms <= 3 * MINUTE_ms; now_ms += 10_000) {
      consider("sip:branch.example.com", now_ms);
      answer(["198.51.100.7"], now_ms);
    }
    expect(learned.isOurs("branch.example.com")).toBe(false);
  });

  it("a name that moves here is found", () => {
    const { learned, consider, answer } = lab();
    consider("sip:branch.example.com");
    answer(["198.51.100.7"]);
    for (let now_ms = 10_000; now_ms <= 3 * MINUTE_ms; now_ms += 10_000) {
      consider("sip:branch.example.com", now_ms);
      answer([US], now_ms);
    }
    expect(learned.isOurs("branch.example.com")).toBe(true);
  });

  it("what DNS said last stands while it is dead", () => {
    const { learned, consider, answer } = lab();
    consider("sip:branch.example.com");
    answer([US]);
    for (let now_ms = 10_000; now_ms <= 60 * MINUTE_ms; now_ms += 10_000) {
      consider("sip:branch.example.com", now_ms);
      answer(undefined, now_ms);
    }
    expect(learned.isOurs("branch.example.com")).toBe(true);
  });

  it("DNS that was dead at first is asked again within seconds", () => {
    const { learned, consider, answer } = lab();
    consider("sip:branch.example.com");
    answer(undefined);
    consider("sip:branch.example.com", 6_000);
    answer([US], 6_000);
    expect(learned.isOurs("branch.example.com")).toBe(true);
  });
});

describe("the table", () => {
  const fill = ({ consider, answer }: ReturnType<typeof lab>, now_ms: number) => {
    for (let index = 0; index < 200; index++) {
      consider(`sip:host${index}.example.org`, now_ms);
      answer(["198.51.100.7"], now_ms);
    }
  };

  it("holds no more than its limit, and counts what it has turned away", () => {
    const all = lab();
    fill(all, 0);
    expect([all.learned.size, all.learned.hits]).toEqual([all.learned.limit, 200 - all.learned.limit]);
  });

  it("full of others' names, takes ours a minute later", () => {
    const all = lab();
    fill(all, 0);
    all.consider("sip:branch.example.com", MINUTE_ms);
    all.answer([US], MINUTE_ms);
    expect([all.learned.isOurs("branch.example.com"), all.learned.size]).toEqual([true, all.learned.limit]);
  });

  it("never gives up a name that means us for others'", () => {
    const all = lab();
    all.consider("sip:branch.example.com");
    all.answer([US]);
    for (let minute = 0; minute < 5; minute++) fill(all, minute * MINUTE_ms);
    expect(all.learned.isOurs("branch.example.com")).toBe(true);
  });
});
