/**
 * The WAN is cut while one call waits that has had upstream's 100, and nobody else calls: probes find it out, and the call
 * is rescued.
 */
import { expect, test } from "vitest";
import { MACHINE_TOLERANCE_MS } from "../support/machine.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { describeWith } from "./support/peers.ts";
import { takePrecedence } from "./support/priority.ts";
import {
  completed,
  dialWithOnly100,
  inSeconds,
  isLong,
  officeBefore,
  PROBE_TIMEOUT_MS,
  TEST_LIMIT_MS,
  UPSTREAM,
} from "./support/wan-cut-lab.ts";
import { CUTS } from "./support/wan-lab.ts";

const SUSPECT_INTERVAL_MS = 1_000;
const FAILURES = 3;
/** Scaled down, unless there is time. */
const PROBE_INTERVAL_MS = isLong ? 10_000 : 1_000;

takePrecedence();
cleanUpAfterEach();

describeWith(["namespaces", "nft", "sysctl"], "WAN cut", () => {
  for (const cut of CUTS) {
    const run = async () => {
      const hold_ms = 500;
      const probe = { ...UPSTREAM.probe, interval: `${PROBE_INTERVAL_MS}ms` };
      const { lab, first, second } = await officeBefore(302, hold_ms, { ...UPSTREAM, probe });
      const waiting = await dialWithOnly100(lab, second, first);
      const cutAt_ms = await lab.cut(cut);
      const rescued = await completed(lab, second.answered(waiting));
      const total_ms = rescued.completeAt_ms - cutAt_ms;
      const failure_ms = cut === "silent drop" ? PROBE_TIMEOUT_MS : 0;
      const promised_ms = PROBE_INTERVAL_MS + FAILURES * failure_ms + (FAILURES - 1) * SUSPECT_INTERVAL_MS + hold_ms;
      console.log(
        `WAN cut: ${cut}, nobody else calls: only a 100 at the cut: complete ${inSeconds(total_ms)} after it, ` +
          `promised within ${inSeconds(promised_ms)} (probes every ${PROBE_INTERVAL_MS / 1_000} s)`,
      );
      // Without probes the INVITE would wait for timer C, for minutes.
      expect(total_ms).toBeLessThanOrEqual(promised_ms + MACHINE_TOLERANCE_MS);
    };
    test(`WAN cut: ${cut}, nobody else calls: an INVITE that has only a 100 is rescued by probes`, run, TEST_LIMIT_MS);
  }
});
