/** The journal: what is kept of what happens, within how much memory, and who hears of it when. */
import { expect, test } from "vitest";
import { loadConfig } from "../../src/app/config/load-config.ts";
import { Engine } from "../../src/app/engine.ts";
import type { Host } from "../../src/app/host.ts";
import { Journal } from "../../src/app/observe/journal.ts";
import { callIdOf, type JournalEntry, methodOf } from "../../src/app/observe/journal-entry.ts";
import { QUIET_HOST } from "../../src/app/quiet-host.ts";
import { limitsFor } from "../../src/base/limits.ts";
import { makeOctets } from "../../src/io/node/octets.ts";
import { SITE_YAML } from "../support/site.ts";

const ENTRY_OCTETS = 200;

/** A request of phone 201, which has the address of a phone. */
function request(method: string, callId: string, more: readonly string[] = []) {
  return [
    `${method} sip:5551234@pbx.example.com SIP/2.0`,
    `Via: SIP/2.0/UDP 10.222.237.21;branch=z9hG4bK${callId}${method}`,
    "From: <sip:201@pbx.example.com>;tag=1",
    "To: <sip:5551234@pbx.example.com>",
    `Call-ID: ${callId}`,
    `CSeq: 1 ${method}`,
    "Max-Forwards: 70",
    ...more,
    "\r\n",
  ].join("\r\n");
}

function office(limit_octets: number, follower?: (entry: JournalEntry) => void, clock_ms?: () => number) {
  const journal = new Journal(limit_octets);
  if (follower !== undefined) journal.follow(follower);
  let now_ms = 0;
  const host: Host = { ...QUIET_HOST, now_ms: clock_ms ?? (() => now_ms) };
  const { config } = loadConfig(SITE_YAML, (path) => path);
  const [listener] = config.listeners;
  if (listener === undefined) throw new Error("no listener");
  const engine = new Engine(config, () => host, journal.tap);
  engine.onSettled = () => journal.settled();
  const receive = (wire: string, address = "10.222.237.21") => {
    now_ms += 1;
    engine.onMessage(wire, { listener, address, port: 5060 });
  };
  return { journal, engine, receive };
}

test("a call is kept as it happened: what came, why it went where it went, what left, numbered one by one", () => {
  const { journal, engine, receive } = office(1_000_000);
  engine.force("down");
  receive(request("INVITE", "a"));
  const entries = journal.entries();
  expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, index) => index + 1));
  const kinds = entries.map(({ kind }) => kind);
  expect(kinds.slice(0, 2)).toEqual(["edge", "in"]);
  expect(kinds).toContain("stage");
  expect(entries.find(({ kind }) => kind === "in")).toMatchObject({
    at_ms: 1,
    wire: request("INVITE", "a"),
    protocol: "udp",
    remote: "10.222.237.21",
    remote_port: 5060,
  });
  expect(entries.find(({ kind }) => kind === "decision")).toMatchObject({
    method: "INVITE",
    call_id: "a",
    rule: "call",
  });
  expect(entries.filter((one) => one.kind === "out").map((one) => callIdOf(one))).toContain("a");
  expect(journal.entries(3).map(({ seq }) => seq)).toEqual(entries.slice(3).map(({ seq }) => seq));
});

test("the times of entries rise, although an event takes time and its stages have the time of its beginning", () => {
  let now_ms = 0;
  const { journal, engine, receive } = office(1_000_000, undefined, () => ++now_ms);
  engine.force("down");
  receive(request("INVITE", "a"));
  const entries = journal.entries();
  expect(new Set(entries.map(({ kind }) => kind))).toEqual(new Set(["edge", "in", "out", "decision", "stage"]));
  const times = entries.map(({ at_ms }) => at_ms);
  expect(times).toEqual([...times].sort((a, b) => a - b));
});

test("what is kept never has more octets than it may, and the oldest makes room", () => {
  const limit_octets = 100_000;
  const { journal, receive } = office(limit_octets);
  for (let call = 0; call < 500; call++) {
    receive(request("INVITE", `call-${call}`));
    const entries = journal.entries();
    const octets = entries.reduce((sum, one) => sum + ENTRY_OCTETS + ("wire" in one ? one.wire.length : 0), 0);
    expect(octets).toBeLessThanOrEqual(limit_octets);
    expect(journal.size).toBeGreaterThanOrEqual(octets);
    expect(journal.size).toBeLessThanOrEqual(limit_octets);
  }
  const kept = journal.entries().flatMap((one) => callIdOf(one) ?? []);
  expect(kept).toContain("call-499");
  expect(kept).not.toContain("call-0");
});

test("neither a flood of strangers nor registrations push out a call", () => {
  const { journal, receive } = office(100_000, undefined);
  receive(request("INVITE", "the-call"));
  for (let count = 0; count < 500; count++) {
    receive(request("INVITE", `flood-${count}`), `192.0.2.${count % 250}`);
    receive(request("REGISTER", `reg-${count}`, ["Contact: <sip:201@10.222.237.21>"]));
  }
  const kept = new Set(journal.entries().map(callIdOf));
  expect(kept).toContain("the-call");
  expect(kept).toContain("reg-499");
  expect(kept).not.toContain("reg-0");
  expect(kept).toContain("flood-499");
  expect(kept).not.toContain("flood-0");
});

test("a message that is dropped is followed by the reason", () => {
  const { journal, receive } = office(100_000);
  receive(request("INVITE", "a"), "192.0.2.66");
  const told = journal.entries().map((one) => (one.kind === "drop" ? one.reason : one.kind));
  expect(told.slice(0, 2)).toEqual(["in", "forbidden"]);
});

test("a message of which nothing more is known is kept once its event is over", () => {
  const journal = new Journal(100_000);
  const { config } = loadConfig(SITE_YAML, (path) => path);
  const [listener] = config.listeners;
  if (listener === undefined) throw new Error("no listener");
  const flow = { listener, address: "10.222.237.21", port: 5060 };
  journal.tap?.({ kind: "in", wire: request("INVITE", "a"), flow }, 5);
  journal.settled();
  expect(journal.entries()).toMatchObject([{ kind: "in", at_ms: 5, seq: 1 }]);
});

test("followers hear of an event when it is over, may ask the engine then, and no more once they have ended that", () => {
  const heard: string[] = [];
  let isAmid = false;
  const { journal, engine } = office(100_000);
  const end = journal.follow((entry) => {
    expect(isAmid).toBe(false);
    heard.push(entry.kind);
    engine.run(() => {});
  });
  engine.run((now_ms) => {
    isAmid = true;
    engine.peers.force("down", now_ms);
    engine.site.start(now_ms);
    isAmid = false;
  });
  expect(heard.length).toBeGreaterThan(0);
  end();
  heard.length = 0;
  engine.force("up");
  expect(heard).toEqual([]);
});

test("a follower that doesn't want messages hears all else, in its order and once, whatever others ask the engine meanwhile", () => {
  const [all, rest]: [JournalEntry[], JournalEntry[]] = [[], []];
  const { journal, engine, receive } = office(100_000);
  journal.follow((entry) => {
    all.push(entry);
    engine.run(() => {});
  });
  journal.follow((entry) => void rest.push(entry), false);
  engine.force("down");
  receive(request("INVITE", "a"));
  expect(new Set(all.map(({ kind }) => kind))).toEqual(new Set(["edge", "in", "out", "decision", "stage"]));
  expect(rest).toEqual(all.filter(({ kind }) => kind !== "in" && kind !== "out"));
});

test("where the host has memory beside the heap, the journal says the same, of what was before too", () => {
  const [heap, beside] = [office(100_000), office(100_000)];
  for (const { journal, engine, receive } of [heap, beside]) {
    engine.force("down");
    receive(request("INVITE", "before"));
    if (journal === beside.journal) journal.bound(100_000, makeOctets);
    for (let call = 0; call < 60; call++) {
      receive(request("INVITE", `call-${call}`));
      receive(request("REGISTER", `reg-${call}`, ["Contact: <sip:201@10.222.237.21>"]));
      receive(request("INVITE", `flood-${call}`), `192.0.2.${call}`);
    }
  }
  const [expected, found] = [heap.journal.entries(), beside.journal.entries()];
  expect(found.length).toBeGreaterThan(100);
  const seqs = new Set(found.map(({ seq }) => seq));
  expect(found).toEqual(expected.filter(({ seq }) => seqs.has(seq)));
  expect(found.slice(-20)).toEqual(expected.slice(-20));
});

test("where nothing is kept and nobody follows, the engine has no tap; a follower alone hears all, and nothing is kept", () => {
  expect(office(0).journal.tap).toBeUndefined();
  const heard: string[] = [];
  const { journal, receive } = office(0, ({ kind }) => void heard.push(kind));
  receive(request("INVITE", "a"));
  expect(heard).toEqual(expect.arrayContaining(["in", "out", "decision", "stage"]));
  expect(journal.entries()).toEqual([]);
  expect(journal.size).toBe(0);
});

test("the method of a response is that of its CSeq, however that is written", () => {
  const response = (cseq: string) =>
    ({ kind: "in", wire: `SIP/2.0 200 OK\r\nVia: x\r\n${cseq}\r\n\r\n` }) as JournalEntry;
  const methods = ["CSeq: 1 INVITE", "CSEQ :1  BYE ", "cseq:\t7 CANCEL", "Subject: none"].map((cseq) =>
    methodOf(response(cseq) as Extract<JournalEntry, { kind: "in" }>),
  );
  expect(methods).toEqual(["INVITE", "BYE", "CANCEL", ""]);
});

test("a Call-ID is found in its short form, and not in a body", () => {
  const message = (wire: string) => callIdOf({ kind: "in", wire } as JournalEntry);
  expect(message("BYE sip:a@b SIP/2.0\r\ni: abc@x \r\n\r\n")).toBe("abc@x");
  expect(message("BYE sip:a@b SIP/2.0\r\nVia: x\r\n\r\ni: body\r\n")).toBeUndefined();
});

test.each([
  ["", 2_000_000],
  ["journal: {memory: 500kB}", 500_000],
  ["journal: {memory: 8 MB}", 8_000_000],
  ["journal: off", 0],
])("%s means %d octets", (line, memory_octets) => {
  const { config, problems } = loadConfig(`${SITE_YAML}\n${line}\n`, (path) => path);
  expect(problems).toEqual([]);
  expect(config.journal).toEqual({ memory_octets });
});

test.each(["{memory: 2GB}", "{memory: 1kB}", "{memory: much}", "on", "{memory: 2000000}"])("%s is a fault", (value) => {
  const { problems } = loadConfig(`${SITE_YAML}\njournal: ${value}\n`, (path) => path);
  expect(problems.length).toBe(1);
});

test("with a heap of 32 MB the journal has less than the file may wish", () => {
  expect(limitsFor(32_000_000).journal).toBe(1_600_000);
  expect(limitsFor(1_000).journal).toBe(250_000);
});

test("after a load what is kept is written anew, with the same content, also when it is renewed a second time", () => {
  const { journal, receive } = office(100_000);
  for (let call = 0; call < 40; call++) receive(request("INVITE", `call-${call}-of-the-load`));
  const before = journal.entries();
  const { size, lastSeq } = journal;
  for (let times = 0; times < 2; times++) journal.renew();
  const after = journal.entries();
  expect(after).toEqual(before);
  expect(after.some((entry) => before.includes(entry))).toBe(false);
  expect([journal.size, journal.lastSeq]).toEqual([size, lastSeq]);
  receive(request("INVITE", "one-more"));
  expect(journal.entries(lastSeq).length).toBeGreaterThan(0);
  expect(journal.size).toBeLessThanOrEqual(100_000);
});
