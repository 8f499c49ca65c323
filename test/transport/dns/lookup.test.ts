/** A question from its first query to its answer, in virtual time: which server is asked what, how, and when. */
import { describe, expect, test } from "vitest";
import { answerFromHosts } from "../../../src/transport/dns/lookup.ts";
import { SILENT_ms } from "../../../src/transport/dns/servers.ts";
import type { Question } from "../../../src/transport/next-hops.ts";
import { recordFor, wireName, type Zone, type ZoneRecord } from "../../support/dns-packets.ts";
import { ANSWERS, type Conduct, Lab, REFUSED, SILENT, WAY_ms } from "./lookup-lab.ts";

const HOST = "pbx.example.com";
const QUESTION: Question = { type: "A", name: HOST };
const A: readonly ZoneRecord[] = [{ type: "A", address: "192.0.2.1" }];
const ZONE: Zone = new Map([[HOST, A]]);
const FOUND = { records: ["192.0.2.1"], lifetime_ms: 60_000 };
const NOTHING = { records: [], lifetime_ms: 0 };
const HOUR_ms = 3_600_000;
const [FIRST, SECOND, THIRD] = ["192.0.2.51", "192.0.2.52", "192.0.2.53"] as const;

/** What one server does, and how it is asked for {@link QUESTION}. */
function alone(conduct: Conduct, zone: Zone = ZONE) {
  const lab = new Lab(zone);
  lab.conducts.set(FIRST, conduct);
  return { lab, told: lab.ask(QUESTION, [FIRST]) };
}

/** The log without times. */
function asked({ log }: Lab): string[] {
  return log.map((line) => line.replace(/^\d+ /, ""));
}

const SERVFAIL: Conduct = (_query, _ask, reply) => reply({ rcode: 2, answers: [] });
const FOLDS: Conduct = ({ question }, _ask, reply) => reply({ question: lowered(question) });

function lowered(question: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(question.subarray(0, -4).toString("latin1").toLowerCase(), "latin1"),
    question.subarray(-4),
  ]);
}

describe("queries", () => {
  test("one by UDP with EDNS0 is enough where a server answers", () => {
    const { lab, told } = alone(ANSWERS);
    expect(told).toEqual({ answer: FOUND, took_ms: WAY_ms });
    expect(lab.log).toEqual([`0 ${FIRST} udp+ A ${HOST}`]);
  });

  test("ids and cases are at random: all ids, and each letter half of the times", () => {
    const lab = new Lab(ZONE);
    lab.conducts.set(FIRST, ANSWERS);
    const times = 2_000;
    for (let time = 0; time < times; time++) lab.ask(QUESTION, [FIRST]);
    const ids = lab.queries.map(({ id }) => id.readUInt16BE(0));
    expect(new Set(ids).size).toBeGreaterThan(0.95 * times);
    expect(Math.max(...ids)).toBeGreaterThan(0xff00);
    expect(Math.min(...ids)).toBeLessThan(0x100);
    const names = lab.queries.map(({ question }) => question.toString("latin1", 0, HOST.length + 1));
    for (const [at, letter] of [...wireName(HOST).toString("latin1").slice(0, -1)].entries()) {
      const upper = names.filter((name) => name[at] === letter.toUpperCase()).length;
      if (!/[a-z]/.test(letter)) expect(upper).toBe(times);
      else expect(Math.abs(upper - times / 2)).toBeLessThan(6 * Math.sqrt(times / 4));
    }
  });

  test("a name that can't be written has no records, and nobody is asked", () => {
    const lab = new Lab(ZONE);
    for (const name of ["a..b", "", `${"x".repeat(64)}.example`, "a.".repeat(200)]) {
      expect(lab.ask({ type: "A", name }, [FIRST])).toEqual({ answer: NOTHING, took_ms: 0 });
    }
    expect(lab.log).toEqual([]);
  });
});

describe("servers that don't answer", () => {
  test("three tries of 1.5 s are all, one server or many", () => {
    const { lab, told } = alone(SILENT);
    expect(told).toEqual({ answer: undefined, took_ms: 4_500 });
    expect(lab.log).toEqual([
      `0 ${FIRST} udp+ A ${HOST}`,
      `1500 ${FIRST} udp A ${HOST}`,
      `3000 ${FIRST} udp A ${HOST}`,
    ]);
    const many = new Lab(ZONE);
    for (const one of [FIRST, SECOND, THIRD]) many.conducts.set(one, SILENT);
    expect(many.ask(QUESTION, [FIRST, SECOND, THIRD])).toEqual({ answer: undefined, took_ms: 4_500 });
    expect(asked(many)).toEqual([FIRST, SECOND, THIRD].map((one) => `${one} udp+ A ${HOST}`));
  });

  test.each<[string, Conduct, number]>([
    ["closed", REFUSED, WAY_ms],
    ["SERVFAIL", SERVFAIL, WAY_ms],
    ["REFUSED", (_query, _ask, reply) => reply({ rcode: 5, answers: [] }), WAY_ms],
    ["malformed", (_query, _ask, reply) => reply().slice(0, -1), WAY_ms],
    ["silent", SILENT, 1_500],
    ["forging", ({ id }, _ask, reply) => reply({ id: Buffer.from([(id[0] ?? 0) ^ 1, id[1] ?? 0]) }), 1_500],
  ])("%s: the next is asked after %d ms", (_, conduct, wait_ms) => {
    const lab = new Lab(ZONE);
    lab.conducts.set(FIRST, conduct);
    lab.conducts.set(SECOND, ANSWERS);
    expect(lab.ask(QUESTION, [FIRST, SECOND])).toEqual({ answer: FOUND, took_ms: wait_ms + WAY_ms });
  });

  test("one that was silent or closed comes last for 30 s", () => {
    const lab = new Lab(ZONE);
    lab.conducts.set(FIRST, SILENT);
    lab.conducts.set(SECOND, ANSWERS);
    const first = () => {
      lab.log.length = 0;
      lab.ask(QUESTION, [FIRST, SECOND]);
      return lab.log[0]?.split(" ")[1];
    };
    expect(first()).toBe(FIRST);
    expect(first()).toBe(SECOND);
    lab.conducts.set(SECOND, REFUSED);
    lab.conducts.set(FIRST, ANSWERS);
    expect(first()).toBe(SECOND);
    expect(first()).toBe(FIRST);
    lab.conducts.set(SECOND, ANSWERS);
    lab.now_ms += SILENT_ms;
    expect(first()).toBe(FIRST);
  });

  test("one that was silent and has answered since doesn't come last", () => {
    const lab = new Lab(ZONE);
    lab.conducts.set(FIRST, SILENT);
    lab.conducts.set(SECOND, ANSWERS);
    lab.ask(QUESTION, [FIRST, SECOND]);
    lab.conducts.set(FIRST, ANSWERS);
    lab.ask(QUESTION, [FIRST]);
    lab.ask(QUESTION, [FIRST, SECOND]);
    expect(lab.log.at(-1)).toBe(`0 ${FIRST} udp+ A ${HOST}`);
  });

  test("an answer that comes after forged ones counts", () => {
    const forged = [recordFor(Buffer.from([0xc0, 12]), { type: "A", address: "203.0.113.66" })];
    const { told } = alone(({ id, question }, _ask, reply) => [
      reply({ id: Buffer.from([(id[0] ?? 0) ^ 1, id[1] ?? 0]), answers: forged }),
      reply({ question: Buffer.from(question).fill(0x71, 1, 2), answers: forged }),
      "",
      "x".repeat(70_000),
      reply(),
    ]);
    expect(told).toEqual({ answer: FOUND, took_ms: WAY_ms });
  });

  test.each([
    [{ timeout_ms: 1_000 }, [0, 1_000, 2_000], 3_000],
    [{ timeout_ms: 30_000 }, [0, 1_500, 3_000], 4_500],
    [{ attempts: 1 }, [0], 1_500],
    [{ attempts: 2 }, [0, 1_500], 3_000],
    [{ attempts: 9, timeout_ms: 1_000 }, [0, 1_000, 2_000], 3_000],
  ])("options %j within our own bounds", (settings, times, took_ms) => {
    const lab = new Lab(ZONE);
    lab.conducts.set(FIRST, SILENT);
    expect(lab.ask(QUESTION, [FIRST], settings)).toEqual({ answer: undefined, took_ms });
    expect(lab.log.map((line) => Number(line.split(" ")[0]))).toEqual(times);
  });

  test("attempts:1 asks each server once", () => {
    const lab = new Lab(ZONE);
    for (const one of [FIRST, SECOND]) lab.conducts.set(one, SILENT);
    expect(lab.ask(QUESTION, [FIRST, SECOND], { attempts: 1 })).toEqual({ answer: undefined, took_ms: 3_000 });
  });
});

describe("EDNS0", () => {
  const OLD =
    (rcode: number, question?: Buffer): Conduct =>
    (query, _ask, reply) =>
      query.isExtended ? reply({ rcode, answers: [], additional: [], ...(question && { question }) }) : reply();

  test.each([
    ["FORMERR", OLD(1)],
    ["NOTIMP", OLD(4)],
    ["FORMERR by a header alone", OLD(1, Buffer.alloc(0))],
  ])("a server that says %s is asked without, at once and for an hour", (_, conduct) => {
    const { lab, told } = alone(conduct);
    expect(told).toEqual({ answer: FOUND, took_ms: 2 * WAY_ms });
    lab.ask(QUESTION, [FIRST]);
    lab.now_ms += HOUR_ms;
    lab.ask(QUESTION, [FIRST]);
    const [extended, plain] = ["udp+", "udp"].map((by) => `${FIRST} ${by} A ${HOST}`);
    expect(asked(lab)).toEqual([extended, plain, plain, extended, plain]);
  });

  test.each<[string, Conduct, number]>([
    ["is silent", (query, _ask, reply) => (query.isExtended ? "silent" : reply()), 1_500],
    [
      "says SERVFAIL",
      (query, ask, reply) => (query.isExtended ? (SERVFAIL(query, ask, reply) as string) : reply()),
      WAY_ms,
    ],
  ])("a server that %s with it is tried without, and asked so from then on", (_, conduct, wait_ms) => {
    const { lab, told } = alone(conduct);
    expect(told).toEqual({ answer: FOUND, took_ms: wait_ms + WAY_ms });
    expect(lab.ask(QUESTION, [FIRST])).toEqual({ answer: FOUND, took_ms: WAY_ms });
  });

  test("where there are several, the one that says FORMERR is asked on", () => {
    const lab = new Lab(ZONE);
    lab.conducts.set(FIRST, OLD(1, Buffer.alloc(0)));
    lab.conducts.set(SECOND, ANSWERS);
    lab.ask(QUESTION, [FIRST, SECOND]);
    expect(asked(lab)).toEqual(["udp+", "udp"].map((by) => `${FIRST} ${by} A ${HOST}`));
  });

  test("a server that doesn't know such records at all has none", () => {
    const { lab, told } = alone((_query, _ask, reply) => reply({ rcode: 4, answers: [] }));
    expect(told).toEqual({ answer: NOTHING, took_ms: 2 * WAY_ms });
    expect(lab.ask({ type: "NAPTR", name: HOST }, [FIRST])).toEqual({ answer: NOTHING, took_ms: WAY_ms });
  });

  test("a header alone that says so again is no answer", () => {
    const bare = { rcode: 1, question: Buffer.alloc(0), answers: [], additional: [] };
    expect(alone((_query, _ask, reply) => reply(bare)).told.answer).toBeUndefined();
  });
});

describe("truncation", () => {
  const TRUNCATES: Conduct = (_query, { by }, reply) =>
    by === "udp" ? reply({ isTruncated: true, answers: [] }) : reply();

  test("leads to TCP, to the same server", () => {
    const { lab, told } = alone(TRUNCATES);
    expect(told).toEqual({ answer: FOUND, took_ms: 2 * WAY_ms });
    expect(asked(lab)).toEqual([`${FIRST} udp+ A ${HOST}`, `${FIRST} tcp A ${HOST}`]);
    // Over TCP nothing from outside can be forged.
    expect(lab.queries.map(({ question }) => question.includes("example"))).toEqual([false, true]);
  });

  test("without TCP the next server is asked", () => {
    const lab = new Lab(ZONE);
    lab.conducts.set(FIRST, (query, ask, reply) => (ask.by === "tcp" ? "refused" : TRUNCATES(query, ask, reply)));
    lab.conducts.set(SECOND, ANSWERS);
    expect(lab.ask(QUESTION, [FIRST, SECOND])).toEqual({ answer: FOUND, took_ms: 3 * WAY_ms });
  });

  test("over TCP it is nonsense, and so is what doesn't belong to the query", () => {
    const lab = new Lab(ZONE);
    lab.conducts.set(FIRST, (_query, _ask, reply) => reply({ isTruncated: true, answers: [] }));
    lab.conducts.set(SECOND, ({ id }, { by }, reply) =>
      by === "udp" ? reply({ isTruncated: true }) : reply({ id: Buffer.from([(id[0] ?? 0) ^ 1, 0]) }),
    );
    lab.conducts.set(THIRD, ANSWERS);
    expect(lab.ask(QUESTION, [FIRST, SECOND, THIRD])).toEqual({ answer: FOUND, took_ms: 5 * WAY_ms });
  });

  test("all is over after 4.5 s, however slow each step is", () => {
    const { lab, told } = alone((_query, { by }, reply) => (by === "udp" ? reply({ isTruncated: true }) : "silent"));
    expect(told).toEqual({ answer: undefined, took_ms: 4_500 });
    expect(lab.log.at(-1)).toBe(`3060 ${FIRST} tcp A ${HOST}`);
  });
});

describe("the case of the question", () => {
  test("a server that has one of its own is asked once by TCP, and in lower case by UDP for an hour", () => {
    const { lab, told } = alone(FOLDS);
    expect(told).toEqual({ answer: FOUND, took_ms: 2 * WAY_ms });
    expect(lab.ask(QUESTION, [FIRST])).toEqual({ answer: FOUND, took_ms: WAY_ms });
    expect(asked(lab)).toEqual([`${FIRST} udp+ A ${HOST}`, `${FIRST} tcp A ${HOST}`, `${FIRST} udp+ A ${HOST}`]);
    expect(lab.queries.map(({ question }) => question.includes(HOST.slice(0, 3)))).toEqual([false, true, true]);
    lab.now_ms += HOUR_ms;
    lab.ask(QUESTION, [FIRST]);
    expect(asked(lab).at(-1)).toBe(`${FIRST} tcp A ${HOST}`);
  });

  test("and without TCP: in lower case at the next try", () => {
    const { lab, told } = alone((query, ask, reply) => (ask.by === "tcp" ? "refused" : FOLDS(query, ask, reply)));
    expect(told).toEqual({ answer: FOUND, took_ms: 3 * WAY_ms });
    expect(lab.log).toHaveLength(3);
  });
});

describe("names without their domain", () => {
  const search = ["a.example", "b.example"];
  const zone: Zone = new Map([
    ["pbx.b.example", A],
    ["pbx", A],
    ["x.y", A],
    ["x.y.a.example", A],
    ["_sip._udp.pbx.b.example", [{ type: "SRV", srv: [1, 1, 5060, "x"] } as const]],
  ]);
  const lab = () => {
    const made = new Lab(zone);
    made.conducts.set(FIRST, ANSWERS);
    return made;
  };
  const names = (name: string, settings: Parameters<Lab["ask"]>[2], type: Question["type"] = "A") => {
    const made = lab();
    made.ask({ type, name }, [FIRST], settings);
    return made.queries.map((query) => query.name);
  };

  test("are looked for in the search domains, then as they are; the first that has records counts", () => {
    expect(names("pbx", { search })).toEqual(["pbx.a.example", "pbx.b.example"]);
    expect(names("pbx", { search: ["c.example"] })).toEqual(["pbx.c.example", "pbx"]);
    expect(names("_sip._udp.pbx", { search }, "SRV")).toEqual(["_sip._udp.pbx.a.example", "_sip._udp.pbx.b.example"]);
  });

  test("have fewer dots than ndots; a dot at the end says that it is all", () => {
    expect(names("x.y", { search })).toEqual(["x.y"]);
    expect(names("x.y", { search, ndots: 2 })).toEqual(["x.y.a.example"]);
    expect(names("pbx", { search, ndots: 0 })).toEqual(["pbx"]);
    expect(names("pbx.", { search })).toEqual(["pbx"]);
  });

  test("a domain that makes the name too long is left out", () => {
    const long = `${"x".repeat(63)}.`.repeat(4).slice(0, -3);
    expect(names("pbx", { search: [long, "b.example"] })).toEqual(["pbx.b.example"]);
  });

  test("a failure ends it: what is behind that domain isn't known", () => {
    const made = lab();
    made.conducts.set(FIRST, SERVFAIL);
    expect(made.ask({ type: "A", name: "pbx" }, [FIRST], { search }).answer).toBeUndefined();
    expect(new Set(made.queries.map(({ name }) => name))).toEqual(new Set(["pbx.a.example"]));
  });

  test("the server that has answered is asked on, and all names share 4.5 s", () => {
    const made = lab();
    made.conducts.set(FIRST, SILENT);
    made.conducts.set(SECOND, ANSWERS);
    expect(made.ask({ type: "A", name: "pbx" }, [FIRST, SECOND], { search })).toEqual({
      answer: FOUND,
      took_ms: 1_500 + 2 * WAY_ms,
    });
    made.now_ms += HOUR_ms;
    made.conducts.set(FIRST, ({ name }, _ask, reply) => (name === "pbx.a.example" ? reply() : "silent"));
    const told = made.ask({ type: "A", name: "pbx" }, [FIRST], { search });
    expect(told).toEqual({ answer: undefined, took_ms: 4_500 });
  });

  test("a name whose turn comes late isn't asked beyond 4.5 s", () => {
    const made = lab();
    let silences = 2;
    made.conducts.set(FIRST, (_query, _ask, reply) => (silences-- > 0 ? "silent" : silences < -1 ? "silent" : reply()));
    expect(made.ask({ type: "A", name: "pbx" }, [FIRST], { search })).toEqual({ answer: undefined, took_ms: 4_500 });
    expect(made.queries.map(({ name }) => name)).toEqual([
      "pbx.a.example",
      "pbx.a.example",
      "pbx.a.example",
      "pbx.b.example",
    ]);
  });
});

test("hosts file: addresses by type, services of a name that stands there have none, others aren't known", () => {
  const hosts = new Map([["pbx", ["192.0.2.5", "2001:db8::5"]]]);
  const from = (type: Question["type"], name: string) => answerFromHosts(hosts, { type, name }, 10_000);
  expect(from("A", "pbx")).toEqual({ records: ["192.0.2.5"], lifetime_ms: 10_000 });
  expect(from("AAAA", "pbx.")).toEqual({ records: ["2001:db8::5"], lifetime_ms: 10_000 });
  expect(from("SRV", "_sip._udp.pbx")).toEqual({ records: [], lifetime_ms: 10_000 });
  expect(from("NAPTR", "pbx")).toEqual({ records: [], lifetime_ms: 10_000 });
  expect(from("A", "other")).toBeUndefined();
});
