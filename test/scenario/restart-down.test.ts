/** A restart in an outage: only the first call of an outage waits, and the restart doesn't make another one the first. */
import { describe, expect, it } from "vitest";
import { GATEWAY, PBX, PHONE, SITE_YAML, Site, WAN } from "../support/site.ts";

const MINUTE_ms = 60_000;
/** Of survival.notice_hold, and what passes on the wire. */
const NOTICE_ms = 1_100;
const PHONES_NAME_IT = SITE_YAML.replace(/^upstream.*\n/m, "");

function office(site: Site) {
  const phone = site.actor("201", PHONE);
  const gateway = site.actor("gateway", GATEWAY).answers("INVITE", { status: 200, after_ms: 100 });
  const pbx = site.actor("pbx", PBX, WAN).answers("REGISTER", { status: 200 }).answers("INVITE", { status: 486 });
  return { site, phone, gateway, pbx };
}

/** What is on disk when upstream has been up, and then silent for so long. */
function saved(silent_ms: number, yaml = SITE_YAML): string {
  const { site, phone } = office(new Site(yaml));
  phone.request("REGISTER", `sip:${PBX.address}`);
  site.run(100);
  site.simulation.silence(PBX, silent_ms > 0);
  site.run(silent_ms);
  return site.saved();
}

function restarted(kept: string, age_ms: number, isSilent: boolean, yaml = SITE_YAML) {
  const site = new Site(yaml, { seed: 2 });
  site.restore(kept, age_ms);
  site.simulation.silence(PBX, isSilent);
  return office(site);
}

/** How long a call waits that begins so long after the start. */
function waitOf({ site, phone }: ReturnType<typeof office>, after_ms: number): number {
  site.run(after_ms);
  phone.invite(`sip:5551234@${PBX.address}`);
  let waited_ms = 0;
  for (; phone.responses(302).length === 0 && waited_ms < 10_000; waited_ms += 100) site.run(100);
  return waited_ms;
}

describe("a restart in an outage", () => {
  it.each([0, 10, 100, 1_000, 30_000])("a call %i ms after the start doesn't wait for upstream", (after_ms) => {
    expect(waitOf(restarted(saved(MINUTE_ms), MINUTE_ms, true), after_ms)).toBeLessThanOrEqual(NOTICE_ms);
  });

  it("where phones name upstream's domain, their calls don't wait either", () => {
    const kept = saved(MINUTE_ms, PHONES_NAME_IT);
    const after = restarted(kept, MINUTE_ms, true, PHONES_NAME_IT);
    expect(waitOf(after, 500)).toBeLessThanOrEqual(NOTICE_ms);
  });

  it("such a domain that is first named long after the start is asked as one of which nothing is known", () => {
    const after = restarted(saved(MINUTE_ms, PHONES_NAME_IT), MINUTE_ms, true, PHONES_NAME_IT);
    expect(waitOf(after, 10 * MINUTE_ms)).toBeGreaterThan(4_000);
  });

  it("the status says since when, and that it was known before; also once a probe has confirmed it", () => {
    const { site } = restarted(saved(MINUTE_ms), 2 * MINUTE_ms, true);
    for (const wait_ms of [0, 5_000]) {
      site.run(wait_ms);
      const [upstream] = site.status().upstream;
      expect(upstream).toMatchObject({ state: "down", evidence: "down before restart" });
      expect(upstream?.since_ms).toBeLessThan(-2 * MINUTE_ms);
      expect(upstream?.since_ms).toBeGreaterThan(-3 * MINUTE_ms);
    }
    expect(site.edges(PBX.address)).toEqual([{ at_ms: 0, to: "down" }]);
    // A second restart knows it as well.
    expect(waitOf(restarted(site.saved(), MINUTE_ms, true), 0)).toBeLessThanOrEqual(NOTICE_ms);
  });

  it("upstream has come back meanwhile: its first answer makes it up, without a hold", () => {
    const { site, phone, pbx } = restarted(saved(MINUTE_ms), MINUTE_ms, false);
    site.run(200);
    expect(site.status().upstream).toMatchObject([{ state: "up", evidence: "probe answered" }]);
    phone.invite(`sip:5551234@${PBX.address}`);
    site.run(100);
    expect(pbx.requests("INVITE")).toHaveLength(1);
  });

  it("it stays down: it comes back as after any outage, through recovering", () => {
    const { site } = restarted(saved(MINUTE_ms), MINUTE_ms, true);
    site.run(MINUTE_ms);
    site.simulation.silence(PBX, false);
    site.run(15_000);
    expect(site.status().upstream).toMatchObject([{ state: "recovering" }]);
  });

  it.each([
    ["upstream was up", saved(0), MINUTE_ms],
    ["what was saved is older than ten minutes", saved(MINUTE_ms), 10 * MINUTE_ms + 1],
    ["the clock is behind the time at which it was saved", saved(MINUTE_ms), -1],
    ["the time since when is no number", saved(MINUTE_ms).replace(/"down_ms":\d+/, '"down_ms":"1"'), 0],
    ["that time is none", saved(MINUTE_ms).replace(/"down_ms":\d+/, '"down_ms":-1'), 0],
  ])("nothing is assumed where %s", (_, kept, age_ms) => {
    const after = restarted(kept, age_ms, true);
    expect(waitOf(after, 0)).toBeGreaterThan(4_000);
  });
});

describe("what is worth a write", () => {
  it("a fall is news once an hour; a return, and the next falls, wait for state.interval", () => {
    const { site } = office(new Site());
    const changes: boolean[] = [];
    site.run(1_000);
    site.engine.peerMemory.onChange = (isNews) => changes.push(isNews);
    for (let turn = 0; turn < 3; turn += 1) {
      site.simulation.silence(PBX);
      site.run(MINUTE_ms);
      expect(site.engine.peerMemory.knowsOutage).toBe(true);
      site.simulation.silence(PBX, false);
      site.run(10 * MINUTE_ms);
      expect(site.engine.peerMemory.knowsOutage).toBe(false);
    }
    expect(changes).toEqual([true, false, false, false, false, false]);
    site.run(60 * MINUTE_ms);
    site.simulation.silence(PBX);
    site.run(MINUTE_ms);
    expect(changes.pop()).toBe(true);
  });
});

describe("no listen address is on the way to upstream", () => {
  it("a call doesn't wait, and upstream is up with its first answer all the same", () => {
    const { site, phone } = office(new Site());
    site.simulation.silence(PBX);
    site.run(10);
    phone.invite(`sip:5551234@${PBX.address}`);
    site.run(500);
    site.engine.onWayMissing(PBX.address);
    site.run(NOTICE_ms);
    expect(phone.responses(302)).toHaveLength(1);
    expect(site.status().upstream).toMatchObject([{ state: "down", evidence: "own address missing" }]);
    site.engine.onWayMissing(PBX.address);
    site.simulation.silence(PBX, false);
    site.run(5_000);
    expect(site.status().upstream).toMatchObject([{ state: "up" }]);
  });
});
