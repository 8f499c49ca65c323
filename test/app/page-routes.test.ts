/** What the status page is given: its document, answers to its questions, and notices of changes. */
import { describe, expect, test } from "vitest";
import type { JournalEntry, KeptMessage } from "../../src/app/observe/journal-entry.ts";
import { Notices } from "../../src/app/observe/notices.ts";
import { type PageSources, pageRoutes } from "../../src/app/observe/page-routes.ts";
import { Web } from "../../src/app/observe/web.ts";
import type { CallsQuestion } from "../../src/app/recorded-calls.ts";
import { sampleCall, sampleSources } from "../page/sample-facts.ts";

const DOCUMENT = {
  html: () => "<!doctype html>",
  gzip: () => "\u001f\u008b packed",
  policy: "default-src 'none'; script-src 'sha256-x'",
  tag: "0123",
};

interface Asked {
  readonly calls: CallsQuestion[];
  readonly traces: unknown[];
}

function pageWeb(): { web: Web; asked: Asked } {
  const asked: Asked = { calls: [], traces: [] };
  const sources: PageSources = {
    ...sampleSources("x", () => false),
    calls: (question) => {
      asked.calls.push(question);
      return { calls: [sampleCall("a@b", 7), sampleCall("c@d", 6)], changes: 1, run: "r" };
    },
    trace: (question) => {
      asked.traces.push(question);
      return { entries: [], last: 0, octets: 0, limit: 0 };
    },
  };
  const notices = new Notices({ follow: () => () => {} }, () => {});
  const routes = new Map(pageRoutes(sources, notices, DOCUMENT));
  return {
    web: new Web(
      { listen: [], password: undefined, names: [], metrics_from: [] },
      routes,
      () => true,
      () => {},
    ),
    asked,
  };
}

const ask = (web: Web, path: string, ...fields: readonly string[]) =>
  web.answer([`GET ${path} HTTP/1.1`, "Host: 127.0.0.1", ...fields].join("\r\n"), "127.0.0.1");

describe("the page", () => {
  test("is sent with its own policy, and with a tag by which a browser asks again", () => {
    const { web } = pageWeb();
    const first = ask(web, "/");
    expect(first).toMatchObject({ status: 200, body: "<!doctype html>" });
    expect(first.headers).toMatchObject({
      "Content-Type": "text/html; charset=utf-8",
      "Content-Security-Policy": DOCUMENT.policy,
      "Cache-Control": "no-cache",
      ETag: '"0123"',
    });
    expect(ask(web, "/", 'If-None-Match: W/"9", "0123"')).toMatchObject({ status: 304, body: "" });
    expect(ask(web, "/", 'If-None-Match: "0122"').status).toBe(200);
  });

  test.each([
    ["gzip, deflate, br", true],
    ["br;q=1.0, GZIP;q=0.8", true],
    ["*", true],
    ["gzip;q=0", false],
    ["gzip; q=0.000, identity", false],
    ["identity", false],
    ["x-gzipped", false],
    ["", false],
  ])("is packed for who accepts %j: %s, each with a tag of its own", (accepted, isPacked) => {
    const { web } = pageWeb();
    const answer = ask(web, "/", `Accept-Encoding: ${accepted}`);
    expect(answer.body).toBe(isPacked ? DOCUMENT.gzip() : DOCUMENT.html());
    expect(answer.isOctets).toBe(isPacked ? true : undefined);
    expect(answer.headers["Content-Encoding"]).toBe(isPacked ? "gzip" : undefined);
    expect(answer.headers).toMatchObject({ Vary: "Accept-Encoding", ETag: isPacked ? '"0123-gzip"' : '"0123"' });
    const again = ask(web, "/", `Accept-Encoding: ${accepted}`, `If-None-Match: ${answer.headers["ETag"]}`);
    expect(again).toMatchObject({ status: 304, body: "" });
  });

  test("asks for calls with what it knows; what is no number is as good as none", () => {
    const { web, asked } = pageWeb();
    expect(JSON.parse(ask(web, "/api/calls?since=12").body)).toMatchObject({ run: "r" });
    ask(web, "/api/calls?before=3&match=%2B4930&since=-1");
    ask(web, "/api/calls?before=1e3");
    expect(asked.calls).toEqual([{ since: 12 }, { before: 3, match: "+4930" }, {}]);
  });

  test("gets the messages of one call by its id, masked, piece by piece, and those of no other call", () => {
    const { web, asked } = pageWeb();
    ask(web, "/api/ladder?call=6&after=40");
    ask(web, "/api/ladder?call=5");
    ask(web, "/api/ladder?unmasked=true&call=7");
    expect(asked.traces).toEqual([{ calls: ["c@d"], after: 40 }, { calls: [] }, { calls: ["a@b"] }]);
  });

  test.each(["/api/status", "/api/registered?after=x", "/api/readiness"])(
    "gets facts at %s that nothing caches",
    (path) => {
      const { status, headers, body } = ask(pageWeb().web, path);
      expect(status).toBe(200);
      expect(headers).toMatchObject({ "Content-Type": "application/json", "Cache-Control": "no-store" });
      expect(Object.keys(JSON.parse(body) as object).length).toBeGreaterThan(0);
    },
  );
});

describe("notices", () => {
  const message = (wire: string): KeptMessage => ({
    ...{ kind: "in", seq: 1, at_ms: 0, wire, protocol: "udp", local: "a", local_port: 1, remote: "b", remote_port: 2 },
  });
  const invite = message("INVITE sip:1@a SIP/2.0\r\nCSeq: 1 INVITE\r\n\r\n");
  const edge: JournalEntry = {
    ...{ kind: "edge", seq: 2, at_ms: 0 },
    edge: { at_ms: 0, role: "upstream", name: "pbx", from: "up", to: "down", evidence: "probe failed" },
  };
  const binding: JournalEntry = {
    ...{ kind: "binding", seq: 3, at_ms: 0, change: "added", name: "201@a", contact: "sip:201@b" },
    ...{ protocol: "udp", remote: "b", remote_port: 2 },
  };

  function made() {
    let hear: (entry: JournalEntry) => void = () => {};
    const timers: { readonly task: () => void; readonly after_ms: number }[] = [];
    const follow = (follower: typeof hear) => {
      hear = follower;
      return () => {};
    };
    const notices = new Notices({ follow }, (task, after_ms) => void timers.push({ task, after_ms }));
    return { notices, hear: (entry: JournalEntry) => hear(entry), timers };
  }

  test("cost nothing while nobody reads", () => {
    const { notices, hear, timers } = made();
    hear(edge);
    const leave = notices.join(() => true);
    leave();
    hear(edge);
    expect(timers).toEqual([]);
  });

  test("say which part has changed, and what happens meanwhile together", () => {
    const { notices, hear, timers } = made();
    const heard: string[] = [];
    notices.join((text) => heard.push(text) > 0);
    for (const entry of [invite, invite, binding, message("OPTIONS sip:a SIP/2.0\r\nCSeq: 1 OPTIONS\r\n\r\n")])
      hear(entry);
    expect(timers.map(({ after_ms }) => after_ms)).toEqual([50]);
    timers[0]?.task();
    expect(heard).toEqual(['data: {"calls":true,"phones":true}\n\n']);
    // Now a rest: what happens in it is told at its end, and the next rest begins.
    hear(message("SIP/2.0 200 OK\r\nCSeq: 1 BYE\r\n\r\n"));
    expect(timers.map(({ after_ms }) => after_ms)).toEqual([50, 1_000]);
    timers[1]?.task();
    expect(heard.slice(1)).toEqual(['data: {"calls":true}\n\n']);
    // A rest in which nothing happens is followed by none.
    timers[2]?.task();
    expect(heard).toHaveLength(2);
    hear(binding);
    expect(timers.map(({ after_ms }) => after_ms)).toEqual([50, 1_000, 1_000, 50]);
  });

  test.each([
    ["an edge", edge, "status"],
    ["a turn of the pair", { kind: "pair", seq: 4, at_ms: 0, what: "active" }, "status"],
    ["a turn of readiness", { kind: "readiness", seq: 5, at_ms: 0, turn: { is_ready: true, faults: [] } }, "readiness"],
  ] satisfies [string, JournalEntry, string][])("tell %s", (_, entry, part) => {
    const { notices, hear, timers } = made();
    const heard: string[] = [];
    notices.join((text) => heard.push(text) > 0);
    hear(entry);
    expect(timers.map(({ after_ms }) => after_ms)).toEqual([50]);
    timers[0]?.task();
    expect(heard).toEqual([`data: {"${part}":true}\n\n`]);
  });

  test("tell an edge at once, though others wait for the end of a rest", () => {
    const { notices, hear, timers } = made();
    const heard: string[] = [];
    notices.join((text) => heard.push(text) > 0);
    hear(binding);
    timers[0]?.task();
    hear(invite);
    hear(edge);
    expect(timers.map(({ after_ms }) => after_ms)).toEqual([50, 1_000, 50]);
    timers[2]?.task();
    expect(heard.slice(1)).toEqual(['data: {"calls":true,"status":true}\n\n']);
    timers[1]?.task();
    expect(heard).toHaveLength(2);
  });

  test("forget a reader that has gone", () => {
    const { notices, hear, timers } = made();
    let tries = 0;
    notices.join(() => {
      tries += 1;
      return false;
    });
    hear(edge);
    timers[0]?.task();
    hear(edge);
    expect(tries).toBe(1);
    expect(timers).toHaveLength(1);
  });
});
