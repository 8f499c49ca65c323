/** A file with thousands of gateways is read, and taken over by a reload, in a time that grows as the file does. */
import { expect, test } from "vitest";
import { loadConfig } from "../../src/app/config/load-config.ts";
import { processorTime_ms } from "../support/processor-time.ts";
import { GATEWAY, LAN, PHONE, SITE_YAML, Site } from "../support/site.ts";

function yaml(count: number): string {
  const gateways = Array.from({ length: count }, (_, index) => {
    const address = `10.${10 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`;
    const rewrite = `rewrite: {called: [{match: "^0${index}(\\\\d+)$", replace: "$1"}]}`;
    return `  - {uri: sip:${address}, name: gw${index}, priority: ${index % 1_000}, ${rewrite}}`;
  });
  return SITE_YAML.replace("gateways: [sip:10.10.1.3]", `gateways:\n${gateways.join("\n")}`);
}

/** What a test sees of it: the description is built once, so that YAML's own time isn't measured. */
function reload_ms(count: number): number {
  const site = new Site();
  const text = yaml(count);
  loadConfig(text, (path) => path);
  return processorTime_ms(() => site.reload(text));
}

test("ten times as many gateways take no hundred times as long to reload", () => {
  reload_ms(200); // warms the engine up
  const few = reload_ms(1_000);
  const many = reload_ms(10_000);
  expect(many / few).toBeLessThan(50);
}, 120_000);

test("with 10,000 of them calls still find their way, in order", () => {
  const site = new Site(`${yaml(10_000)}emergency: ["112"]\n`);
  const phone = site.actor("201", PHONE, LAN);
  const best = site.actor("gw0", { ...GATEWAY, address: "10.10.0.0" }).answers("INVITE", { status: 200 });
  const spent = processorTime_ms(() => {
    phone.invite("sip:5551234@10.10.0.0");
    phone.invite("sip:112@pbx.example.com");
    site.run(20);
  });
  expect(best.requests("INVITE").length).toBeGreaterThan(0);
  const asked = site.simulation.sightings.filter(({ wire }) => /^INVITE sip:112@10\.1/.test(wire));
  expect(asked.length).toBeGreaterThan(0);
  expect(spent).toBeLessThan(10_000);
}, 120_000);
