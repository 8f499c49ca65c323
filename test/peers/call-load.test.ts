/**
 * A branch that telephones without a pause: SIPp as its phones and as upstream.
 *
 *   SIPp phones        branchline        SIPp upstream
 *     │── INVITE ────────▶│── INVITE ──────▶│        200 calls/s for 15 s
 *     │◀─ 180, 200 ───────│◀─ 180, 200 ─────│
 *     │── ACK ───────────▶│── ACK ─────────▶│        by the recorded route
 *     │                 1 s                 │
 *     │── BYE ───────────▶│── BYE ─────────▶│
 *     │◀─ 200 ────────────│◀─ 200 ──────────│
 */
import { expect, test } from "vitest";
import { hostPort, Subnet } from "./support/addresses.ts";
import { Branchline, UNHURRIED } from "./support/branchline.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { describeWith } from "./support/peers.ts";
import { Sipp } from "./support/sipp.ts";

const net = new Subnet(11);
const CALLS_PER_SECOND = 200;
const CALLS = 15 * CALLS_PER_SECOND;
/** SIPp itself was seen to take one message in 18,000 for another. Each that is sent again may come too late for it. */
const UNEXPECTED_MOST = 1;
const LIMIT_MS = 240_000;

cleanUpAfterEach();

describeWith(["sipp"], "load", () => {
  test(`load: ${CALLS_PER_SECOND} calls/s for 15 s, and no call fails`, { timeout: LIMIT_MS }, async () => {
    const proxy = net.at(1);
    const upstream = await Sipp.start("callee", net.at(2));
    const branchline = await Branchline.start({
      listen: [`udp:${hostPort(proxy)}`],
      localnet: [net.network(16)],
      upstream: { targets: [`sip:${hostPort(net.at(2))}`], ...UNHURRIED },
    });
    await branchline.upstreamIs("up");

    const phones = await Sipp.start("phone", net.at(17), {
      remote: proxy,
      calls: CALLS,
      callsPerSecond: CALLS_PER_SECOND,
    });
    const called = await phones.finished();
    const answered = await upstream.stop();
    const resent = called.retransmissions + answered.retransmissions;
    console.log(`load: ${called.successful} calls, ${called.failed} failed, ${resent} messages sent again`);

    expect(called, phones.errors()).toMatchObject({ successful: CALLS, failed: 0 });
    expect(answered, upstream.errors()).toMatchObject({ failed: 0 });
    expect(called.unexpected + answered.unexpected, phones.errors()).toBeLessThanOrEqual(UNEXPECTED_MOST + resent);
    expect(answered.successful).toBeGreaterThanOrEqual(CALLS);
  });
});
