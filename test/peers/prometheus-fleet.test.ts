/**
 * Forty branches, a process each, and one Prometheus that reads them all: what that costs is printed. Of a real company each would have a
 * router of its own.
 */
import { expect, test } from "vitest";
import { hostPort, Subnet } from "./support/addresses.ts";
import { Branchline } from "./support/branchline.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { pause } from "./support/clock.ts";
import { describeWith } from "./support/peers.ts";
import { holdingOf, median } from "./support/process-memory.ts";
import { Prometheus } from "./support/prometheus.ts";
import { processor_ms } from "./support/ringing-calls.ts";

const net = new Subnet(104);
const BRANCHES = 40;
const READ_S = 10;
/** With the page's server and the journal, idle. */
const EACH_MOST_KB = 90 * 1_024;

cleanUpAfterEach();

const nameOf = (index: number) => `branch-${index + 1}`;

describeWith(["prometheus"], "a Prometheus for all branches", () => {
  test(`${BRANCHES} processes are read each second, each as a branch of its own`, { timeout: 180_000 }, async () => {
    const targets = Array.from({ length: BRANCHES }, (_, index) => ({
      at: net.at(100 + index, 8_080),
      branch: nameOf(index),
    }));
    const branches: Branchline[] = [];
    for (const { at } of targets) {
      const settings = {
        listen: [`udp:${hostPort({ ...at, port: 5_060 })}`],
        localnet: [net.network(16)],
        upstream: `sip:${hostPort(net.at(2))}`,
        http: { listen: hostPort(at) },
      };
      branches.push(await Branchline.start(settings));
    }
    const prometheus = await Prometheus.start(net.at(9, 9_090), { targets });
    await prometheus.hasRead(1, BRANCHES);
    const pids = branches.map(({ pid }) => pid);
    const before_ms = pids.map(processor_ms);
    await pause(READ_S * 1_000);
    const each_ms = pids.map((pid, index) => (processor_ms(pid) - (before_ms[index] ?? 0)) / READ_S);
    const each_kb = pids.map((pid) => holdingOf(pid).pss_kb);
    const up = await prometheus.ask('sum by (branch) (up{job="branchline"})');
    const { rss_kb } = holdingOf(prometheus.pid);
    console.log(
      `${BRANCHES} branches read each second: ${median(each_kb)} kB and ${median(each_ms).toFixed(1)} ms of a processor a second each, ` +
        `${Math.round(each_kb.reduce((sum, kb) => sum + kb, 0) / 1_024)} MB in all; Prometheus ${Math.round(rss_kb / 1_024)} MB`,
    );
    const told = new Map(up.data?.result.map(({ metric, value }) => [(metric as { branch: string }).branch, value[1]]));
    expect(told).toEqual(new Map(targets.map(({ branch }) => [branch, "1"])));
    expect(Math.max(...each_kb)).toBeLessThan(EACH_MOST_KB);
  });
});
