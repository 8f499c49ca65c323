/** An office: upstream, a gateway and a phone that are scripted, around the running bundle. */
import { hostPort, type Subnet } from "./addresses.ts";
import { Branchline } from "./branchline.ts";
import { SipAgent } from "./sip-agent.ts";

export interface Office {
  readonly upstream: SipAgent;
  readonly gateway: SipAgent;
  readonly phone: SipAgent;
  readonly branchline: Branchline;
}

/**
 * branchline is at place 1 of the network, upstream at 2, the gateway at 3, the phone at 17; upstream is known to be up.
 * @param more what its file has besides, or in place of that
 */
export async function openOffice(
  net: Subnet,
  more: (parts: Omit<Office, "branchline">) => Readonly<Record<string, unknown>>,
): Promise<Office> {
  const upstream = await SipAgent.open(net.at(2));
  const gateway = await SipAgent.open(net.at(3));
  const phone = await SipAgent.open(net.at(17));
  const branchline = await Branchline.start({
    listen: [`udp:${hostPort(net.at(1))}`],
    localnet: [net.network(16)],
    upstream: `sip:${upstream.sentBy}`,
    gateways: [`sip:${gateway.sentBy}`],
    ...more({ upstream, gateway, phone }),
  });
  await branchline.upstreamIs("up");
  return { upstream, gateway, phone, branchline };
}
