/**
 * A pair of Debians that boot, each with systemd, keepalived and the .deb, set up as deploy/pair.md says:
 *
 *   phone 10.223.42.17 ┐        ┌ left  10.223.42.2 ┐
 *                      ├ switch ┤                   ├ shared 10.223.42.1
 *   pbx 10.223.42.200  ┘        └ right 10.223.42.3 ┘
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test, vi } from "vitest";
import { stringify } from "yaml";
import { converse } from "../peers/support/both-ways.ts";
import { QUICK_PROBES } from "../peers/support/branchline.ts";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { pause } from "../peers/support/clock.ts";
import { Namespace } from "../peers/support/namespace.ts";
import { describeUnless, pathOf } from "../peers/support/peers.ts";
import { SipAgent } from "../peers/support/sip-agent.ts";
import { PATIENCE_MS } from "../support/machine.ts";
import { debOf } from "./support/deb.ts";
import { SystemdMachine, whyNoSystemd } from "./support/systemd-machine.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const FILE = "/etc/branchline/branchline.yaml";
const KEEPALIVED = "/etc/keepalived/keepalived.conf";
const SHARED = "10.223.42.1";
const VERSION = (JSON.parse(readFileSync(`${ROOT}package.json`, "utf8")) as { version: string }).version;
const SIP = 5060;

vi.setConfig({ testTimeout: 180_000 });
cleanUpAfterEach();

type Name = "left" | "right";

class Router {
  readonly name: Name;
  readonly machine: SystemdMachine;
  private readonly own: string;

  private constructor(name: Name, own: string, machine: SystemdMachine) {
    this.name = name;
    this.own = own;
    this.machine = machine;
  }

  static async build(name: Name, ethernet: Namespace): Promise<Router> {
    const space = Namespace.create(name);
    const own = `10.223.42.${name === "left" ? 2 : 3}`;
    space.ip("link", "add", "eth0", "type", "veth", "peer", "name", name, "netns", ethernet.name);
    space.addAddress(`${own}/24`, "eth0");
    space.ip("link", "set", "eth0", "up");
    ethernet.ip("link", "set", name, "master", "lan", "up");
    const router = new Router(name, own, await SystemdMachine.boot(space));
    router.machine.write("/run/branchline.deb", (await debOf(VERSION)).contents);
    await router.machine.run("dpkg", "-i", "/run/branchline.deb");
    return router;
  }

  configure(more: object): void {
    const settings = {
      listen: [`udp:${SHARED}:${SIP}`, `udp:${this.own}:${SIP}`],
      localnet: ["10.223.42.16/28"],
      upstream: { targets: ["sip:10.223.42.200"], probe: QUICK_PROBES },
      ...more,
    };
    this.machine.write(FILE, stringify(settings));
  }

  /** By the shell of root. */
  async sh(command: string): Promise<string> {
    return this.machine.run("sh", "-c", command);
  }

  /** Waits until `branchline status` says such a thing. */
  async says(pattern: RegExp): Promise<string> {
    let text = "";
    for (let tries = 0; tries < 120; tries++) {
      text = (await this.machine.try("branchline", "status")).text;
      if (pattern.test(text.replace(/\n {2}/g, " "))) return text;
      await pause(250);
    }
    const logs = await this.machine.try("journalctl", "--no-pager", "-o", "cat", "-n", "60");
    throw new Error(`${this.name} never said ${pattern}:\n${text}\n${logs.text}`);
  }

  /** Waits until keepalived would take the address: it believes a script that has failed only once it has succeeded again for a while. */
  async standsBy(): Promise<void> {
    const states = "journalctl --no-pager -o cat -u keepalived | grep -o 'Entering [A-Z]* STATE' | tail -n 1";
    await expect.poll(() => this.sh(states), { timeout: PATIENCE_MS, interval: 250 }).toBe("Entering BACKUP STATE\n");
  }
}

/** Both as deploy/pair.md says. */
async function pair() {
  const ethernet = Namespace.create("switch");
  ethernet.ip("link", "add", "lan", "type", "bridge");
  ethernet.ip("link", "set", "lan", "up");
  for (const host of ["10.223.42.17", "10.223.42.200"]) ethernet.addAddress(`${host}/24`, "lan");
  const phone = await SipAgent.open({ host: "10.223.42.17", port: SIP }, ethernet.name);
  const pbx = await SipAgent.open({ host: "10.223.42.200", port: SIP }, ethernet.name);
  const left = await Router.build("left", ethernet);
  const right = await Router.build("right", ethernet);
  for (const router of [left, right]) {
    router.configure({});
    await router.sh("systemctl enable --now branchline");
    await router.says(/^branchline \S+, running for/);
    router.configure({
      cluster: {
        name: router.name,
        members: { left: "10.223.42.2", right: "10.223.42.3" },
        secret: "state/cluster-secret",
        shared: [SHARED],
      },
    });
  }
  expect(await left.sh("branchline cluster secret")).toContain("Wrote /etc/branchline/state/cluster-secret");
  right.machine.write("/run/secret", await left.sh("cat /etc/branchline/state/cluster-secret"));
  await right.sh("branchline cluster secret --from - </run/secret");
  for (const router of [left, right]) {
    expect(await router.sh("branchline check")).toContain("is valid, ");
    await router.sh(`branchline cluster keepalived > ${KEEPALIVED} && keepalived --config-test`);
    await router.sh("systemctl restart branchline keepalived");
    await router.says(/Pair: \w+ is active[\s\S]*Upstream 10\.223\.42\.200: up/);
  }
  return { left, right, phone, pbx };
}

const lacks = [...whyNoSystemd(), ...missingKeepalived()];

function missingKeepalived(): string[] {
  try {
    pathOf("keepalived");
    return [];
  } catch (error) {
    return [String(error)];
  }
}

describeUnless(lacks, "a pair of Debians", () => {
  test("shares an address: a drained member gives it away, and one that hangs or is stopped loses it", async () => {
    const { left, right, phone, pbx } = await pair();
    await left.says(/Pair: left is active.*it holds 10\.223\.42\.1$/m);
    await right.says(/Pair: right is active.*left holds 10\.223\.42\.1$/m);
    const call = async () => {
      const outwards = { to: "sip:5551234@pbx.example.com", through: { host: SHARED, port: SIP } };
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
