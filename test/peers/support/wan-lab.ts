/**
 * A branch office and its headquarters in five network namespaces, and the ways in which the WAN between them is cut:
 *
 *   phones   10.222.237.17 … ─ lan0 ─┐
 *                                  router ─ wan0 ── 203.0.113.1  WAN  198.51.100.1 ── 198.51.100.10 upstream
 *   gateway  10.10.1.3 ─────── gw0 ──┘  203.0.113.2
 */
import { Branchline, type Settings } from "./branchline.ts";
import { monotonic_ms } from "./clock.ts";
import { DeskPhone } from "./desk-phone.ts";
import { Namespace } from "./namespace.ts";
import { SipAgent } from "./sip-agent.ts";
import { Switchboard } from "./switchboard.ts";

const SIP = 5060;
const LAN = { host: "10.222.237.1", port: SIP };
const WAN = "203.0.113.2";
const WAN_NODE = "203.0.113.1";
export const GATEWAY = "10.10.1.3";
const UPSTREAM = "198.51.100.10";
export const UPSTREAM_URI = `sip:${UPSTREAM}`;
const FIRST_PHONE = 17;

/**
 * Datagrams vanish on their way; the router's own interface is down, and the kernel knows no route; upstream's host
 * lives, but nobody listens there.
 */
export const CUTS = ["silent drop", "link down", "process dead"] as const;
/** "route gone": all is there but the way, as when a routing daemon takes it away. */
export type Cut = (typeof CUTS)[number] | "route gone";

export class WanLab {
  readonly phones: readonly DeskPhone[];
  readonly gateway: Switchboard;
  readonly upstream: Switchboard;
  private readonly router: Namespace;
  private readonly wan: Namespace;

  private constructor(
    agents: { phones: readonly DeskPhone[]; gateway: Switchboard; upstream: Switchboard },
    spaces: { router: Namespace; wan: Namespace },
  ) {
    this.phones = agents.phones;
    this.gateway = agents.gateway;
    this.upstream = agents.upstream;
    this.router = spaces.router;
    this.wan = spaces.wan;
  }

  /**
   * All of it vanishes when the test ends.
   * @param stream what carries SIP to upstream instead of UDP
   */
  static async build(phoneCount: number, stream?: "tcp"): Promise<WanLab> {
    const [office, pstn, router, wan, headquarters] = ["phones", "gateway", "router", "wan", "upstream"].map((role) =>
      Namespace.create(role),
    ) as [Namespace, Namespace, Namespace, Namespace, Namespace];
    const hosts = Array.from({ length: phoneCount }, (_, index) => `10.222.237.${FIRST_PHONE + index}`);
    office.connect(["eth0", `${hosts[0]}/24`], router, ["lan0", `${LAN.host}/24`]);
    for (const host of hosts.slice(1)) office.addAddress(`${host}/24`, "eth0");
    pstn.connect(["eth0", `${GATEWAY}/24`], router, ["gw0", "10.10.1.1/24"]);
    router.connect(["wan0", `${WAN}/24`], wan, ["line0", `${WAN_NODE}/24`]);
    wan.connect(["hq0", "198.51.100.1/24"], headquarters, ["eth0", `${UPSTREAM}/24`]);
    wan.forwards();
    router.ip("route", "add", "default", "via", WAN_NODE);
    pstn.ip("route", "add", "default", "via", "10.10.1.1");
    headquarters.ip("route", "add", "default", "via", "198.51.100.1");
    const open = (host: string, space: Namespace) => SipAgent.open({ host, port: SIP }, space.name);
    const agents = {
      phones: (await Promise.all(hosts.map((host) => open(host, office)))).map((agent) => new DeskPhone(agent, LAN)),
      gateway: new Switchboard(await open(GATEWAY, pstn)),
      upstream: new Switchboard(await SipAgent.open({ host: UPSTREAM, port: SIP }, headquarters.name, stream)),
    };
    return new WanLab(agents, { router, wan });
  }

  /**
   * The bundle on the router. Returns once it knows that upstream answers.
   * @param wan how the file names its WAN side: an address, or the interface
   */
  async start(
    upstream: Readonly<Record<string, unknown>>,
    others: Pick<Settings, "survival" | "registration">,
    wan: typeof WAN | "wan0" = WAN,
  ): Promise<Branchline> {
    const branchline = await Branchline.start(
      {
        listen: [`udp:${LAN.host}:${SIP}`, `udp:${wan}:${SIP}`, `tcp:${wan}:${SIP}`],
        localnet: ["10.222.237.0/24"],
        upstream: { targets: [UPSTREAM_URI], ...upstream },
        gateways: [`sip:${GATEWAY}`],
        ...others,
      },
      { namespace: this.router.name },
    );
    await branchline.upstreamIs("up");
    return branchline;
  }

  /**
   * The line's other end gives the router another address in its network, as DHCP does.
   * @returns when the router had it
   */
  readdress(host: string): number {
    this.router.ip("address", "flush", "dev", "wan0");
    return this.address(host);
  }

  /** The interface is gone, as that of PPPoE is when the line is. */
  unplug(): void {
    this.router.ip("link", "delete", "wan0");
  }

  /**
   * It is back, with this address.
   * @returns when the router had it
   */
  plugIn(host: string): number {
    this.router.connect(["wan0", "192.0.2.1/32"], this.wan, ["line0", `${WAN_NODE}/24`]);
    this.router.ip("address", "flush", "dev", "wan0");
    return this.address(host);
  }

  private address(host: string): number {
    this.router.addAddress(`${host}/24`, "wan0");
    const at_ms = monotonic_ms();
    this.router.ip("route", "add", "default", "via", WAN_NODE);
    return at_ms;
  }

  /** @returns when the cutting began, by the monotonic clock */
  async cut(how: Cut): Promise<number> {
    const at_ms = monotonic_ms();
    if (how === "silent drop") this.wan.dropForwarded();
    else if (how === "link down") this.router.ip("link", "set", "wan0", "down");
    else if (how === "route gone") this.router.ip("route", "delete", "default");
    else await this.upstream.die();
    return at_ms;
  }

  /** @returns when the repair was complete */
  async repair(how: Cut): Promise<number> {
    if (how === "silent drop") this.wan.forwardAgain();
    else if (how === "process dead") await this.upstream.revive();
    else {
      if (how === "link down") this.router.ip("link", "set", "wan0", "up");
      this.router.ip("route", "add", "default", "via", WAN_NODE);
    }
    return monotonic_ms();
  }
}
