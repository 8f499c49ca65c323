/**
 * What the binary takes of a router: memory when idle, while a thousand calls ring, and a minute after thousands of calls; and the
 * processor's time when there is nothing to do. The first two are without the journal, whose memory is the file's choice.
 * BRANCHLINE_LONG=1 makes 100,000 calls, and watches it for a minute when there is nothing to do; an hour of them is ../peers/soak.test.ts.
 */
import { expect, test } from "vitest";
import { BINARIES, binaryLane } from "../lanes/binaries.ts";
import { hostPort, Subnet } from "../peers/support/addresses.ts";
import { Branchline } from "../peers/support/branchline.ts";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { pause, until } from "../peers/support/clock.ts";
import { ringingUpstream } from "../peers/support/flood.ts";
import { describeUnless, describeWith } from "../peers/support/peers.ts";
import { processor_ms, resident_kb, ring } from "../peers/support/ringing-calls.ts";
import { Sipp } from "../peers/support/sipp.ts";

const net = new Subnet(92);
const proxy = net.at(1);
const upstream = net.at(2);
const MB_KB = 1_024;
const IDLE_MOST_KB = 4.5 * MB_KB;
const RINGING = 1_000;
const RINGING_MOST_KB = 20 * MB_KB;
const isLong = process.env["BRANCHLINE_LONG"] === "1";
const CALLS = isLong ? 100_000 : 5_000;
const CALLS_PER_SECOND = 200;
/** What may be left of the load, and how long after its last call: the last 200 calls, and tables that have grown. */
const LEFT_MOST_KB = 3 * MB_KB;
type Journal = "off" | { readonly memory: string };
const WITH_JOURNAL = { journal: { memory: "2MB" }, kept_kb: 2 * MB_KB };
const JOURNALS: readonly { readonly journal: Journal; readonly kept_kb: number }[] = isLong
  ? [WITH_JOURNAL, { journal: "off", kept_kb: 0 }]
  : [WITH_JOURNAL];
const LEFT_LIMIT_MS = 60_000;
const WATCHED_S = isLong ? 60 : 10;
const IDLE_MOST_MS_PER_S = 5;
const LIMIT_MS = 240_000 + (2_000 * CALLS) / CALLS_PER_SECOND;

cleanUpAfterEach();

const [kind] = BINARIES.filter(({ target }) => target === "amd64");
if (kind === undefined) throw new Error("there is no binary for this machine");
const { program, missing } = await binaryLane(kind);

async function start(journal: Journal = "off"): Promise<Branchline> {
  const branchline = await Branchline.start(
    {
      listen: [`udp:${hostPort(proxy)}`, `tcp:${hostPort(proxy)}`],
      localnet: [net.network(16)],
      upstream: `sip:${hostPort(upstream)}`,
      limits: "none",
      journal,
    },
    { program },
  );
  await branchline.upstreamIs("up");
  return branchline;
}

describeUnless(missing === undefined ? [] : [missing], "the binary", () => {
  test(`${RINGING} calls that ring fit into 20 MB, an idle program into 4.5 MB`, { timeout: LIMIT_MS }, async () => {
    await ringingUpstream(upstream);
    const branchline = await start();
    const idle_kb = resident_kb(branchline.pid);
    const sources = [net.host(17), net.host(18)];
    await ring(branchline, { sources, target: proxy, count: RINGING, perSecond: 300 });
    const ringing_kb = resident_kb(branchline.pid);
    console.log(`memory: idle ${idle_kb} kB, with ${RINGING} calls that ring ${ringing_kb} kB`);
    expect(idle_kb).toBeLessThanOrEqual(IDLE_MOST_KB);
    expect(ringing_kb).toBeLessThanOrEqual(RINGING_MOST_KB);
  });

  test("one that has nothing to do takes 5 ms of the processor in a second", { timeout: LIMIT_MS }, async () => {
    await ringingUpstream(upstream);
    const { pid } = await start();
    const before_ms = processor_ms(pid);
    await pause(WATCHED_S * 1_000);
    const share_ms = (processor_ms(pid) - before_ms) / WATCHED_S;
    console.log(`idle: ${share_ms.toFixed(2)} ms of the processor in a second`);
    expect(share_ms).toBeLessThanOrEqual(IDLE_MOST_MS_PER_S);
  });

  describeWith(["sipp"], "after a load", () => {
    test.each(JOURNALS)(
      `a minute after ${CALLS} calls most of their memory is the router's again, journal $journal`,
      {
        timeout: LIMIT_MS,
      },
      async ({ journal, kept_kb }) => {
        const callee = await Sipp.start("callee", upstream);
        const branchline = await start(journal);
        const idle_kb = resident_kb(branchline.pid);
        const phones = await Sipp.start("phone", net.at(17), {
          remote: proxy,
          calls: CALLS,
          callsPerSecond: CALLS_PER_SECOND,
        });
        const called = await phones.finished();
        const loaded_kb = resident_kb(branchline.pid);
        await callee.stop();
        expect(called.successful).toBeGreaterThan(0.99 * CALLS);
        const most_kb = idle_kb + LEFT_MOST_KB + kept_kb;
        const isBack = () => resident_kb(branchline.pid) <= most_kb;
        await until("memory as before", isBack, LEFT_LIMIT_MS).catch(() => {});
        const left_kb = resident_kb(branchline.pid);
        console.log(`memory: idle ${idle_kb} kB, after ${CALLS} calls ${loaded_kb} kB, then ${left_kb} kB`);
        expect(left_kb).toBeLessThanOrEqual(most_kb);
      },
    );
  });
});
