/** The stage of the pair: two routers that share an address, and the branch between them. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Address } from "../sip/address.ts";
import { DOMAIN } from "../sip/build.ts";
import { Gateway } from "./actors/gateway.ts";
import { Pbx } from "./actors/pbx.ts";
import { Phone } from "./actors/phone.ts";
import { findFreePort } from "./free-port.ts";
import { Member } from "./member.ts";
import type { Stage } from "./play.ts";
import type { Ladder } from "./screen/ladder.ts";
import type { Sighting } from "./sip/watched-wire.ts";
import { PATIENCE } from "./wait.ts";

/** What the phones have as their outbound proxy. */
const SHARED_HOST = "127.0.30.1";
const LEFT_HOST = "127.0.34.1";
const RIGHT_HOST = "127.0.34.2";
const PHONE_NET = "127.0.31";
const PBX_HOST = "127.0.32.10";
const GATEWAY_HOST = "127.0.33.3";
/** Of SIP, and that of the members beside it. */
const PORTS = 2;
const EXTENSIONS = ["201", "202", "203", "204"] as const;
const SECRET_OCTETS = 32;

export class PairOffice implements Stage {
  readonly phones: readonly [Phone, Phone, Phone, Phone];
  readonly pbx: Pbx;
  readonly gateway: Gateway;
  readonly left: Member;
  readonly right: Member;
  readonly gatewayAddress: Address;
  /** What left has been given to read. */
  readonly config: string;
  private readonly ladder: Ladder;
  private readonly folder = mkdtempSync(join(tmpdir(), "branchline-demo-"));
  private readonly failures: Promise<never>;

  private constructor(port: number, ladder: Ladder) {
    const at = (host: string): Address => ({ host, port });
    const watch = (sighting: Sighting) => this.watch(sighting);
    const phone = (extension: string) =>
      new Phone(
        { extension, address: at(phoneHost(extension)), domain: DOMAIN, outboundProxy: at(SHARED_HOST) },
        watch,
      );
    const [first, second, third, fourth] = EXTENSIONS;
    this.ladder = ladder;
    this.gatewayAddress = at(GATEWAY_HOST);
    this.phones = [phone(first), phone(second), phone(third), phone(fourth)];
    this.pbx = new Pbx(at(PBX_HOST), DOMAIN, watch);
    this.gateway = new Gateway(this.gatewayAddress, watch);
    let fail: (error: Error) => void = () => {};
    this.failures = new Promise((_resolve, reject) => {
      fail = reject;
    });
    this.failures.catch(() => {});
    const secret = randomBytes(SECRET_OCTETS).toString("base64");
    const member = (name: string, host: string) =>
      new Member(
        {
          name,
          host,
          folder: join(this.folder, name),
          config: configOf(name, host, port),
          secret,
          shared: `udp:${SHARED_HOST}:${port}`,
        },
        { onEvent: ({ name: router }, what) => ladder.drawEvent(what, router), onFailure: (error) => fail(error) },
      );
    this.left = member("left", LEFT_HOST);
    this.right = member("right", RIGHT_HOST);
    this.config = configOf("left", LEFT_HOST, port);
    process.on("exit", this.destroy);
  }

  /** Everybody listens but the routers: the first step starts them. */
  static async open(ladder: Ladder): Promise<PairOffice> {
    const devices = [PBX_HOST, GATEWAY_HOST, ...EXTENSIONS.map(phoneHost)];
    const port = await findFreePort([SHARED_HOST, LEFT_HOST, RIGHT_HOST, ...devices], PORTS);
    const office = new PairOffice(port, ladder);
    try {
      await Promise.all(office.devices.map((device) => device.open()));
      return office;
    } catch (error) {
      await office.close();
      throw error;
    }
  }

  /** The router that has the shared address. */
  get holder(): Member | undefined {
    return this.members.find(({ isHolder }) => isHolder);
  }

  get logs() {
    return new Map(this.members.map(({ name, log }) => [name, log]));
  }

  failure(): Promise<never> {
    return this.failures;
  }

  async close(): Promise<void> {
    for (const device of this.devices) device.close();
    await Promise.all(this.members.map((member) => member.stop()));
    process.removeListener("exit", this.destroy);
    this.destroy();
  }

  private get members(): readonly Member[] {
    return [this.left, this.right];
  }

  private get devices() {
    return [...this.phones, this.pbx, this.gateway];
  }

  /** Draws it after what the routers have said before: their logs tell who has the address. */
  private watch(sighting: Sighting): void {
    const { fate, message } = sighting;
    const own = fate === "sent" ? undefined : this.members.find(({ host }) => host === message.from.host);
    const known = own ?? this.holder;
    setImmediate(() => this.ladder.draw(sighting, (known ?? this.holder)?.name));
  }

  /** Leaves nothing behind, however the program ends. */
  private readonly destroy = (): void => {
    for (const member of this.members) member.destroy();
    rmSync(this.folder, { recursive: true, force: true });
  };
}

function phoneHost(extension: string): string {
  return `${PHONE_NET}.${extension}`;
}

/** Probes are quicker than by default, for upstream's outage to be seen soon. */
function configOf(name: string, host: string, port: number): string {
  return `listen: [udp:${SHARED_HOST}:${port}, udp:${host}:${port}]
localnet: [${PHONE_NET}.0/24]
upstream:
  targets: sip:${PBX_HOST}:${port}
  may_dial_out: false
  probe: {interval: 30s, suspect_interval: 300ms, down_interval: 1s, timeout: ${700 * PATIENCE}ms}
  hold: 1s
gateways: [sip:${GATEWAY_HOST}:${port}]
emergency: ["112"]
hunt_groups: {}
cluster:
  name: ${name}
  members: {left: "${LEFT_HOST}:${port + 1}", right: "${RIGHT_HOST}:${port + 1}"}
  secret: secret
  shared: [${SHARED_HOST}]
  health_file: healthy
state: state
log: debug
`;
}
