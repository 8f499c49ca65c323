/**
 * A file that changes all the time while the branch calls: 100 reloads at 50 calls/s, every second one of a file that is faulty. No call is
 * lost, and each file is taken or refused as a whole.
 */
import { writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { hostPort, Subnet } from "./support/addresses.ts";
import { Branchline, UNHURRIED } from "./support/branchline.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { describeWith } from "./support/peers.ts";
import { Sipp } from "./support/sipp.ts";

const net = new Subnet(103);
const proxy = net.at(1);
const upstream = net.at(2);
const CALLS_PER_SECOND = 50;
const RELOADS = 100;
const CALLS = 1_500;

cleanUpAfterEach();

const FILE = {
  listen: [`udp:${hostPort(proxy)}`],
  localnet: [net.network(16)],
  upstream: { targets: [`sip:${hostPort(upstream)}`], ...UNHURRIED },
  gateways: [`sip:${hostPort(net.at(3))}`],
};
/** What an administrator may come to, one after the other. */
const VALID: readonly object[] = [
  FILE,
  { ...FILE, gateways: [`sip:${hostPort(net.at(4))}`, `sip:${hostPort(net.at(3))}`] },
  { ...FILE, hunt_groups: { default: { members: ["201", "202"] } }, emergency: { numbers: ["112"] } },
  { ...FILE, upstream: { ...FILE.upstream, targets: [...FILE.upstream.targets, `sip:${hostPort(net.at(5))}`] } },
  { ...FILE, localnet: [net.network(16), net.network(32)], survival: { answer: 380 }, limits: "none" },
  { ...FILE, gateways: [] },
];
const FAULTY: readonly string[] = [
  stringify({ ...FILE, gateway: "sip:10.0.0.1" }),
  stringify({ ...FILE, localnet: ["10.0.0.0/99"] }),
  `${stringify(FILE)}  names: [a\n`,
  "",
  stringify({ ...FILE, listen: [`udp:${hostPort(net.at(6))}`] }),
  `${stringify(FILE)}\tlog: debug\n`,
];

describeWith(["sipp"], "calls while the file changes", () => {
  test(`${RELOADS} reloads of valid and faulty files in turn at ${CALLS_PER_SECOND} calls/s: no call is lost`, {
    timeout: 180_000,
  }, async () => {
    const callee = await Sipp.start("callee", upstream);
    const branchline = await Branchline.start(FILE);
    branchline.forgive(/reload_refused /);
    await branchline.upstreamIs("up");
    const phones = await Sipp.start("phone", net.at(17), {
      remote: proxy,
      calls: CALLS,
      callsPerSecond: CALLS_PER_SECOND,
    });
    const over = phones.finished();
    const told: string[] = [];
    for (let turn = 0; turn < RELOADS; turn++) {
      const round = turn >> 1;
      const text = turn % 2 === 0 ? stringify(VALID[round % VALID.length]) : FAULTY[round % FAULTY.length];
      writeFileSync(branchline.file, text ?? "");
      told.push(await branchline.reload());
    }
    const { successful, failed, unexpected } = await over;
    await callee.stop();
    console.log(`reloads: ${RELOADS} at ${CALLS_PER_SECOND} calls/s; ${successful} calls, ${failed} failed`);
    expect(told.map((line) => line.includes("reloaded "))).toEqual(told.map((_, turn) => turn % 2 === 0));
    expect({ successful, failed, unexpected }).toEqual({ successful: CALLS, failed: 0, unexpected: 0 });
  });
});
