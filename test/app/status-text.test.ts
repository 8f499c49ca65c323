/** What `branchline status` says. */
import { expect, test } from "vitest";
import { statusText } from "../../src/app/status-text.ts";

const STATUS = {
  version: "1",
  up_s: 60,
  listen: [{ name: "udp:10.0.0.1:5060", address: "10.0.0.1" }],
  force: "auto" as const,
  upstream: [],
  gateways: [],
  phones: { addresses: 1, contacts: 2 },
  dropped: { stranger: 7, over_quota: 90 },
  tables: [
    { name: "bindings", size: 1, limit: 2_000, hits: 0 },
    { name: "strangers", size: 1_024, limit: 1_024, hits: 5 },
  ],
  history: [],
};

test("what was dropped, and how full the tables are", () => {
  expect(statusText(STATUS).split("\n").slice(2)).toEqual([
    "Phones: 1 addresses-of-record with 2 contacts.",
    "Messages dropped:",
    "  stranger 7",
    "  over_quota 90",
    "Tables:",
    "  bindings 1 of 2000, full 0 times",
    "  strangers 1024 of 1024, full 5 times",
    "",
  ]);
});

test("an address that isn't here is told, one that is needn't be", () => {
  const listen = [...STATUS.listen, { name: "udp:pppoe0:5060", address: null }];
  expect(statusText({ ...STATUS, listen }).split("\n")[1]).toBe("udp:pppoe0:5060 has no address on this router now.");
});

test("of a peer whose last probe has failed, why", () => {
  const name = "192.0.2.1";
  const upstream = [{ name, state: "up", observed: "down", probe_failure: "refused" }];
  const gateways = [{ name, state: "down", observed: "down", probe_failure: 503, calls: 1, channels: 2 }];
  expect(
    statusText({ ...STATUS, upstream, gateways })
      .split("\n")
      .slice(1, 3),
  ).toEqual([
    "Upstream 192.0.2.1: up (seen: down), last probe failed: refused.",
    "Gateway 192.0.2.1: down, last probe failed: 503, 1 of 2 calls.",
  ]);
});

test("nothing was dropped", () => {
  expect(statusText({ ...STATUS, dropped: {} })).toContain("\nMessages dropped: none.\nTables:\n");
});
