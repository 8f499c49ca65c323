/** A pair of Debians: what moves the address between them, and what doesn't. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test, vi } from "vitest";
import { converse } from "../peers/support/both-ways.ts";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { describeUnless } from "../peers/support/peers.ts";
import { SipAgent } from "../peers/support/sip-agent.ts";
import { debOf } from "./support/deb.ts";
import { debianPair, PBX, SHARED, whyNoDebianPair } from "./support/debian-pair.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const VERSION = (JSON.parse(readFileSync(`${ROOT}package.json`, "utf8")) as { version: string }).version;

vi.setConfig({ testTimeout: 180_000 });
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
});
