/**
 * keepalived with the configuration that `branchline cluster keepalived` prints: it finds no fault with it, and moves the addresses by what
 * the health file says, and by its age.
 *
 *            ┌─ lan 10.222.237.2 left  198.51.100.2 wan ─┐
 *   switch ──┤                                           ├── switch
 *            └─ lan 10.222.237.3 right 198.51.100.3 wan ─┘      shared: 10.222.237.1, 198.51.100.1, 2001:db8::1
 */
import { copyFileSync, mkdirSync, renameSync, utimesSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { fileOf, PROGRAM, wordsOf } from "../support/program.ts";
import { Child } from "./support/child.ts";
import { cleanUpAfterEach, defer } from "./support/cleanup.ts";
import { until } from "./support/clock.ts";
import { Namespace } from "./support/namespace.ts";
import { describeWith } from "./support/peers.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const SCRIPT = fileURLToPath(new URL("../../deploy/healthy.sh", import.meta.url));
const NAMES = ["left", "right"] as const;
const SHARED = ["10.222.237.1/24", "198.51.100.1/24", "2001:db8::1/64"];

cleanUpAfterEach();

/** A router of the pair: what branchline would do for keepalived, the test does. */
class Router {
  readonly space: Namespace;
  readonly config: string;
  private readonly health: string;
  private readonly folder: string;
  private readonly name: string;
  private says: string | undefined = undefined;

  constructor(name: (typeof NAMES)[number], ethernet: Namespace) {
    const end = name === "left" ? 2 : 3;
    const folder = temporaryFolder();
    this.folder = folder;
    this.name = name;
    this.space = Namespace.create(name);
    for (const [device, addresses] of [
      ["lan", [`10.222.237.${end}/24`, `2001:db8::${end}/64`]],
      ["wan", [`198.51.100.${end}/24`]],
    ] as const) {
      this.space.ip("link", "add", device, "type", "veth", "peer", "name", `${device}-${name}`, "netns", ethernet.name);
      for (const address of addresses) this.space.ip("address", "add", address, "dev", device, "nodad");
      ethernet.ip("link", "set", `${device}-${name}`, "master", device, "up");
      this.space.ip("link", "set", device, "up");
    }
    this.health = join(folder, "run/healthy");
    mkdirSync(join(folder, "run"));
    this.config = join(folder, "keepalived.conf");
    this.unpack("198.51.100.1");
    writeFileSync(this.config, this.printed("keepalived"));
    const beat = setInterval(() => this.beat(), 1_000);
    defer(() => clearInterval(beat));
  }

  /** As a package has it, the script lies beside the program. */
  private unpack(shared: string): void {
    const { folder, name } = this;
    writeFileSync(
      join(folder, "branchline.yaml"),
      `listen: [udp:10.222.237.1, udp:198.51.100.1, "udp:[2001:db8::1]"]
localnet: [10.222.237.0/24]
cluster:
  name: ${name}
  members: {left: 10.222.237.2, right: 10.222.237.3}
  secret: secret
  shared: [10.222.237.1, ${shared}, "2001:db8::1"]
  health_file: ${this.health}
`,
    );
    writeFileSync(join(folder, "secret"), "0123456789abcdef".repeat(2), { mode: 0o600 });
    copyFileSync(fileOf(PROGRAM), join(folder, basename(fileOf(PROGRAM))));
    copyFileSync(SCRIPT, join(folder, "healthy.sh"));
  }

  /** By `branchline cluster`. */
  printed(what: "keepalived" | "openwrt" | "edgeos"): string {
    const program = wordsOf(PROGRAM, join(this.folder, basename(fileOf(PROGRAM))));
    return this.space.output("env", ...program, "cluster", what, "-c", join(this.folder, "branchline.yaml"));
  }

  /** The interface towards the PBX keeps no address of the router's own. */
  takeOwnWan(): void {
    this.space.ip("address", "flush", "dev", "wan");
    this.unpack("{address: 198.51.100.1/24, interface: wan}");
    writeFileSync(this.config, this.printed("keepalived"));
  }

  start(): void {
    const folder = temporaryFolder();
    const pids = ["-p", join(folder, "main.pid"), "-r", join(folder, "vrrp.pid")];
    const all = ["-n", "-l", "-D", "-P", "-f", this.config, ...pids];
    const keepalived = new Child("keepalived", all, { namespace: this.space.name });
    defer(() => keepalived.stop());
  }

  /** From now on the file says so, and is written each second. */
  say(text: string): void {
    this.says = text;
    this.beat();
  }

  /** From now on the file isn't written, and it is old already. */
  hang(): void {
    this.says = undefined;
    const long_ago_s = Date.now() / 1_000 - 60;
    utimesSync(this.health, long_ago_s, long_ago_s);
  }

  private beat(): void {
    if (this.says === undefined) return;
    writeFileSync(`${this.health}.new`, `${this.says}\n`);
    renameSync(`${this.health}.new`, this.health);
  }

  /** The shared addresses that are here. */
  get holds(): readonly string[] {
    const all = this.space.output("ip", "-o", "address");
    return SHARED.filter((address) => all.includes(` ${address} `));
  }
}

function ethernet(): Namespace {
  const space = Namespace.create("switch");
  for (const device of ["lan", "wan"]) {
    space.ip("link", "add", device, "type", "bridge");
    space.ip("link", "set", device, "up");
  }
  return space;
}

/** "left", "right", "both", "none", or "some" where they aren't together. */
function holder([left, right]: readonly [Router, Router]): string {
  const [here, there] = [left.holds.length, right.holds.length];
  const all = SHARED.length;
  if (here === all && there === 0) return "left";
  if (here === 0 && there === all) return "right";
  if (here === all && there === all) return "both";
  return here + there === 0 ? "none" : "some";
}

describeWith(["keepalived", "namespaces"], "keepalived, as branchline sets it up", () => {
  test("has no fault in its configuration", () => {
    const router = new Router("left", ethernet());
    expect(() => router.space.output("keepalived", "--config-test", "-f", router.config)).not.toThrow();
    writeFileSync(router.config, "vrrp_instance x {\n  no_such_word\n}\n");
    expect(() => router.space.output("keepalived", "--config-test", "-f", router.config)).toThrow();
  });

  test("has the same settings as OpenWrt's package and EdgeOS, in characters that these read", () => {
    const router = new Router("left", ethernet());
    expect(router.printed("openwrt")).toMatch(/^[\n -~]*\n {2}list virtual_ipaddress 'branchline_51_1'\n[\n -~]*$/);
    expect(router.printed("edgeos")).toMatch(/^[\n -~]* virtual-address 10\.222\.237\.1\/24\n[\n -~]*$/);
    expect(router.printed("openwrt") + router.printed("edgeos")).not.toContain("?");
  });

  test("moves all addresses together: not away from one that works, but away from one that isn't healthy, and not back by itself", async () => {
    const network = ethernet();
    const routers = [new Router("left", network), new Router("right", network)] as const;
    const [left, right] = routers;
    const holds = (who: string) => until(`${who} holds the addresses`, () => holder(routers) === who);
    for (const router of routers) {
      router.say("1");
      router.start();
      await holds("left");
    }
    left.say("0");
    await holds("right");
    // No other member takes calls: the second line isn't for keepalived.
    left.say("1\nalone");
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(holder(routers)).toBe("right");
    right.hang();
    await holds("left");
  });

  test("moves the only address of an interface, too, by health and by the cable of that interface", async () => {
    const network = ethernet();
    const routers = [new Router("left", network), new Router("right", network)] as const;
    const [left] = routers;
    const holds = (who: string) => until(`${who} holds the addresses`, () => holder(routers) === who);
    for (const router of routers) {
      router.takeOwnWan();
      router.say("1");
      router.start();
      await holds("left");
    }
    left.say("0");
    await holds("right");
    left.say("1");
    network.ip("link", "set", "wan-right", "down");
    await holds("left");
  });
});
