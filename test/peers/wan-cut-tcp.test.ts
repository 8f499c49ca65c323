/**
 * Upstream over TCP, and the WAN is cut: its connection dies without a word where datagrams vanish. Calls survive, and
 * once the line is back the next probe opens another connection, without waiting for the kernel to give up the old one.
 *
 *   phone              branchline            upstream (TCP)
 *     │── INVITE ─────────▶│── INVITE ──────╳               in the send buffer of a connection that is dead
 *     │◀─ 181, 302 ────────│   after fr_timer
 *     │                    │── OPTIONS ─────╳  ╳            silent twice: the connection is closed
 *     │                    │── SYN ────────────▶            the line is back
 *
 * What the dead connection held never arrives: upstream would ring for a call that the gateway has long had.
 */
import { expect, test } from "vitest";
import { MACHINE_TOLERANCE_MS } from "../support/machine.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { monotonic_ms, pause } from "./support/clock.ts";
import type { DeskPhone } from "./support/desk-phone.ts";
import { describeWith } from "./support/peers.ts";
import { expectAtOnce, expectWithin, FAR_MS } from "./support/promised-times.ts";
import { upstreamResults } from "./support/upstream-results.ts";
import { CUTS, UPSTREAM_URI, WanLab } from "./support/wan-lab.ts";

const NUMBER = "5551234";
/** Less than two probes need to find out. */
const FR_TIMER_MS = 3_000;
const PROBE_TIMEOUT_MS = 2_000;
const DOWN_INTERVAL_MS = 300;
const HOLD_MS = 500;
/** Long enough for the kernel to wait several seconds between its repetitions. */
const CUT_MS = 10_000;
/** After the cut began: by then the kernel would have sent once more what a dead connection holds, after 0.2, 0.6, 1.4, 3, 6.2 and 12.6 s. */
const REMNANTS_MS = CUT_MS + 4_000;
/** A probe that is under way may fail, and its successor's connection be under way when the line comes back. */
const UP_MS = 3 * (PROBE_TIMEOUT_MS + DOWN_INTERVAL_MS) + 1_000 + HOLD_MS;
/** A connection that dies without a word, and a test that waits for all of this, take long. */
const LIMIT_MS = 180_000;

cleanUpAfterEach();

async function office(fr_timer_ms: number) {
  const lab = await WanLab.build(1, "tcp");
  const branchline = await lab.start(
    {
      targets: [`${UPSTREAM_URI};transport=tcp`],
      fr_timer: `${fr_timer_ms}ms`,
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
  test.each(CUTS)(
    "%s: calls survive, and afterwards they go up again over another connection",
    {
      timeout: LIMIT_MS,
    },
    async (cut) => {
      // A connection says nothing of an interface that is down.
      const isSilent = cut !== "process dead";
      const { lab, branchline, phone, here, up } = await office(isSilent ? FR_TIMER_MS : FAR_MS);
      expect((await phone.call(NUMBER)).by).toBe(up);

      const cutAt_ms = await lab.cut(cut);
      const first = await phone.call(NUMBER);
      expect(first.by).toBe(here);
      const first_ms = first.answeredAt_ms - first.dialledAt_ms;
      if (isSilent) expectWithin(`WAN cut, upstream over TCP: ${cut}: first caller`, first_ms, FR_TIMER_MS);
      else expectAtOnce(`WAN cut, upstream over TCP: ${cut}: first caller`, first_ms);
      await branchline.upstreamIs("down");
      const later = await phone.call(NUMBER);
      expect(later.by).toBe(here);
      expectAtOnce(`WAN cut, upstream over TCP: ${cut}: later caller`, later.answeredAt_ms - later.dialledAt_ms);
      const results = await upstreamResults(branchline);
      // On a busy machine two probes may find it out before fr_timer.
      if (!isSilent) expect(results.get(first.callId)).toBe("unreachable");
      expect(results.has(later.callId)).toBe(false);
      await pause(cutAt_ms + CUT_MS - monotonic_ms());

      const back = branchline.upstreamBecomes("up");
      const repairedAt_ms = await lab.repair(cut);
      await back;
      const return_ms = monotonic_ms() - repairedAt_ms;
      expect((await phone.call(NUMBER)).by).toBe(up);
      await pause(cutAt_ms + REMNANTS_MS - monotonic_ms());
      const invites = lab.upstream.agent.all({ method: "INVITE" });
      expect(invites.map(({ callId }) => callId)).not.toContain(first.callId);
      const ports = invites.map(({ from }) => from.port);
      expect(ports.at(-1)).not.toBe(ports[0]);
      console.log(
        `WAN cut, upstream over TCP: ${cut}: up again ${Math.round(return_ms)} ms after the repair ` +
          `(promised within ${UP_MS} ms)`,
      );
      expect(return_ms).toBeLessThan(UP_MS + MACHINE_TOLERANCE_MS);
    },
  );
});
