/**
 * Upstream over TCP, and the WAN is cut: its connection dies without a word where datagrams vanish. Calls survive, and
 * once the line is back the next probe opens another connection, without waiting for the kernel to give up the old one.
 *
 *   phone              branchline            upstream (TCP)
 *     │── INVITE ─────────▶│── INVITE ──────╳               in the send buffer of a connection that is dead
 *     │◀─ 181, 302 ────────│   after fr_timer
 *     │                    │── OPTIONS ─────╳  ╳            silent twice: the connection is closed
 *     │                    │── SYN ────────────▶            the line is back
 */
import { expect, test } from "vitest";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { monotonic_ms, pause } from "./support/clock.ts";
import type { DeskPhone } from "./support/desk-phone.ts";
import { describeWith } from "./support/peers.ts";
import { CUTS, UPSTREAM_URI, WanLab } from "./support/wan-lab.ts";

const NUMBER = "5551234";
const FR_TIMER_MS = 1_000;
/** What is promised beyond the timers. */
const TOLERANCE_MS = 300;
const PROBE_TIMEOUT_MS = 500;
const DOWN_INTERVAL_MS = 300;
const HOLD_MS = 500;
/** Long enough for the kernel to wait several seconds between its repetitions. */
const CUT_MS = 5_000;
/** A probe that is under way may fail, and its successor's connection be under way when the line comes back. */
const UP_LIMIT_MS = 3 * (PROBE_TIMEOUT_MS + DOWN_INTERVAL_MS) + 1_000 + HOLD_MS + 1_000;

cleanUpAfterEach();

async function office() {
  const lab = await WanLab.build(1, "tcp");
  const branchline = await lab.start(
    {
      targets: [`${UPSTREAM_URI};transport=tcp`],
      fr_timer: `${FR_TIMER_MS}ms`,
      probe: {
        interval: "500ms",
        suspect_interval: "200ms",
        down_interval: `${DOWN_INTERVAL_MS}ms`,
        timeout: `${PROBE_TIMEOUT_MS}ms`,
      },
      hold: `${HOLD_MS}ms`,
    },
    { survival: { notice_hold: "0s" } },
  );
  const [phone] = lab.phones as readonly [DeskPhone];
  return { lab, branchline, phone, here: lab.gateway.agent.endpoint.host, up: lab.upstream.agent.endpoint.host };
}

describeWith(["namespaces", "nft", "sysctl"], "WAN cut, upstream over TCP", () => {
  test.each(CUTS)("%s: calls survive, and afterwards they go up again over another connection", async (cut) => {
    const { lab, branchline, phone, here, up } = await office();
    expect((await phone.call(NUMBER)).by).toBe(up);

    const cutAt_ms = await lab.cut(cut);
    const first = await phone.call(NUMBER);
    expect(first.by).toBe(here);
    expect(first.answeredAt_ms - first.dialledAt_ms).toBeLessThan(FR_TIMER_MS + TOLERANCE_MS);
    await branchline.upstreamIs("down");
    const later = await phone.call(NUMBER);
    expect(later.by).toBe(here);
    expect(later.answeredAt_ms - later.dialledAt_ms).toBeLessThan(TOLERANCE_MS);
    await pause(cutAt_ms + CUT_MS - monotonic_ms());

    const back = branchline.upstreamBecomes("up");
    const repairedAt_ms = await lab.repair(cut);
    await back;
    const return_ms = monotonic_ms() - repairedAt_ms;
    expect((await phone.call(NUMBER)).by).toBe(up);
    const ports = lab.upstream.agent.all({ method: "INVITE" }).map(({ from }) => from.port);
    expect(ports.at(-1)).not.toBe(ports[0]);
    console.log(
      `WAN cut, upstream over TCP: ${cut}: first caller ${Math.round(first.answeredAt_ms - first.dialledAt_ms)} ms, ` +
        `up again ${Math.round(return_ms)} ms after the repair (promised ${UP_LIMIT_MS} ms)`,
    );
    expect(return_ms).toBeLessThan(UP_LIMIT_MS);
  });
});
