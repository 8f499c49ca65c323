/** Drills as commands and a pair know them. */
import { expect, it } from "vitest";
import type { ClusterFacts } from "../../src/app/cluster-facts.ts";
import { DrillDesk } from "../../src/app/drill-desk.ts";
import { QUIET_HOST } from "../../src/app/quiet-host.ts";
import { PBX, PHONE, SITE_YAML, Site, WAN } from "../support/site.ts";

/** What a service is to its desk: methods that need their object. */
class Around {
  readonly zero = "T+";
  cluster: ClusterFacts | undefined = undefined;
  readonly done: unknown[] = [];
  readonly kept = { drill: (one: unknown) => void this.done.push(one) };
  timeOf(at_ms: number): string {
    return `${this.zero}${Math.round(at_ms)}`;
  }
  clusterFacts(): ClusterFacts | undefined {
    return this.cluster;
  }
}

async function desk() {
  const site = new Site(`${SITE_YAML}emergency: ["112"]\n`);
  site.actor("pbx", PBX, WAN).answers("REGISTER", { status: 200, extra: ["Expires: 3600"] });
  site.actor("gateway", { address: "10.10.1.3", port: 5060 });
  const phone = site.actor("201", PHONE);
  site.run(500);
  phone.request("REGISTER", "sip:pbx.example.com");
  site.run(500);
  const around = new Around();
  const now_ms = () => site.simulation.now_ms;
  const store = { load: () => Promise.resolve(undefined), save: () => Promise.resolve() };
  const ports = { log: QUIET_HOST.log, drillStore: store, wallClock_ms: now_ms, now_ms, localTime: () => "" };
  const made = new DrillDesk(site.engine, ports, around, around.kept);
  await made.start(undefined);
  const begin = () => made.order({ wish: "begin", phones: ["201"], for_ms: 60_000 });
  return { site, around, made, begin, now_ms };
}

it("begins, tells and ends a drill, which is kept and told to the history", async () => {
  const { site, around, made, begin, now_ms } = await desk();
  expect(begin()).toMatchObject({ running: { id: 1, started: "T+1000", end: "running" } });
  expect(made.facts(now_ms())).toEqual({ phones: ["201"], since: "T+1000", left_s: 60, calls: 0 });
  expect(begin()).toBe("no drill can run now: a drill runs already");
  site.run(20_000);
  const report = { id: 1, end: "stopped", why: "it was stopped", lasted_s: 20 };
  expect(made.order({ wish: "end" })).toMatchObject({ running: null, report });
  expect(made.order({ wish: "end" })).toBe("no drill runs");
  expect(made.order({ wish: "tell", report: 1 })).toMatchObject({ report });
  expect(made.order({ wish: "tell", report: 2 })).toMatchObject({ report: undefined, kept: [{ id: 1 }] });
  expect(around.done).toMatchObject([{ since_ms: 1_000, until_ms: 21_000, phones: "201", end: "it was stopped" }]);
  expect(made.facts(now_ms())).toBeUndefined();
});

it("is refused behind an anycast address, where other members would go on as ever with the phones' calls", async () => {
  const { around, begin } = await desk();
  around.cluster = { mode: "anycast", state: "active", shared: [] } as unknown as ClusterFacts;
  expect(begin()).toBe("no drill can run now: the phones' messages come to all members behind the anycast address");
});

it("belongs to the router of a pair that has the shared addresses, and ends when they go", async () => {
  const { site, around, made, begin } = await desk();
  const shared = [{ address: "10.222.237.1", is_here: true }];
  const active = { state: "active", shared } as unknown as ClusterFacts;
  around.cluster = { ...active, state: "syncing" };
  expect(begin()).toBe("no drill can run now: this router of the pair is syncing");
  const away = { ...active, shared: [{ address: "10.222.237.1", is_here: false }] };
  const why = "10.222.237.1 isn't at this router of the pair, and the phones go there";
  around.cluster = away;
  expect(begin()).toBe(`no drill can run now: ${why}`);
  around.cluster = active;
  expect(begin()).toMatchObject({ running: { id: 1 } });
  around.cluster = away;
  site.run(1_100);
  expect(made.order({ wish: "tell", report: 0 })).toMatchObject({ report: { end: "aborted", why } });
});

it("a drill amid which branchline stops is kept as interrupted", async () => {
  const { made, begin } = await desk();
  begin();
  await made.stop();
  expect(made.order({ wish: "tell", report: 0 })).toMatchObject({ report: { end: "interrupted" } });
});
