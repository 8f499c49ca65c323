/**
 * Routing daemons with the configuration that `branchline cluster` prints: they find no fault with it, announce the address when they are told
 * so, and withdraw it.
 *
 *   node1 10.205.205.11, 10.206.206.1 on lo ── 10.205.205.254 router
 *   node1 fd00:205::b, fd00:206::1 on lo ── fd00:205::fe router
 */
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, copyFileSync, existsSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { runTool, whyNoRoute } from "../../src/io/node/run-program.ts";
import { hostText } from "../../src/message/uri.ts";
import { COMMAND_LIMIT_MS } from "../support/machine.ts";
import { fileOf, PROGRAM, wordsOf } from "../support/program.ts";
import { Child } from "./support/child.ts";
import { cleanUpAfterEach, defer } from "./support/cleanup.ts";
import { until } from "./support/clock.ts";
import { Namespace } from "./support/namespace.ts";
import { describeWith } from "./support/peers.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

/** Addresses, their prefix lengths, and the version of OSPF. */
const PLACES = {
  4: {
    address: "10.206.206.1",
    own: "10.205.205.11",
    other: "10.205.205.12",
    router: "10.205.205.254",
    length: 32,
    net: 24,
    ospf: 2,
  },
  6: {
    address: "fd00:206::1",
    own: "fd00:205::b",
    other: "fd00:205::c",
    router: "fd00:205::fe",
    length: 128,
    net: 64,
    ospf: 3,
  },
} as const;
type Version = keyof typeof PLACES;

function byBgp(version: Version): readonly string[] {
  return ["--neighbor", `${PLACES[version].router},65000`];
}

const ROUTE_SCRIPT = fileURLToPath(new URL("../../deploy/route-follow.sh", import.meta.url));

cleanUpAfterEach();

/** A router with BIRD, by OSPF and by BGP at the same time. */
function birdOfRouter(version: Version): string {
  const { address, own, router, length, ospf } = PLACES[version];
  return `router id 10.205.205.254;
protocol device { scan time 1; }
protocol kernel { merge paths on; ipv${version} { export where net = ${address}/${length}; }; }
protocol bfd { interface "eth0" { min rx interval 100 ms; min tx interval 100 ms; multiplier 3; }; }
protocol bgp {
  local ${router} as 65000; neighbor ${own} as 65001;
  bfd on; connect delay time 1; connect retry time 1; error wait time 1, 1;
  ipv${version} { import all; export none; };
}
protocol ospf v${ospf} {
  ecmp yes; merge external yes;
  ipv${version} { import all; export none; };
  area 0 { interface "eth0" { hello 1; dead 4; wait 2; priority 10; bfd yes; }; };
}
`;
}

/** The two machines; the router's daemon runs. */
class Network {
  readonly node = Namespace.create("node1");
  readonly router = Namespace.create("router");
  readonly folder = temporaryFolder();

  private readonly version: Version;

  constructor(version: Version = 4) {
    this.version = version;
    const { address, own, other, router, length, net } = PLACES[version];
    // An address of IPv6 is there at once.
    for (const space of [this.node, this.router]) space.set("net.ipv6.conf.default.accept_dad=0");
    this.node.connect(["eth0", `${own}/${net}`], this.router, ["eth0", `${router}/${net}`]);
    this.node.addAddress(`${address}/${length}`);
    const { folder } = this;
    const program = basename(fileOf(PROGRAM));
    copyFileSync(fileOf(PROGRAM), join(folder, program));
    copyFileSync(ROUTE_SCRIPT, join(folder, basename(ROUTE_SCRIPT)));
    writeFileSync(join(folder, "secret"), "0123456789abcdef".repeat(2), { mode: 0o600 });
    writeFileSync(
      join(folder, "branchline.yaml"),
      `listen: [{address: "udp:${hostText(address)}:5060", anycast: true}]
localnet: [10.204.204.0/24]
cluster:
  mode: anycast
  name: node1
  members: {node1: "${own}", node2: "${other}"}
  secret: secret
  health_file: ${folder}/healthy
`,
    );
  }

  /** By `branchline cluster`. */
  printed(...words: readonly string[]): string {
    const program = wordsOf(PROGRAM, join(this.folder, basename(fileOf(PROGRAM))));
    return this.node.output("env", ...program, "cluster", ...words, "-c", join(this.folder, "branchline.yaml"));
  }

  /** Kept in a file. */
  configOf(...words: readonly string[]): string {
    const path = join(this.folder, `${words[0]}.conf`);
    writeFileSync(path, this.printed(...words));
    return path;
  }

  startRouter(): void {
    const config = join(this.folder, "router.conf");
    writeFileSync(config, birdOfRouter(this.version));
    this.start(this.router, "bird", "-f", "-c", config, "-s", join(this.folder, "router.ctl"));
  }

  start(space: Namespace, program: string, ...args: readonly string[]): Child {
    const daemon = new Child(program, args, { namespace: space.name });
    defer(() => daemon.stop("SIGKILL"));
    return daemon;
  }

  get isAnnounced(): boolean {
    const { address, own } = PLACES[this.version];
    const route = this.router.output("ip", `-${this.version}`, "route", "show", address);
    // Routers of IPv6 know each other by addresses of the link.
    return route.includes(this.version === 4 ? `via ${own} ` : " via fe80:") || route.includes(` via ${own} `);
  }

  async announced(isSo: boolean): Promise<void> {
    await until(`the router ${isSo ? "has" : "doesn't have"} the route`, () => this.isAnnounced === isSo);
  }

  becomesPair(): void {
    const { own, other } = PLACES[4];
    writeFileSync(
      join(this.folder, "branchline.yaml"),
      `listen: [udp:10.205.205.1, udp:${own}]
localnet: [10.205.205.0/24]
cluster: {name: node1, members: {node1: ${own}, node2: ${other}}, secret: secret, shared: [10.205.205.1]}
`,
    );
  }

  /** By OSPF or BGP the router and the other one are neighbours. */
  async met(): Promise<void> {
    const control = join(this.folder, "router.ctl");
    await until("the router's daemon hears", () => existsSync(control));
    const birdc = (...words: readonly string[]) => this.router.output("birdc", "-s", control, "show", ...words);
    const isMet = () => /Established|Full/.test(birdc("protocols", "all") + birdc("ospf", "neighbors"));
    await until("they are neighbours", isMet);
    expect(this.isAnnounced).toBe(false);
  }

  /** All routes of this machine are those of its own addresses. */
  get hasOwnRoutesAlone(): boolean {
    const routes = this.node.output("ip", `-${this.version}`, "route", "show").trim().split("\n");
    return routes.every((one) => one.includes(" proto kernel ") && !one.includes(" via "));
  }
}

const WAYS = ([4, 6] as const).flatMap((version) => [
  ["OSPF", version, []] as const,
  ["BGP", version, byBgp(version)] as const,
]);

describeWith(["bird", "namespaces"], "BIRD, as branchline sets it up", () => {
  test("has no fault in its configuration", () => {
    for (const [, version, by] of WAYS) {
      const network = new Network(version);
      expect(network.node.output("bird", "-p", "-c", network.configOf("bird", ...by))).toBe("");
    }
    const network = new Network();
    const wrong = join(network.folder, "wrong.conf");
    writeFileSync(wrong, `${network.printed("bird")}no_such_word;\n`);
    expect(() => network.node.output("bird", "-p", "-c", wrong)).toThrow();
  });

  test.each(WAYS)("announces by %s an address of IPv%i only when it is told", async (_, version, by) => {
    const network = new Network(version);
    network.startRouter();
    const control = join(network.folder, "bird.ctl");
    network.start(network.node, "bird", "-f", "-c", network.configOf("bird", ...by), "-s", control);
    await network.met();
    const birdc = (...words: readonly string[]) => network.node.output("birdc", "-s", control, ...words);
    birdc("enable", "anycast");
    await network.announced(true);
    birdc("disable", "anycast");
    await network.announced(false);
    // A repetition is no fault, and a protocol that isn't there is one.
    birdc("disable", "anycast");
    expect(() => birdc("disable", "nothing")).toThrow();
    expect(network.hasOwnRoutesAlone).toBe(true);
  });
});

describeWith(["bird", "vtysh", "namespaces"], "FRR, as branchline sets it up", () => {
  test.each(WAYS)("announces by %s an address of IPv%i only when it is told", async (_, version, by) => {
    const network = new Network(version);
    network.startRouter();
    const config = network.configOf("frr", ...by);
    const sockets = temporaryFolder();
    chownSync(sockets, Number(idOf("-u")), Number(idOf("-g")));
    chmodSync(sockets, 0o755);
    const places = ["--vty_socket", sockets, "-A", "127.0.0.1", "-z", join(sockets, "zserv.api")];
    const ospf = version === 4 ? "ospf" : "ospf6";
    const daemons = ["zebra", "bfdd", by.length === 0 ? `${ospf}d` : "bgpd"];
    for (const daemon of daemons) {
      const more = daemon === "bfdd" ? ["--bfdctl", join(sockets, "bfdd.sock")] : [];
      const all = [...places, "-i", join(sockets, `${daemon}.pid`), ...more];
      network.start(network.node, `/usr/lib/frr/${daemon}`, ...all);
    }
    const vtysh = (...words: readonly string[]) => network.node.output("vtysh", "--vty_socket", sockets, ...words);
    expect(vtysh("-C", "-f", config)).toBe("");
    await until("its daemons hear", () => daemons.every((one) => existsSync(join(sockets, `${one}.vty`))));
    vtysh("-f", config);
    await network.met();
    const family = `address-family ipv${version} unicast`;
    const place = by.length === 0 ? [`router ${ospf}`] : ["router bgp 65001", family];
    const tell = (line: string) => vtysh(...["configure terminal", ...place, line].flatMap((one) => ["-c", one]));
    // At the start of branchline the route is withdrawn, though it isn't there.
    tell("no redistribute connected");
    tell("redistribute connected route-map branchline");
    await network.announced(true);
    tell("no redistribute connected");
    await network.announced(false);
    expect(() => tell("no such word")).toThrow();
    expect(network.hasOwnRoutesAlone).toBe(true);
  });
});

/** FRR's daemons give up root's rights. */
function idOf(which: "-u" | "-g"): string {
  return execFileSync("id", [which, "frr"], { encoding: "utf8" }).trim();
}

describeWith(["exabgp", "namespaces"], "ExaBGP, as branchline sets it up", () => {
  test("has no fault in its configuration", () => {
    for (const version of [4, 6] as const) {
      const network = new Network(version);
      const config = network.configOf("exabgp", ...byBgp(version));
      expect(() => network.node.output("exabgp", "--test", config)).not.toThrow();
    }
    const network = new Network();
    const config = join(network.folder, "exabgp.conf");
    writeFileSync(config, "neighbor 10.205.205.254 {\n  no_such_word 1;\n}\n");
    expect(() => network.node.output("exabgp", "--test", config)).toThrow();
  });
});

/** Its pipes are its own, whatever runs on this machine. */
const OWN_PIPES =
  "mount -t tmpfs none /run && mkdir /run/exabgp && mkfifo /run/exabgp/exabgp.in /run/exabgp/exabgp.out && chmod 666 /run/exabgp/*";

describeWith(["exabgp", "namespaces"], "ExaBGP", () => {
  test.each([4, 6] as const)(
    "announces an address of IPv%i when it is told, and what it doesn't do has failed",
    async (version) => {
      const network = new Network(version);
      network.startRouter();
      const config = network.configOf("exabgp", ...byBgp(version));
      const run = `${OWN_PIPES} && exec env exabgp.daemon.user=root exabgp ${config}`;
      const { pid } = network.start(network.node, "sh", "-c", run);
      await network.met();
      const { address, length } = PLACES[version];
      const whyNot = async (word: string, route = `${address}/${length}`) => {
        const command = ["exabgpcli", word, "route", route, "next-hop", "self"];
        return whyNoRoute(await runTool(["nsenter", "-t", `${pid}`, "-m", "-n", ...command], COMMAND_LIMIT_MS));
      };
      // At the start of branchline the route is withdrawn, though it isn't there.
      expect(await whyNot("withdraw")).toBeUndefined();
      expect(await whyNot("announce")).toBeUndefined();
      await network.announced(true);
      expect(await whyNot("announce", `${address}/999`)).toMatch(/^ExaBGP returns an error/);
      expect(await whyNot("withdraw")).toBeUndefined();
      await network.announced(false);
    },
  );
});

describeWith(["namespaces"], "branchline cluster", () => {
  test("refuses what is for the other mode, and says why", () => {
    const network = new Network();
    for (const what of ["keepalived", "openwrt", "edgeos"]) {
      expect(() => network.printed(what)).toThrow(/mode anycast: all members have the address, and no VRRP moves it/);
    }
    expect(() => network.printed("exabgp")).toThrow(/ExaBGP speaks BGP alone/);
    expect(() => network.printed("keepalived", "--systemd")).toThrow(/belong to branchline cluster bird/);
    expect(network.printed("bird", "--systemd")).toContain("SupplementaryGroups=bird\n");
    network.becomesPair();
    for (const what of ["bird", "frr", "exabgp"]) {
      expect(() => network.printed(what)).toThrow(/has a pair: its VRRP moves the addresses/);
    }
  });
});
