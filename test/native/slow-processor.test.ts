/**
 * On the slowest routers a message takes 5 ms. The binary is slowed down to that: it gets as small a part of the processor. Fifty phones that register at once, and a call meanwhile, are answered in the time that phones wait.
 */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { BINARIES, binaryLane } from "../lanes/binaries.ts";
import { hostPort, Subnet, sipUri } from "../peers/support/addresses.ts";
import { converse } from "../peers/support/both-ways.ts";
import { Branchline } from "../peers/support/branchline.ts";
import { Child } from "../peers/support/child.ts";
import { cleanUpAfterEach, defer } from "../peers/support/cleanup.ts";
import { monotonic_ms } from "../peers/support/clock.ts";
import { describeUnless } from "../peers/support/peers.ts";
import { register } from "../peers/support/registration.ts";
import { SipAgent } from "../peers/support/sip-agent.ts";
import { MACHINE_TOLERANCE_MS } from "../support/machine.ts";

const net = new Subnet(91);
const proxy = net.at(1);
const MESSAGE_MS = 5;
const PHONES = 50;
/** A REGISTER and its answer, on both sides. */
const MESSAGES = 4;
const MEASURED = 4 * PHONES;
/** RFC 3261 §17.1.2.2: timer F, when a phone gives a REGISTER up. */
const TIMER_F_MS = 32_000;
/** As long as people wait for a sign of life. */
const ANSWER_MS = 3_000;
const TEST_LIMIT_MS = 240_000;

/**
 * Stops a process whenever it has had more than its part of a processor, and lets it go on when it hasn't; its own arguments are the
 * process and the part.
 */
const BRAKE = `
const [pid, part] = process.argv.slice(1).map(Number);
const used_ms = () => Number(require("fs").readFileSync("/proc/" + pid + "/schedstat", "latin1").split(" ")[0]) / 1e6;
let [last_ms, then_ms, credit_ms] = [used_ms(), performance.now(), 0];
console.log("braking");
for (;;) {
  const [used, now] = [used_ms(), performance.now()];
  // What it hasn't used while it had nothing to do is no credit for later.
  credit_ms = Math.min(1, credit_ms + part * (now - then_ms)) - (used - last_ms);
  [last_ms, then_ms] = [used, now];
  process.kill(pid, credit_ms > 0 ? "SIGCONT" : "SIGSTOP");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
}`;

cleanUpAfterEach();

/** Processor time of a process. */
function cpu_ms(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/schedstat`, "latin1").split(" ")[0]) / 1e6;
}

const kind = BINARIES.find(({ emulator }) => emulator === undefined);
const { program, missing } = kind === undefined ? { program: undefined, missing: "no binary" } : await binaryLane(kind);

describeUnless(missing === undefined ? [] : [missing], "a processor that needs 5 ms for a message", () => {
  test("fifty REGISTERs at once and a call are answered in time", { timeout: TEST_LIMIT_MS }, async () => {
    const upstream = await SipAgent.open(net.at(2));
    const phones = await Promise.all(
      Array.from({ length: PHONES }, (_, index) => SipAgent.open(net.at(17 + (index % 14), 5060 + index))),
    );
    const [caller] = phones as [SipAgent];
    const branchline = await Branchline.start(
      {
        listen: [`udp:${hostPort(proxy)}`],
        localnet: [net.network(16)],
        upstream: `sip:${upstream.sentBy}`,
        gateways: [`sip:${hostPort(net.at(3))}`],
      },
      program === undefined ? {} : { program },
    );
    await branchline.upstreamIs("up");
    const registerAll = () =>
      Promise.all(phones.map((phone, index) => register(phone, upstream, proxy, `${201 + index}`)));

    const before_ms = cpu_ms(branchline.pid);
    for (let done = 0; done < MEASURED; done += PHONES) await registerAll();
    const message_ms = (cpu_ms(branchline.pid) - before_ms) / (MEASURED * MESSAGES);
    const part = message_ms / MESSAGE_MS;
    const brake = new Child(process.execPath, ["-e", BRAKE, String(branchline.pid), String(part)]);
    defer(async () => {
      await brake.stop("SIGKILL");
      process.kill(branchline.pid, "SIGCONT");
    });

    await brake.line(/braking/);
    const begin_ms = monotonic_ms();
    const registered = registerAll().then(() => monotonic_ms() - begin_ms);
    const outwards = { to: sipUri("5551234", net.at(2)), through: proxy };
    const call = await converse(caller, upstream, outwards);
    const answered_ms = monotonic_ms() - begin_ms;
    expect(await registered).toBeLessThan(TIMER_F_MS);
    expect(answered_ms).toBeLessThan(TIMER_F_MS);
    const later_ms = monotonic_ms();
    const second = await converse(caller, upstream, outwards);
    const second_ms = monotonic_ms() - later_ms;
    expect(second_ms).toBeLessThan(ANSWER_MS + MACHINE_TOLERANCE_MS);
    await call.caller.ask("BYE", upstream);
    await second.caller.ask("BYE", upstream);
    console.log(
      `slow processor: ${message_ms.toFixed(2)} ms a message here, slowed down to ${MESSAGE_MS}: ` +
        `${PHONES} REGISTERs after ${(await registered).toFixed(0)} ms, a call meanwhile after ${answered_ms.toFixed(0)} ms, ` +
        `one later after ${second_ms.toFixed(0)} ms (promised ${ANSWER_MS})`,
    );
  });
});
