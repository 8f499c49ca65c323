/** The stage: addresses, the actors, branchline and its configuration. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Address } from "../sip/address.ts";
import { DOMAIN } from "../sip/build.ts";
import { Gateway } from "./actors/gateway.ts";
import { Pbx } from "./actors/pbx.ts";
import { Phone } from "./actors/phone.ts";
import { Stranger } from "./actors/stranger.ts";
import { BranchlineProcess, type UpstreamEdge } from "./branchline-process.ts";
import { findFreePort } from "./free-port.ts";
import type { Stage } from "./play.ts";
import type { Watcher } from "./sip/watched-wire.ts";
import { PATIENCE } from "./wait.ts";

/** branchline's own defaults, which the configuration below leaves alone. */
export const FR_TIMER_ms = 4_000;
export const NOTICE_HOLD_ms = 1_000;

const PROXY_HOST = "127.0.20.1";
const PHONE_NET = "127.0.21";
const PBX_HOST = "127.0.22.10";
const GATEWAY_HOST = "127.0.23.3";
const STRANGER_HOST = "127.0.66.6";
const EXTENSIONS = ["201", "202", "203"] as const;

export interface Observers {
  readonly watch: Watcher;
  readonly onEdge: (edge: UpstreamEdge) => void;
  /** branchline serves its status page. */
  readonly hasPage?: boolean;
}

interface Devices {
  readonly phones: readonly [Phone, Phone, Phone];
  readonly pbx: Pbx;
  readonly gateway: Gateway;
  readonly stranger: Stranger;
}

export class BranchOffice implements Stage {
  readonly devices: Devices;
  readonly branchline: BranchlineProcess;
  /** What branchline has been given to read. */
  readonly config: string;
  readonly proxy: Address;
  readonly gatewayAddress: Address;
  /** Where the status page is; undefined: nowhere. */
  readonly page: string | undefined;
  private readonly folder: string;

  private constructor(port: number, { watch, onEdge, hasPage = false }: Observers) {
    const at = (host: string): Address => ({ host, port });
    const phone = (extension: string) =>
      new Phone({ extension, address: at(phoneHost(extension)), domain: DOMAIN, outboundProxy: at(PROXY_HOST) }, watch);
    const [first, second, third] = EXTENSIONS;
    this.proxy = at(PROXY_HOST);
    this.gatewayAddress = at(GATEWAY_HOST);
    this.devices = {
      phones: [phone(first), phone(second), phone(third)],
      pbx: new Pbx(at(PBX_HOST), DOMAIN, watch),
      gateway: new Gateway(this.gatewayAddress, watch),
      stranger: new Stranger(at(STRANGER_HOST), watch),
    };
    this.page = hasPage ? `http://${PROXY_HOST}:${port}/` : undefined;
    this.config = configOf(port, hasPage);
    this.folder = mkdtempSync(join(tmpdir(), "branchline-demo-"));
    const file = join(this.folder, "branchline.yaml");
    writeFileSync(file, this.config);
    this.branchline = new BranchlineProcess(file, onEdge);
    process.on("exit", this.destroy);
  }

  /** Everybody is there and listens. */
  static async open(observers: Observers): Promise<BranchOffice> {
    const hosts = [PROXY_HOST, PBX_HOST, GATEWAY_HOST, STRANGER_HOST, ...EXTENSIONS.map(phoneHost)];
    const office = new BranchOffice(await findFreePort(hosts), observers);
    try {
      await Promise.all(office.everybody.map((device) => device.open()));
      await office.branchline.started();
      return office;
    } catch (error) {
      await office.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    for (const device of this.everybody) device.close();
    await this.branchline.stop();
    process.removeListener("exit", this.destroy);
    this.destroy();
  }

  get logs() {
    return new Map([["branchline", this.branchline.log.all]]);
  }

  failure(): Promise<never> {
    return this.branchline.failure();
  }

  private get everybody() {
    const { phones, pbx, gateway, stranger } = this.devices;
    return [...phones, pbx, gateway, stranger];
  }

  /** Leaves nothing behind, however the program ends. */
  private readonly destroy = (): void => {
    this.branchline.kill();
    rmSync(this.folder, { recursive: true, force: true });
  };
}

function phoneHost(extension: string): string {
  return `${PHONE_NET}.${extension}`;
}

/** Probes are quicker than by default, for upstream's return to be seen soon. */
function configOf(port: number, hasPage: boolean): string {
  const members = EXTENSIONS.map((extension) => `sip:${extension}@${phoneHost(extension)}:${port}`);
  return `listen: [udp:${PROXY_HOST}:${port}]
localnet: [${PHONE_NET}.0/24]
upstream:
  targets: sip:${PBX_HOST}:${port}
  probe: {interval: 30s, suspect_interval: 300ms, down_interval: 1s, timeout: ${700 * PATIENCE}ms}
  hold: 1s
gateways: [sip:${GATEWAY_HOST}:${port}]
emergency: ["112"]
hunt_groups:
  default:
    members: [${members.join(", ")}]
strangers: drop
log: debug
${hasPage ? `http: {listen: "${PROXY_HOST}:${port}"}\n` : ""}`;
}
