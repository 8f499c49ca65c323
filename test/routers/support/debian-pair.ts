/**
 * A pair of Debians that boot, each with systemd, keepalived and the .deb, set up as deploy/pair.md says:
 *
 *   phones 10.223.42.17 … ┐        ┌ left  10.223.42.2 ┐
 *                         ├ switch ┤                   ├ shared 10.223.42.1
 *   pbx    10.223.42.200  ┘        └ right 10.223.42.3 ┘
 */
import { expect } from "vitest";
import { stringify } from "yaml";
import { QUICK_PROBES } from "../../peers/support/branchline.ts";
import { pause } from "../../peers/support/clock.ts";
import { Namespace } from "../../peers/support/namespace.ts";
import { pathOf } from "../../peers/support/peers.ts";
import { PATIENCE_MS } from "../../support/machine.ts";
import { SystemdMachine, whyNoSystemd } from "./systemd-machine.ts";

const FILE = "/etc/branchline/branchline.yaml";
const KEEPALIVED = "/etc/keepalived/keepalived.conf";
const SIP = 5060;
const FIRST_PHONE = 17;
export const SHARED = { host: "10.223.42.1", port: SIP };
export const PBX = { host: "10.223.42.200", port: SIP };

type Name = "left" | "right";

/** A .deb. */
export interface Deb {
  readonly contents: Uint8Array;
}

export class DebianRouter {
  readonly name: Name;
  readonly machine: SystemdMachine;
  /** Its network. */
  readonly space: Namespace;
  private readonly own: string;

  private constructor(name: Name, own: string, space: Namespace, machine: SystemdMachine) {
    this.name = name;
    this.own = own;
    this.space = space;
    this.machine = machine;
  }

  static async build(name: Name, ethernet: Namespace, deb: Deb): Promise<DebianRouter> {
    const space = Namespace.create(name);
    const own = `10.223.42.${name === "left" ? 2 : 3}`;
    space.ip("link", "add", "eth0", "type", "veth", "peer", "name", name, "netns", ethernet.name);
    space.addAddress(`${own}/24`, "eth0");
    space.ip("link", "set", "eth0", "up");
    ethernet.ip("link", "set", name, "master", "lan", "up");
    const router = new DebianRouter(name, own, space, await SystemdMachine.boot(space));
    await router.install(deb);
    return router;
  }

  /** By dpkg, with the package's own scripts; an older version is upgraded. @returns what these have said */
  async install({ contents }: Deb): Promise<string> {
    this.machine.write("/run/branchline.deb", contents);
    return this.machine.run("dpkg", "-i", "/run/branchline.deb");
  }

  private configure(more: object): void {
    const settings = {
      listen: [`udp:${SHARED.host}:${SIP}`, `udp:${this.own}:${SIP}`],
      localnet: ["10.223.42.16/28"],
      upstream: { targets: [`sip:${PBX.host}`], probe: QUICK_PROBES },
      ...more,
    };
    this.machine.write(FILE, stringify(settings));
  }

  /** With its own addresses; then its file is that of a member. */
  async beginAlone(): Promise<void> {
    this.configure({});
    await this.sh("systemctl enable --now branchline");
    await this.says(/^branchline \S+, running for/);
    this.configure({
      cluster: {
        name: this.name,
        members: { left: "10.223.42.2", right: "10.223.42.3" },
        secret: "state/cluster-secret",
        shared: [SHARED.host],
      },
    });
  }

  /** As a member, once it has the secret; with keepalived. */
  async beginPair(): Promise<void> {
    expect(await this.sh("branchline check")).toContain("is valid, ");
    await this.sh(`branchline cluster keepalived > ${KEEPALIVED} && keepalived --config-test`);
    await this.sh("systemctl restart branchline keepalived");
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

/** The LAN with its phones, and the PBX: hosts of one namespace. */
export interface DebianPair {
  readonly left: DebianRouter;
  readonly right: DebianRouter;
  /** Whose addresses phones and PBX have. */
  readonly ethernet: Namespace;
  readonly phones: readonly { readonly host: string; readonly port: number }[];
}

/** Both as deploy/pair.md says, with this package. @param pbx opens what answers at {@link PBX}, before the routers look for it */
export async function debianPair(
  deb: Deb,
  phoneCount: number,
  pbx: (ethernet: Namespace) => Promise<unknown>,
): Promise<DebianPair> {
  const hosts = Array.from({ length: phoneCount }, (_, index) => `10.223.42.${FIRST_PHONE + index}`);
  const ethernet = switchWith([...hosts, PBX.host]);
  await pbx(ethernet);
  const left = await DebianRouter.build("left", ethernet, deb);
  const right = await DebianRouter.build("right", ethernet, deb);
  for (const router of [left, right]) await router.beginAlone();
  expect(await left.sh("branchline cluster secret")).toContain("Wrote /etc/branchline/state/cluster-secret");
  right.machine.write("/run/secret", await left.sh("cat /etc/branchline/state/cluster-secret"));
  await right.sh("branchline cluster secret --from - </run/secret");
  for (const router of [left, right]) {
    await router.beginPair();
    await router.says(/Pair: \w+ is active[\s\S]*Upstream 10\.223\.42\.200: up/);
  }
  return { left, right, ethernet, phones: hosts.map((host) => ({ host, port: SIP })) };
}

/** The left one of a pair whose right one is off. It has the address. */
export async function debianWithoutOther(deb: Deb): Promise<DebianRouter> {
  const left = await DebianRouter.build("left", switchWith([]), deb);
  await left.beginAlone();
  await left.sh("branchline cluster secret");
  await left.beginPair();
  await left.says(/Pair: left is active.*it holds 10\.223\.42\.1$/m);
  return left;
}

/** To which routers can be connected, with these hosts. */
function switchWith(hosts: readonly string[]): Namespace {
  const ethernet = Namespace.create("switch");
  ethernet.ip("link", "add", "lan", "type", "bridge");
  ethernet.ip("link", "set", "lan", "up");
  for (const host of hosts) ethernet.addAddress(`${host}/24`, "lan");
  return ethernet;
}

/** Why none can be built here; empty when it can. */
export function whyNoDebianPair(): readonly string[] {
  return [...whyNoSystemd(), ...missingKeepalived()];
}

function missingKeepalived(): string[] {
  try {
    pathOf("keepalived");
    return [];
  } catch (error) {
    return [String(error)];
  }
}
