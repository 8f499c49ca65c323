/** How much each source may ask, message by message. */
import { describe, expect, test } from "vitest";
import { NO_LIMIT } from "../../src/base/token-bucket.ts";
import { Quotas } from "../../src/policy/access/quotas.ts";
import type { Origin } from "../../src/policy/origin.ts";
import type { LimitSettings } from "../../src/policy/site.ts";

const LIMITS: LimitSettings = { perSource: { rate: 10, burst: 20 }, strangers: { rate: 2, burst: 4 } };

const ORIGINS: Readonly<Record<string, Origin>> = {
  gw: "gateway",
  pbx: "upstream",
  phone: "localnet",
  called: "domain",
};

function lab(limits: LimitSettings = LIMITS) {
  const origins = new Map(Object.entries(ORIGINS));
  const asked: string[] = [];
  const quotas = new Quotas(limits, (address) => {
    asked.push(address);
    return origins.get(address) ?? (address.startsWith("phone") ? "localnet" : "stranger");
  });
  const heard = (address: string, messages: number, now_ms = 0) =>
    Array.from({ length: messages }, () => quotas.hears(address, now_ms)).filter(Boolean).length;
  const taken = (address: string, requests: number, now_ms = 0) =>
    Array.from({ length: requests }, () => quotas.takes("requests", address, now_ms)).filter(Boolean).length;
  return { quotas, heard, taken, origins, asked };
}

describe("before a message is read", () => {
  test("a stranger's burst, then his rate", () => {
    const { heard } = lab();
    expect(heard("s", 100)).toBe(4);
    expect(heard("s", 100, 1_000)).toBe(2);
    expect(heard("s", 100, 60_000)).toBe(4);
  });

  test("forged addresses: all strangers together get twenty times as much, and phones what they always get", () => {
    const { heard, quotas } = lab();
    let read = 0;
    for (let index = 0; index < 100_000; index++) read += heard(`s${index}`, 1);
    expect(read).toBe(80);
    expect(heard("phone", 100)).toBe(100);
    expect(quotas.strangers).toMatchObject({ size: 1_024, limit: 1_024 });
    expect(quotas.sources.size).toBe(1);
  });

  test("by IPv6 a stranger has all addresses of its network: they get no more than one, and leave others theirs", () => {
    const { heard, quotas } = lab();
    let read = 0;
    for (let index = 0; index < 1_000; index++) read += heard(`2001:db8:1:2:${index.toString(16)}::1`, 1);
    expect(read).toBe(4);
    expect(quotas.strangers.size).toBe(1);
    expect([heard("2001:db8:1:3::1", 10), heard("::ffff:192.0.2.1", 10), heard("::ffff:192.0.2.2", 10)]).toEqual([
      4, 4, 4,
    ]);
  });

  test("by IPv6 a token that has been overheard earns a network what one phone has, not each address of it", () => {
    const { quotas, heard, taken } = lab();
    let read = 0;
    let opened = 0;
    for (let index = 0; index < 1_000; index++) {
      const address = `2001:db8::${index.toString(16)}`;
      quotas.prove(address);
      read += heard(address, 1);
      opened += taken(address, 1);
    }
    expect([read, opened]).toEqual([200, 20]);
    expect(quotas.sources.size).toBe(1);
  });

  test("by IPv6 each phone in localnet has a quota of its own, in a network with strangers too", () => {
    const { heard, origins, quotas } = lab();
    const phones = Array.from({ length: 100 }, (_, index) => `fd00::${index.toString(16)}`);
    for (const one of phones) origins.set(one, "localnet");
    quotas.prove("fd00::ffff");
    expect(phones.map((one) => heard(one, 300))).toEqual(phones.map(() => 200));
  });

  test("forged addresses within localnet: the table is bounded, and whoever is pushed out begins anew", () => {
    const { heard, quotas } = lab();
    expect(heard("phone", 300)).toBe(200); // ten messages for each request
    for (let index = 0; index < 100_000; index++) heard(`phone${index}`, 1);
    expect(quotas.sources.size).toBe(4_096);
    expect(heard("phone", 10)).toBe(10);
  });

  test.each(["gw", "pbx", "called"])("%s has no limit", (address) => {
    const { heard, taken } = lab();
    expect([heard(address, 10_000), taken(address, 10_000)]).toEqual([10_000, 10_000]);
  });

  test("who a source is is looked up once a second", () => {
    const { heard, asked, origins } = lab();
    heard("phone", 100);
    expect(asked).toEqual(["phone"]);
    heard("phone", 1, 1_000);
    expect(asked).toHaveLength(2);
    origins.set("s", "upstream");
    expect(heard("s", 100, 2_000)).toBe(100);
    origins.delete("s");
    expect(heard("s", 100, 3_000)).toBe(4);
  });

  test("a stranger who has proved himself is heard like a phone", () => {
    const { heard, quotas, taken } = lab();
    quotas.prove("s");
    expect(heard("s", 300)).toBe(200);
    expect(taken("s", 100)).toBe(20);
    expect(heard("s", 300, 10_000)).toBe(200);
  });

  test("without limits everybody is heard", () => {
    const { heard, taken } = lab({ perSource: NO_LIMIT, strangers: NO_LIMIT });
    expect([heard("s", 1_000), heard("phone", 10_000), taken("phone", 10_000)]).toEqual([1_000, 10_000, 10_000]);
  });
});

test("new requests: burst, rate, some refusals, and some emergencies", () => {
  const { heard, taken, quotas } = lab();
  heard("phone", 1);
  expect(taken("phone", 100)).toBe(20);
  expect(taken("phone", 100, 1_000)).toBe(10);
  const count = (ask: () => boolean) => Array.from({ length: 100 }, ask).filter(Boolean).length;
  expect(count(() => quotas.takes("refusals", "phone", 1_000))).toBe(5);
  expect(count(() => quotas.takes("emergencies", "phone", 1_000))).toBe(5);
});
