/** A restart while DNS is dead, as it is where the DNS server lies behind the line that is cut; and when the line is back. */
import { describe, expect, it } from "vitest";
import { PBX, SITE_YAML, Site, WAN } from "../support/site.ts";

const NAME = "pbx.hq.example";
const NAMED = SITE_YAML.replace(PBX.address, NAME);
/** Of probe.down_interval. */
const DOWN_INTERVAL_ms = 5_000;
/** Longer than a record of DNS counts here. */
const LIFETIME_ms = 400_000;
/** A question to DNS is over by then, or a probe is. */
const PATIENCE_ms = 2_000;

/** DNS lies behind the line, beside the PBX. */
function setLine(site: Site, isUp: boolean): void {
  for (const key of [`NAPTR ${NAME}`, `SRV _sip._udp.${NAME}`, `SRV _sip._tcp.${NAME}`, `A ${NAME}`]) {
    if (isUp) site.records.delete(key);
    else site.records.set(key, undefined);
  }
  site.names.set(NAME, [{ address: PBX.address, port: PBX.port }]);
  site.simulation.silence(PBX, !isUp);
}

function start(saved: string | undefined, isUp: boolean): Site {
  const site = new Site(NAMED, { seed: 2 });
  site.actor("pbx", PBX, WAN);
  setLine(site, isUp);
  if (saved !== undefined) site.restore(saved, 30_000);
  return site;
}

/** What is saved by one that has seen the PBX. */
function savedBefore(): string {
  const site = start(undefined, true);
  site.run(1_000);
  expect(site.status().upstream).toMatchObject([{ state: "up", addresses: [PBX.address] }]);
  expect(site.status().upstream[0]).not.toHaveProperty("addresses_from");
  return site.saved();
}

/** How long upstream stays down once the line is back. */
function returnOf(site: Site): number {
  setLine(site, true);
  let waited_ms = 0;
  for (; site.status().upstream[0]?.state === "down" && waited_ms < 120_000; waited_ms += 100) site.run(100);
  return waited_ms;
}

describe("a restart while DNS is dead", () => {
  it("the address of before is probed, and the status says where it comes from, until DNS tells", () => {
    const site = start(savedBefore(), false);
    site.run(60_000);
    expect(site.status().upstream).toMatchObject([
      { state: "down", addresses: [PBX.address], addresses_from: "before restart", probe_failure: "silence" },
    ]);
    expect(returnOf(site)).toBeLessThanOrEqual(DOWN_INTERVAL_ms + PATIENCE_ms);
    site.run(60_000);
    expect(site.status().upstream[0]).not.toHaveProperty("addresses_from");
  });

  it("the PBX has another address by now: DNS's word counts once it is heard", () => {
    const moved = { address: "198.51.100.77", port: 5060 };
    const site = start(savedBefore(), false);
    site.run(60_000);
    site.actor("moved", moved, WAN);
    setLine(site, true);
    site.simulation.silence(PBX);
    site.names.set(NAME, [moved]);
    site.run(120_000);
    expect(site.status().upstream).toMatchObject([{ state: "up", addresses: [moved.address] }]);
  });

  it.each([1, 10, 60])("no address is known, for %i min: upstream is back one probe after DNS is", (minutes) => {
    const site = start(undefined, false);
    site.run(minutes * 60_000);
    expect(site.status().upstream).toMatchObject([{ state: "down", probe_failure: "dns_silent" }]);
    expect(returnOf(site)).toBeLessThanOrEqual(DOWN_INTERVAL_ms + 2 * PATIENCE_ms);
  });

  it("addresses that were reached by UDP aren't taken for a name that the file asks for by TCP", () => {
    const saved = savedBefore().replace(`"${NAME}"`, `"${NAME};transport=tcp"`);
    expect(saved).toContain(";transport=tcp");
    const listening = NAMED.replace("udp:203.0.113.2:5060", "udp:203.0.113.2:5060, tcp:203.0.113.2:5060");
    const site = new Site(listening.replace(NAME, `${NAME};transport=tcp`), { seed: 2 });
    setLine(site, false);
    site.restore(saved, 30_000);
    site.run(10_000);
    expect(site.status().upstream).toMatchObject([{ name: `${NAME};transport=tcp`, addresses: [] }]);
  });

  it("what the file names no longer, or has by address, isn't taken over", () => {
    const site = new Site(SITE_YAML, { seed: 2 });
    site.actor("pbx", PBX, WAN);
    site.restore(savedBefore(), 0);
    site.run(1_000);
    expect(site.status().upstream).toMatchObject([{ name: PBX.address, addresses: [PBX.address] }]);
    expect(site.saved()).toContain('"addresses":[]}]}');
  });

  it.each([
    ["no list", '"x"'],
    ["no peers", '[1, null, "x", {}, []]'],
    [
      "no addresses",
      `[{"name": "${NAME}", "path": 1, "addresses": [{"address": "x", "port": 5060, "protocol": "udp"}]}]`,
    ],
    ["no port", `[{"name": "${NAME}", "addresses": [{"address": "192.0.2.1", "port": 0, "protocol": "udp"}, 7]}]`],
    [
      "ports in words",
      `[{"name": "${NAME}", "addresses": [{"address": "192.0.2.1", "port": "5060", "protocol": "udp"}]}]`,
    ],
    ["no transport", `[{"name": "${NAME}", "addresses": [{"address": "192.0.2.1", "port": 1, "protocol": "x"}]}]`],
  ])("a file in which there are %s is as one without", (_, peers) => {
    const site = start(`{"addresses": [], "callbacks": [], "peers": ${peers}}`, false);
    site.run(10_000);
    expect(site.status().upstream).toMatchObject([{ addresses: [] }]);
  });
});

describe("what is worth a write", () => {
  it("a name that turns through its addresses: each is news once, and names that the file hasn't are none", () => {
    const site = start(undefined, true);
    const changes: boolean[] = [];
    site.engine.peerMemory.onChange = (isNews) => changes.push(isNews);
    site.run(1_000);
    expect(changes).toEqual([true]);
    const others = [1, 2, 3].map((last) => ({ address: `198.51.100.${last}`, port: PBX.port }));
    for (const at of others) site.actor("pbx", at, WAN);
    for (const at of [...others, ...others, ...others]) {
      site.names.set(NAME, [at]);
      site.names.set("phone.example", [at]);
      site.core.locator.locate(
        { host: "phone.example", port: undefined, protocol: undefined },
        { onLocated() {} },
        site.simulation.now_ms,
      );
      site.run(LIFETIME_ms);
      expect(site.status().upstream).toMatchObject([{ addresses: [at.address] }]);
    }
    expect(changes).toEqual([true, true, true, true, false, false, false, false, false, false]);
  });
});
