/** The stage of the anycast address: three nodes that all have it, the router in front of them, phones and a PBX. */
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Address } from "../sip/address.ts";
import { DOMAIN } from "../sip/build.ts";
import { Pbx } from "./actors/pbx.ts";
import { Phone } from "./actors/phone.ts";
import { isUnderNode } from "./branchline-process.ts";
import { findFreePort } from "./free-port.ts";
import { Member } from "./member.ts";
import type { Stage } from "./play.ts";
import type { Ladder } from "./screen/ladder.ts";
import type { Sighting } from "./sip/watched-wire.ts";
import { Sprayer, writeStandIn } from "./sprayer.ts";
import { PATIENCE } from "./wait.ts";

/** What phones and PBX send to. */
const ANYCAST_HOST = "127.0.40.1";
const PHONE_NET = "127.0.41";
const PBX_HOST = "127.0.42.10";
/** Each node's own address, which also stands for the anycast address there. */
const NODES = [
  { name: "node1", host: "127.0.44.1" },
  { name: "node2", host: "127.0.44.2" },
  { name: "node3", host: "127.0.44.3" },
] as const;
/** Of SIP, and that of the members beside it. */
const PORTS = 2;
const EXTENSIONS = ["201", "202", "203", "204"] as const;
const SECRET_OCTETS = 32;

export class AnycastOffice implements Stage {
  readonly phones: readonly [Phone, Phone, Phone, Phone];
  readonly pbx: Pbx;
  readonly nodes: readonly Member[];
  readonly router: Sprayer;
  /** What node1 has been given to read. */
  readonly config: string;
  /** All that the actors have seen. */
  readonly sightings: Sighting[] = [];
  private readonly folder = mkdtempSync(join(tmpdir(), "branchline-demo-"));
  private readonly failures: Promise<never>;

  private constructor(port: number, ladder: Ladder) {
    const at = (host: string): Address => ({ host, port });
    const routes = join(this.folder, "routes");
    mkdirSync(routes);
    const router = new Sprayer(at(ANYCAST_HOST), NODES, routes);
    const watch = (sighting: Sighting) => {
      this.sightings.push(sighting);
      ladder.draw(sighting, sighting.router);
    };
    const phone = (extension: string) => {
      const settings = {
        extension,
        address: at(phoneHost(extension)),
        domain: DOMAIN,
        outboundProxy: at(ANYCAST_HOST),
      };
      return new Phone(settings, watch, router);
    };
    const [first, second, third, fourth] = EXTENSIONS;
    this.router = router;
    this.phones = [phone(first), phone(second), phone(third), phone(fourth)];
    this.pbx = new Pbx(at(PBX_HOST), DOMAIN, watch, router);
    let fail: (error: Error) => void = () => {};
    this.failures = new Promise((_resolve, reject) => {
      fail = reject;
    });
    this.failures.catch(() => {});
    const secret = randomBytes(SECRET_OCTETS).toString("base64");
    this.nodes = NODES.map(({ name, host }) => {
      const folder = join(this.folder, name);
      mkdirSync(folder);
      const preload = writeStandIn(folder, ANYCAST_HOST, host);
      const config = configOf(name, port, router.routeOf(name));
      return new Member(
        { name, host, folder, config, secret, preload },
        { onEvent: ({ name: node }, what) => ladder.drawEvent(what, node), onFailure: (error) => fail(error) },
      );
    });
    this.config = configOf(NODES[0].name, port, router.routeOf(NODES[0].name));
    process.on("exit", this.destroy);
  }

  /** Everybody listens but the nodes: the first step starts them. */
  static async open(ladder: Ladder): Promise<AnycastOffice> {
    if (!isUnderNode())
      throw new Error("its nodes need a Node, which takes another loopback address for the anycast one");
    const hosts = [ANYCAST_HOST, PBX_HOST, ...NODES.map(({ host }) => host), ...EXTENSIONS.map(phoneHost)];
    const office = new AnycastOffice(await findFreePort(hosts, PORTS), ladder);
    try {
      await Promise.all(office.devices.map((device) => device.open()));
      return office;
    } catch (error) {
      await office.close();
      throw error;
    }
  }

  /** @throws when there is none of that name */
  node(name: string): Member {
    const found = this.nodes.find((one) => one.name === name);
    if (found === undefined) throw new Error(`"${name}" is no node`);
    return found;
  }

  /** Its power is cut; the router learns of that a moment later. */
  async kill(node: Member): Promise<void> {
    this.router.lose(node.name);
    await node.kill();
  }

  /** Resolves once it serves. */
  async start(node: Member): Promise<void> {
    this.router.restore(node.name);
    await node.start();
  }

  get logs() {
    return new Map(this.nodes.map(({ name, log }) => [name, log]));
  }

  failure(): Promise<never> {
    return this.failures;
  }

  async close(): Promise<void> {
    for (const device of this.devices) device.close();
    await Promise.all(this.nodes.map((node) => node.stop()));
    process.removeListener("exit", this.destroy);
    this.destroy();
  }

  private get devices() {
    return [...this.phones, this.pbx];
  }

  /** Leaves nothing behind, however the program ends. */
  private readonly destroy = (): void => {
    for (const node of this.nodes) node.destroy();
    rmSync(this.folder, { recursive: true, force: true });
  };
}

function phoneHost(extension: string): string {
  return `${PHONE_NET}.${extension}`;
}

/** @param route the file that is there while the route is announced */
function configOf(name: string, port: number, route: string): string {
  const members = NODES.map((node) => `${node.name}: "${node.host}:${port + 1}"`);
  return `listen: [{address: "udp:${ANYCAST_HOST}:${port}", anycast: true}]
localnet: [${PHONE_NET}.0/24]
upstream:
  targets: sip:${PBX_HOST}:${port}
  may_dial_out: false
  probe: {interval: 30s, suspect_interval: 300ms, down_interval: 1s, timeout: ${700 * PATIENCE}ms}
hunt_groups: {}
server_header: ${name}
cluster:
  mode: anycast
  name: ${name}
  members: {${members.join(", ")}}
  secret: secret
  health_file: healthy
  route:
    announce: [touch, "${route}"]
    withdraw: [rm, -f, "${route}"]
state: state
log: debug
`;
}
