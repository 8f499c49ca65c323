/**
 * Real phones (baresip) behind branchline, a real registrar with Path (Kamailio), a gateway and a callee at HQ (SIPp).
 *
 *   baresip 1001 ─┐                  ┌── Kamailio ── SIPp "HQ" (numbers 7…)
 *   baresip 1002 ─┴── branchline ────┤
 *                                    └── SIPp gateway, for outages
 */
import { expect, test } from "vitest";
import { hostPort, Subnet, sipUri } from "./support/addresses.ts";
import { Baresip } from "./support/baresip.ts";
import { Branchline, QUICK_PROBES, type Settings } from "./support/branchline.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { Kamailio } from "./support/kamailio.ts";
import { describeWith } from "./support/peers.ts";
import { Sipp } from "./support/sipp.ts";

const net = new Subnet(13);
const proxy = net.at(1);
const pbx = net.at(2);
const gatewayAddress = net.at(3);
const hqAddress = net.at(4);
const NUMBER = "7005550100";
const LIMIT_MS = 180_000;

cleanUpAfterEach();

async function office(answer: 302 | 380 | "relay" = 302) {
  const settings: Settings = {
    listen: [`udp:${hostPort(proxy)}`],
    localnet: [net.network(16)],
    upstream: { targets: [`sip:${hostPort(pbx)}`], fr_timer: "2s", probe: QUICK_PROBES, hold: "1s" },
    gateways: [`sip:${hostPort(gatewayAddress)}`],
    survival: { answer, notice_hold: "500ms" },
  };
  const hq = await Sipp.start("callee", hqAddress, { isTraced: true });
  const gateway = await Sipp.start("callee", gatewayAddress, { isTraced: true });
  const kamailio = await Kamailio.start(pbx, hqAddress);
  const branchline = await Branchline.start(settings);
  await branchline.upstreamIs("up");
  return { hq, gateway, kamailio, branchline };
}

function phone(user: string, last: number, answers = false): Promise<Baresip> {
  return Baresip.start({ user, local: net.at(last), domain: pbx.host, outbound: proxy, answers });
}

/** Dials, is answered, and hangs up. */
async function talk(caller: Baresip, user: string): Promise<void> {
  caller.dial(`sip:${user}@${pbx.host}`);
  await caller.next("CALL_ESTABLISHED");
  caller.hangUp();
  await caller.next("CALL_CLOSED");
}

/** How many calls it was asked to take, by the users of their Request-URIs. */
function invites(sipp: Sipp): string[] {
  const lines = sipp.received().filter((line) => line.startsWith("INVITE "));
  return lines.map((line) => /^INVITE (\S+)/.exec(line)?.[1] ?? "");
}

describeWith(["kamailio", "baresip", "sipp"], "Kamailio and baresip", () => {
  test("Kamailio: baresip registers with Path through branchline, and is called along it", {
    timeout: LIMIT_MS,
  }, async () => {
    const { kamailio } = await office();
    const caller = await phone("1001", 17);
    const callee = await phone("1002", 18, true);
    const registered = await kamailio.log(/PBX register sip:1002/);
    expect(registered).toMatch(new RegExp(`path=<sip:p~u~[^@]+@${hostPort(proxy)};lr>`));

    caller.dial(`sip:1002@${pbx.host}`);
    await Promise.all([caller.next("CALL_ESTABLISHED"), callee.next("CALL_ESTABLISHED")]);
    expect(await kamailio.log(/PBX call to sip:1002/)).toContain(`@${net.host(18)}:`);
    callee.hangUp();
    await Promise.all([caller.next("CALL_CLOSED"), callee.next("CALL_CLOSED")]);
  });

  test("Kamailio: baresip calls HQ through branchline and the PBX", { timeout: LIMIT_MS }, async () => {
    const { hq, gateway } = await office();
    const caller = await phone("1001", 17);
    await talk(caller, NUMBER);
    expect((await hq.stop()).failed).toBe(0);
    expect(invites(hq)).toHaveLength(1);
    await gateway.stop();
    expect(invites(gateway)).toEqual([]);
  });

  for (const answer of [302, 380, "relay"] as const) {
    for (const outage of ["frozen", "killed"] as const) {
      // A redirected phone calls anew, and so hears 100 again.
      const rescued = answer === "relay" ? [100, 181, 180] : [100, 181, 100, 180];
      const title = `Kamailio ${outage}, answer ${answer}: the gateway answers baresip, and after the restart HQ does`;
      test(title, { timeout: LIMIT_MS }, async () => {
        const { hq, gateway, kamailio, branchline } = await office(answer);
        const caller = await phone("1001", 17);
        await talk(caller, NUMBER);

        if (outage === "frozen") kamailio.freeze();
        else await kamailio.kill();
        await talk(caller, NUMBER);
        await branchline.upstreamIs("down");
        caller.forgetProgress();
        await talk(caller, NUMBER);
        expect(caller.progress).toEqual(rescued);

        const back = branchline.upstreamBecomes("up");
        await kamailio.restart();
        await back;
        await talk(caller, NUMBER);
        await phone("1002", 18, true);
        await talk(caller, "1002");

        const counts = [await hq.stop(), await gateway.stop()];
        expect(counts.map(({ failed }) => failed)).toEqual([0, 0]);
        expect(invites(hq)).toHaveLength(2);
        expect(invites(gateway)).toEqual(Array(2).fill(sipUri(NUMBER, gatewayAddress)));
      });
    }
  }
});
