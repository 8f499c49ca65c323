/**
 * A drill with real phones: baresip 1001 and 1002 live through an outage, while 1003 and 1004 call through the registrar (Kamailio),
 * which is well. A real outage ends it.
 *
 *   baresip 1001, 1002 ─┐                  ┌── Kamailio ── SIPp "HQ" (numbers 7…)
 *   baresip 1003, 1004 ─┴── branchline ────┤
 *                                          └── SIPp gateway
 */
import { expect, test } from "vitest";
import type { DrillReport } from "../../src/app/drill-report.ts";
import { hostPort, Subnet, sipUri } from "./support/addresses.ts";
import { Baresip } from "./support/baresip.ts";
import { Branchline, QUICK_PROBES, UNHURRIED } from "./support/branchline.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { Kamailio } from "./support/kamailio.ts";
import { describeWith } from "./support/peers.ts";
import { Sipp } from "./support/sipp.ts";

const net = new Subnet(26);
const proxy = net.at(1);
const pbx = net.at(2);
const gatewayAddress = net.at(3);
const hqAddress = net.at(4);
const NUMBER = "7005550100";
const DRILLED = ["1001", "1002"];
const OTHERS = ["1003", "1004"];
const LIMIT_MS = 240_000;
/** Calls of each of the others while the drill runs. */
const CALLS = 4;

cleanUpAfterEach();

/** @param watch how upstream is watched: a busy machine makes no outage, or one is noticed soon */
async function office(watch: Readonly<Record<string, unknown>>) {
  const hq = await Sipp.start("callee", hqAddress, { isTraced: true });
  const gateway = await Sipp.start("callee", gatewayAddress, { isTraced: true });
  const kamailio = await Kamailio.start(pbx, hqAddress);
  const branchline = await Branchline.start({
    listen: [`udp:${hostPort(proxy)}`],
    localnet: [net.network(16)],
    upstream: { targets: [`sip:${hostPort(pbx)}`], ...watch },
    gateways: [`sip:${hostPort(gatewayAddress)}`],
    emergency: ["112"],
    survival: { notice_hold: "500ms" },
  });
  await branchline.upstreamIs("up");
  const options = { domain: pbx.host, outbound: proxy, answers: true };
  const phones = await Promise.all(
    [...DRILLED, ...OTHERS].map((user, index) => Baresip.start({ ...options, user, local: net.at(17 + index) })),
  );
  return { hq, gateway, kamailio, branchline, phones: phones as [Baresip, Baresip, Baresip, Baresip] };
}

/** Dials, is answered, and hangs up. */
async function talk(caller: Baresip, number: string): Promise<void> {
  caller.dial(`sip:${number}@${pbx.host}`);
  await caller.next("CALL_ESTABLISHED");
  caller.hangUp();
  await caller.next("CALL_CLOSED");
}

/** The Request-URIs of the calls that it was asked to take. */
function invites(sipp: Sipp): string[] {
  return sipp.received().flatMap((line) => /^INVITE (\S+)/.exec(line)?.[1] ?? []);
}

async function reportOf(branchline: Branchline, which = "last"): Promise<DrillReport> {
  return JSON.parse(await branchline.command("drill", "--report", which, "--json")) as DrillReport;
}

describeWith(["kamailio", "baresip", "sipp"], "a drill with real phones", () => {
  test("the chosen ones call through the gateway and each other, the others through the PBX, undisturbed", {
    timeout: LIMIT_MS,
  }, async () => {
    const { hq, gateway, kamailio, branchline, phones } = await office(UNHURRIED);
    const [first, second, third, fourth] = phones;
    const begun = await branchline.command("drill", "--phones", DRILLED.join(","), "--for", "10m");
    expect(begun).toContain("Drill: 1, 1001 and 1002, begun by a command\n");
    expect(await branchline.command("status")).toMatch(
      /^DRILL: 1001 and 1002 are treated as in an outage for another /m,
    );
    expect(await branchline.command("explain", "1001", NUMBER)).toContain("a drill");

    // All at once: two in an outage, two that don't notice.
    const rehearsed = async () => {
      await talk(first, NUMBER);
      await talk(second, NUMBER);
      await talk(first, "1002");
    };
    const usual = async (caller: Baresip) => {
      for (let call = 0; call < CALLS; call++) await talk(caller, NUMBER);
    };
    await Promise.all([rehearsed(), usual(third), usual(fourth)]);
    expect(first.progress).toContain(181);
    expect([...third.progress, ...fourth.progress]).not.toContain(181);

    // The PBX reaches a chosen phone all the while, by the registration that it has.
    third.dial(`sip:1001@${pbx.host}`);
    await Promise.all([third.next("CALL_ESTABLISHED"), first.next("CALL_ESTABLISHED")]);
    expect(await kamailio.log(/PBX call to sip:1001/)).toContain(`@${net.host(17)}:`);
    third.hangUp();
    await first.next("CALL_CLOSED");

    // Help is no rehearsal.
    await talk(first, "112");
    const report = await reportOf(branchline);
    expect(report).toMatchObject({
      id: 1,
      phones: DRILLED,
      end: "aborted",
      why: "an emergency call: 1001 has called 112",
      counts: { made: 3, answered: 3, failed: 0 },
      other_calls: 2 * CALLS + 1,
    });
    console.log(`longest wait in the drill: ${report.counts.longest_wait_ms} ms`);
    await talk(first, NUMBER);

    expect((await hq.stop()).failed).toBe(0);
    expect(invites(hq)).toHaveLength(2 * CALLS + 1);
    expect((await gateway.stop()).failed).toBe(0);
    const [outside, help] = [sipUri(NUMBER, gatewayAddress), sipUri("112", gatewayAddress)];
    expect(invites(gateway)).toEqual([outside, outside, help]);
    const { phones: registered } = JSON.parse(await branchline.command("status", "--json")) as {
      phones: { addresses: number; not_back: number };
    };
    expect(registered).toMatchObject({ addresses: 4, not_back: 0 });
  });

  test("a real outage aborts it, the phones go on in survival, and the report is there after a restart", {
    timeout: LIMIT_MS,
  }, async () => {
    const { kamailio, branchline, phones } = await office({ fr_timer: "32s", probe: QUICK_PROBES });
    const [first, , third] = phones;
    await branchline.command("drill", "--phones", "all", "--for", "1h");
    await expect(branchline.command("drill", "--phones", "1001")).rejects.toMatchObject({
      code: 1,
      stderr: "no drill can run now: a drill runs already\n",
    });
    await talk(first, NUMBER);
    const down = branchline.upstreamBecomes("down");
    await kamailio.kill();
    await down;
    await expect.poll(() => branchline.lines.find((line) => line.includes("drill_ended"))).toContain("end=aborted");
    await talk(third, NUMBER);
    expect(await branchline.command("drill")).toMatch(/^No drill runs\. The last one:\n1 /);

    await branchline.terminate();
    await branchline.restart();
    const report = await reportOf(branchline, "1");
    expect(report).toMatchObject({ end: "aborted", phones: "all", counts: { made: 1, answered: 1 } });
    expect(report.why).toMatch(/^a real outage: upstream is down/);
    const page = await branchline.command("drill", "--report", "last", "--html");
    expect(page).toMatch(/^<!DOCTYPE html>\n/);
    expect(page).toContain("a real outage: upstream is down");
    expect(page).not.toMatch(/<script|https?:/);
  });
});
