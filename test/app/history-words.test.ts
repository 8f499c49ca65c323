/** The history in words, and as CSV. */
import { expect, test } from "vitest";
import type { ToldEntry } from "../../src/app/observe/history.ts";
import { historyCsv, historyText } from "../../src/app/words/history-words.ts";
import { withoutInk } from "../../src/base/ink.ts";
import { READER } from "./reader.ts";

const OUTAGE = {
  kind: "outage",
  role: "upstream",
  peer: "pbx.example.com",
  evidence: "probe failed: silence",
} as const;
const CALL = { call_id: "a@10.222.237.21", from: "201@pbx.example.com", way: "gateway 10.10.1.3", status: 200 };

const ENTRIES: readonly ToldEntry[] = [
  {
    ...{ id: 10, kind: "forced", role: "upstream", peer: "pbx.example.com", evidence: "forced", lasted_s: 7 },
    ...{ since: "2026-11-29T17:00:00.000Z", until: "2026-11-29T17:00:07.000Z", back: "no longer forced" },
  },
  {
    ...{ id: 9, kind: "emergency", since: "2026-11-29T16:00:00.000Z", to: "112", ...CALL },
    ...{ way: "answer 480", status: 480 },
  },
  { id: 8, kind: "unready", evidence: "gateways: all are down", since: "2026-11-29T15:00:00.000Z", lasted_s: 60 },
  {
    ...{ id: 7, kind: "unready", evidence: "phones: none", lasted_s: 600 },
    ...{ since: "2026-11-29T14:00:00.000Z", until: "2026-11-29T14:10:00.000Z" },
  },
  { id: 6, ...OUTAGE, since: "2026-11-29T13:00:00.000Z", lasted_s: 1_805 },
  { id: 5, kind: "emergency", since: "2026-11-20T09:00:00.000Z", to: "112", ...CALL },
  { id: 4, kind: "survived", since: "2026-11-03T08:00:30.000Z", to: "5551234", ...CALL },
  {
    id: 3,
    ...OUTAGE,
    since: "2026-11-03T08:00:00.000Z",
    until: "2026-11-03T09:00:00.000Z",
    back: "hold over",
    lasted_s: 3_600,
  },
  {
    ...{ id: 2, ...OUTAGE, role: "gateway", peer: 'the "old", one', back: "call answered", lasted_s: 60 },
    ...{ since: "2026-11-02T08:00:00.000Z", until: "2026-11-02T08:01:00.000Z" },
  },
  {
    ...{ id: 1, kind: "drill", phones: "201,202", end: "done", report: { calls: 4 }, lasted_s: 600 },
    ...{ since: "2026-11-01T08:00:00.000Z", until: "2026-11-01T08:10:00.000Z" },
  },
];
const ABOUT = { since: "2026-09-01T00:00:00.000Z", began: "2026-10-01T00:00:00.000Z" };

test("a summary, then a line for each, local times", () => {
  expect(withoutInk(historyText({ ...ABOUT, entries: ENTRIES }, { ...READER, width: 160 }))).toMatchInlineSnapshot(`
    "Since 2026-10-01: 2 outages of upstream, 1 h 30 min in all, 1 outage of gateways; 1 call survived; 2 emergency calls; 1 drill; forced down 1 time
    2026-11-29 18:00:00  forced     upstream pbx.example.com: forced down for 7 s
    2026-11-29 17:00:00  emergency  201@pbx.example.com to 112  answered here: 480  Call-ID a@10.222.237.21
    2026-11-29 16:00:00  not ready  gateways: all are down: still so, for 1 min
    2026-11-29 15:00:00  not ready  phones: none: 10 min
    2026-11-29 14:00:00  outage     upstream pbx.example.com (no answer to OPTIONS): still down, for 30 min 5 s
    2026-11-20 10:00:00  emergency  201@pbx.example.com to 112  gateway 10.10.1.3: 200  Call-ID a@10.222.237.21
    2026-11-03 09:00:30  survived   201@pbx.example.com to 5551234  gateway 10.10.1.3: 200  Call-ID a@10.222.237.21
    2026-11-03 09:00:00  outage     upstream pbx.example.com (no answer to OPTIONS): 1 h, until it had answered for the whole hold
    2026-11-02 09:00:00  outage     gateway the "old", one (no answer to OPTIONS): 1 min, back: answered a call
    2026-11-01 09:00:00  drill      phones 201,202: done after 10 min
    "
  `);
});

test("nothing has happened yet", () => {
  expect(withoutInk(historyText({ ...ABOUT, entries: [] }, READER))).toMatchInlineSnapshot(`
    "Since 2026-10-01: 0 outages of upstream; 0 calls survived; 0 emergency calls; 0
      drills
    "
  `);
});

test("CSV: names first, each field in its column, quoted where it must be", () => {
  expect(historyCsv(ENTRIES)).toMatchInlineSnapshot(`
    "kind,since,until,lasted_s,role,peer,evidence,back,phones,end,from,to,way,status,call_id
    forced,2026-11-29T17:00:00.000Z,2026-11-29T17:00:07.000Z,7,upstream,pbx.example.com,forced,no longer forced,,,,,,,
    emergency,2026-11-29T16:00:00.000Z,,,,,,,,,201@pbx.example.com,112,answer 480,480,a@10.222.237.21
    unready,2026-11-29T15:00:00.000Z,,60,,,gateways: all are down,,,,,,,,
    unready,2026-11-29T14:00:00.000Z,2026-11-29T14:10:00.000Z,600,,,phones: none,,,,,,,,
    outage,2026-11-29T13:00:00.000Z,,1805,upstream,pbx.example.com,probe failed: silence,,,,,,,,
    emergency,2026-11-20T09:00:00.000Z,,,,,,,,,201@pbx.example.com,112,gateway 10.10.1.3,200,a@10.222.237.21
    survived,2026-11-03T08:00:30.000Z,,,,,,,,,201@pbx.example.com,5551234,gateway 10.10.1.3,200,a@10.222.237.21
    outage,2026-11-03T08:00:00.000Z,2026-11-03T09:00:00.000Z,3600,upstream,pbx.example.com,probe failed: silence,hold over,,,,,,,
    outage,2026-11-02T08:00:00.000Z,2026-11-02T08:01:00.000Z,60,gateway,"the ""old"", one",probe failed: silence,call answered,,,,,,,
    drill,2026-11-01T08:00:00.000Z,2026-11-01T08:10:00.000Z,600,,,,,"201,202",done,,,,,
    "
  `);
});
