/** How many calls each member has, in the log every so often. */
import { expect, test } from "vitest";
import { CallsLog } from "../../src/app/calls-log.ts";
import type { ClusterFacts } from "../../src/app/cluster-facts.ts";
import type { Logger } from "../../src/base/ports.ts";
import { Timers } from "../../src/base/timers.ts";
import { ANYCAST, NODE2, NODE3 } from "./anycast-facts.ts";

function callsLog(every_ms: number) {
  const lines: unknown[] = [];
  const write = (event: string, fields: unknown): void => void lines.push([event, fields]);
  const log: Logger = { error: write, warn: write, info: write, debug: write };
  const timers = new Timers();
  const told = { facts: ANYCAST as ClusterFacts };
  return { lines, timers, told, log: new CallsLog({ timers, log, every_ms, facts: () => told.facts }) };
}

const LINES = [
  ["calls_of_member", { member: "node1", active: 12, processed: 340 }],
  ["calls_of_member", { member: "node2", active: 1, processed: 338 }],
  ["calls_of_member", { member: "node3", active: 11, processed: 322 }],
];

test("a line for each member, each time that the interval is over", () => {
  const { lines, timers, log } = callsLog(30_000);
  log.start(0);
  timers.run(29_999);
  expect(lines).toEqual([]);
  timers.run(30_000);
  expect(lines).toEqual(LINES);
  timers.run(60_000);
  expect(lines).toEqual([...LINES, ...LINES]);
});

test("none for a member that isn't heard, and none once it has stopped", () => {
  const { lines, timers, told, log } = callsLog(1_000);
  told.facts = { ...ANYCAST, members: [{ ...NODE2, life: "dead", calls: undefined }, NODE3] };
  log.start(0);
  timers.run(1_000);
  expect(lines).toEqual([LINES[0], LINES[2]]);
  log.stop();
  timers.run(10_000);
  expect(lines).toHaveLength(2);
});
