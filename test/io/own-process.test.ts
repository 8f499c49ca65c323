/** What the kernel counts of this process. */
import { expect, test } from "vitest";
import { secondsOf } from "../../src/io/node/clock.ts";
import { ownProcess } from "../../src/io/node/own-process.ts";

test("memory in RAM is what Node says, and processor time grows by what is used", () => {
  const before = ownProcess();
  const { rss } = process.memoryUsage();
  expect((before.resident_octets ?? 0) / rss).toBeGreaterThan(0.5);
  expect((before.resident_octets ?? 0) / rss).toBeLessThan(2);
  const used = process.cpuUsage();
  const sinceThen_us = () => process.cpuUsage(used).user + process.cpuUsage(used).system;
  while (sinceThen_us() < 200_000) for (let step = 0; step < 1_000_000; step++) Math.sqrt(step);
  const grown_s = (ownProcess().cpu_s ?? 0) - (before.cpu_s ?? 0);
  expect(grown_s).toBeGreaterThan(0.1);
  const { user, system } = process.cpuUsage();
  expect(Math.abs((ownProcess().cpu_s ?? 0) - (user + system) / 1_000_000)).toBeLessThan(1);
});

test("a time of day is seconds since 1970", () => {
  expect(secondsOf("1970-01-01T00:01:00.500Z")).toBe(60.5);
});
