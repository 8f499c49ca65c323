/** A pair of Debians: what moves the address between them, and what doesn't. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test, vi } from "vitest";
import { converse } from "../peers/support/both-ways.ts";
import { Child } from "../peers/support/child.ts";
import { cleanUpAfterEach, defer } from "../peers/support/cleanup.ts";
import { describeUnless } from "../peers/support/peers.ts";
import { SipAgent } from "../peers/support/sip-agent.ts";
import { MACHINE_TOLERANCE_MS, PATIENCE_MS } from "../support/machine.ts";
import { debOf } from "./support/deb.ts";
import { debianPair, debianWithoutOther, PBX, SHARED, whyNoDebianPair } from "./support/debian-pair.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const VERSION = (JSON.parse(readFileSync(`${ROOT}package.json`, "utf8")) as { version: string }).version;

vi.setConfig({ testTimeout: 300_000 });
cleanUpAfterEach();

/** With one phone, and a PBX in the test's hands. */
async function pair() {
  let pbx: SipAgent | undefined;
  const built = await debianPair(await debOf(VERSION), 1, async ({ name }) => {
    pbx = await SipAgent.open(PBX, name);
  });
  const [at] = built.phones;
  if (at === undefined || pbx === undefined) throw new Error("no phone or no PBX");
  return { ...built, phone: await SipAgent.open(at, built.ethernet.name), pbx };
}

describeUnless(whyNoDebianPair(), "a pair of Debians", () => {
  test("shares an address: a drained member gives it away, and one that hangs or is stopped loses it", async () => {
    const { left, right, phone, pbx } = await pair();
    await left.says(/Pair: left is active.*it holds 10\.223\.42\.1$/m);
    await right.says(/Pair: right is active.*left holds 10\.223\.42\.1$/m);
    const call = async () => {
      const outwards = { to: "sip:5551234@pbx.example.com", through: SHARED };
      const { caller } = await converse(phone, pbx, outwards);
      await caller.ask("BYE", pbx);
    };
    await call();

    expect(await left.sh("branchline drain")).toContain("left is drained: nothing is left here");
    await right.says(/it holds 10\.223\.42\.1$/m);
    await call();
    expect(await left.sh("branchline join")).toContain("left is active");

    await left.standsBy();
    await right.sh("systemctl kill --kill-whom=main -s STOP branchline");
    await left.says(/it holds 10\.223\.42\.1$/m);
    await call();
    await right.sh("systemctl kill --kill-whom=main -s CONT branchline");
    await right.says(/left holds 10\.223\.42\.1$/m);

    await right.standsBy();
    await left.sh("systemctl kill --kill-whom=main -s KILL branchline");
    await right.says(/it holds 10\.223\.42\.1$/m);
    await left.says(/Pair: left is active.*right holds 10\.223\.42\.1$/m);
    await left.standsBy();
    await right.sh("systemctl restart branchline");
    await left.says(/it holds 10\.223\.42\.1$/m);
    await right.says(/left holds 10\.223\.42\.1$/m);

    await right.standsBy();
    await left.sh("systemctl restart branchline");
    await right.says(/it holds 10\.223\.42\.1$/m);
    await left.says(/right holds 10\.223\.42\.1$/m);
    await left.standsBy();
    await right.sh("systemctl stop branchline");
    await left.says(/it holds 10\.223\.42\.1$/m);
    expect(await left.machine.try("branchline", "drain")).toEqual({
      status: 1,
      text: "no other member takes calls: right is stopped. Nothing has changed; to drain all the same: --alone\n",
    });
    const again = await left.machine.try("branchline", "cluster", "secret");
    expect(again).toMatchObject({ status: 2, text: expect.stringContaining("is there already") });
  });

  test("whose other router is off keeps the address while its branchline is restarted, killed or upgraded", async () => {
    const left = await debianWithoutOther(await debOf(VERSION));
    // However long this machine takes for a restart, the file isn't too old.
    const most_s = MACHINE_TOLERANCE_MS / 1_000 + 10;
    await left.sh(`sed -i '/script "/s/[.]healthy"/.healthy ${most_s}"/' /etc/keepalived/keepalived.conf`);
    await left.sh("systemctl restart keepalived");
    await left.says(/Pair: left is active.*it holds 10\.223\.42\.1$/m);
    const addresses = new Child("ip", ["-n", left.space.name, "-4", "-o", "monitor", "address"]);
    defer(() => addresses.stop("SIGKILL"));
    const pid = () => left.sh("systemctl show -P MainPID branchline");
    const anew = async (command: string) => {
      const before = await pid();
      await left.sh(command);
      await expect
        .poll(pid, { timeout: PATIENCE_MS, interval: 250 })
        .not.toMatch(new RegExp(`^(0|${before.trim()})\\s*$`));
      await left.says(/Pair: left is active.*it holds 10\.223\.42\.1$/m);
    };
    await anew("systemctl restart branchline");
    await anew("systemctl kill --kill-whom=main -s KILL branchline");
    await left.install(await debOf("0.8.0"));
    await left.says(/^branchline 0\.8\.0[\s\S]*Pair: left is active.*it holds 10\.223\.42\.1$/m);
    expect(addresses.lines).toEqual([]);

    await left.sh("systemctl stop branchline");
    await addresses.line(/^Deleted .*10\.223\.42\.1/, 2 * PATIENCE_MS);
  });
});
