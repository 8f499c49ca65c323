/**
 * A branch office with bad lines on both sides, in four network namespaces; the gateway's cable is a good one.
 *
 *   phones  10.222.237.17 … ~~lossy~~ lan0 ─ router ─ wan0 ~~lossy~~ 198.51.100.10 upstream
 *   gateway 10.10.1.3 ─────────────── gw0 ──┘
 */
import { AnsweringSide, type Manner } from "./answering-side.ts";
import { Branchline } from "./branchline.ts";
import { CallingSide } from "./calling-side.ts";
import { openPort } from "./datagram-port.ts";
import { type LineQuality, LossyWire } from "./lossy-wire.ts";
import { Namespace } from "./namespace.ts";
import { openUserAgent } from "./user-agent.ts";

const SIP = 5060;
const LAN = { host: "10.222.237.1", port: SIP };
const WAN = "198.51.100.1";
const FIRST_PHONE = 17;
export const GATEWAY = "10.10.1.3";
export const UPSTREAM = "198.51.100.10";

export interface LossyLab {
  readonly phones: readonly CallingSide[];
  readonly upstream: AnsweringSide;
  readonly gateway: AnsweringSide;
  readonly lan: LossyWire;
  readonly wan: LossyWire;
  readonly branchline: Branchline;
}

/** All of it vanishes when the test ends. */
export async function buildLossyLab(
  phoneCount: number,
  upstreamSettings: Readonly<Record<string, unknown>>,
  quality: LineQuality,
  random: () => number,
  mannerOf: (user: string) => Manner,
): Promise<LossyLab> {
  const [office, pstn, router, headquarters] = ["phones", "gateway", "router", "upstream"].map((role) =>
    Namespace.create(role),
  ) as [Namespace, Namespace, Namespace, Namespace];
  const hosts = Array.from({ length: phoneCount }, (_, index) => `10.222.237.${FIRST_PHONE + index}`);
  office.connect(["eth0", `${hosts[0]}/24`], router, ["lan0", `${LAN.host}/24`]);
  for (const host of hosts.slice(1)) office.addAddress(`${host}/24`, "eth0");
  pstn.connect(["eth0", `${GATEWAY}/24`], router, ["gw0", "10.10.1.1/24"]);
  router.connect(["wan0", `${WAN}/24`], headquarters, ["eth0", `${UPSTREAM}/24`]);
  const [lan, wan] = [new LossyWire(quality, random), new LossyWire(quality, random)];
  const phones = await Promise.all(
    hosts.map(async (host) => {
      const agent = await openUserAgent({ host, port: SIP }, lan.opener(office.name));
      return new CallingSide(agent, LAN);
    }),
  );
  const pbx = await openUserAgent({ host: UPSTREAM, port: SIP }, wan.opener(headquarters.name));
  const trunk = await openUserAgent({ host: GATEWAY, port: SIP }, (local, onDatagram) =>
    openPort(local, onDatagram, pstn.name),
  );
  const sides = { upstream: new AnsweringSide(pbx, mannerOf), gateway: new AnsweringSide(trunk, mannerOf) };
  const settings = {
    listen: [`udp:${LAN.host}:${SIP}`, `udp:${WAN}:${SIP}`, `udp:10.10.1.1:${SIP}`],
    localnet: ["10.222.237.0/24"],
    upstream: { targets: [`sip:${UPSTREAM}`], ...upstreamSettings },
    gateways: [`sip:${GATEWAY}`],
  };
  const branchline = await Branchline.start(settings, { namespace: router.name });
  await branchline.upstreamIs("up", 30_000);
  return { phones, ...sides, lan, wan, branchline };
}
