/**
 * A branch whose branchline runs in a lane, and who is there to call each other:
 *
 *   phones 201, 202 (UDP), 203 (TCP), 205 (IPv6) ── branchline (lane) ──┬── upstream
 *                                                                       └── gateway
 */
import { hostPort, Subnet, sipUri } from "../peers/support/addresses.ts";
import { Branchline, type Settings, type Surroundings } from "../peers/support/branchline.ts";
import { SipAgent } from "../peers/support/sip-agent.ts";
import type { Lane } from "./lanes.ts";

export const net = new Subnet(60);
export const proxy = net.at(1);
/** ::1 is one address for all: the ports tell runs apart. Those below are given to any program that asks for one. */
const proxy6 = { host: "::1", port: 61_000 + (process.pid % 2_000) };
const phone6 = { host: "::1", port: proxy6.port + 2_000 };
export const outwards = { to: "sip:5551234@pbx.example.com", through: proxy };

/** Long enough that neither a busy machine nor an emulated processor which has something to compile is taken for a silent one. */
export function frTimer_ms({ patience }: Lane): number {
  return patience === 1 ? 3_000 : 6_000;
}

/** @param changes to the configuration */
export async function branch(lane: Lane, changes: Partial<Settings> = {}) {
  const upstream = await SipAgent.open(net.at(2));
  const gateway = await SipAgent.open(net.at(3));
  const phone = await SipAgent.open(net.at(17));
  const other = await SipAgent.open(net.at(18));
  const six = await SipAgent.open(phone6);
  const fr_ms = frTimer_ms(lane);
  const settings: Settings = {
    listen: [`udp:${hostPort(proxy)}`, `tcp:${hostPort(proxy)}`, `udp:${hostPort(proxy6)}`],
    localnet: [net.network(16), "::1/128"],
    upstream: {
      targets: [`sip:${upstream.sentBy}`],
      fr_timer: `${fr_ms}ms`,
      probe: { interval: "500ms", suspect_interval: "200ms", down_interval: "300ms", timeout: `${fr_ms / 2}ms` },
      hold: "500ms",
    },
    gateways: [`sip:${gateway.sentBy}`],
    survival: { notice_hold: "200ms" },
    hunt_groups: { default: { members: [phone, other, six].map(({ endpoint }) => sipUri("phone", endpoint)) } },
    ...changes,
  };
  const start = (surroundings: Surroundings = {}) =>
    Branchline.start(settings, { program: lane.program, ...surroundings });
  return { upstream, gateway, phone, other, six, proxy6, start };
}

export type Branch = Awaited<ReturnType<typeof branch>>;

/** As {@link branch}, once branchline knows that upstream answers. */
export async function openBranch(lane: Lane, changes: Partial<Settings> = {}) {
  const all = await branch(lane, changes);
  const branchline = await all.start();
  await branchline.upstreamIs("up");
  return { ...all, branchline };
}
