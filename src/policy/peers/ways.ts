/**
 * Whether one of our addresses is on the way to a peer: the one from which the router itself would send there. Where none is, requests
 * leave from another address, and answers come back only where the peer has a route to that one (an IPsec policy, a routed LAN).
 */
import { IpRange, ipVersion, isLoopback } from "../../base/ip-range.ts";
import { hostText } from "../../message/uri.ts";
import { defaultPort } from "../../transport/flow.ts";
import { isHost } from "../../transport/locator.ts";
import type { ResolvedAddress } from "../../transport/next-hops.ts";
import type { OwnAddress, OwnListener } from "../../transport/own-listener.ts";
import { nearestTo } from "../../transport/sending-listener.ts";
import type { MissingWay } from "../status.ts";

/** One address of a peer, and what the kernel says of the way there. */
export interface Way {
  readonly role: "upstream" | "gateway";
  /** As logs name it. */
  readonly peer: string;
  readonly to: ResolvedAddress;
  /** The local address from which the kernel would send there; undefined when it knows no route. */
  readonly source: string | undefined;
}

/**
 * Ways on which none of our addresses lies, in the order of `ways`; one for each address of a peer. A way without a route isn't one
 * of them: probes tell that the peer is unreachable.
 * @param listeners at the addresses that they have now; none sends from one that is away. While one is away that may be the one on
 *   the way, no other is advised: an address towards the internet would take the place of a tunnel's
 * @param own all addresses of the router: one of the same network as the kernel's serves as well
 */
export function missingWays(
  listeners: readonly OwnListener[],
  ways: readonly Way[],
  own: readonly OwnAddress[],
): MissingWay[] {
  return ways.flatMap(({ role, peer, to, source }) => {
    const { address, protocol } = to;
    // What the kernel sends to one of its own addresses never leaves the router.
    if (source === undefined || isLoopback(address) || isHost(source, address)) return [];
    const version = ipVersion(address);
    const speaking = listeners.filter((one) => one.protocol === protocol && !one.isAway);
    const able = speaking.filter((one) => ipVersion(one.address) === version);
    const home = own.find((one) => isHost(one.address, source));
    const network = home?.cidr ? IpRange.parse(home.cidr) : undefined;
    // The kernel keeps the address of an interface that has been set down, and its socket stays open.
    const isHere = ({ address: at }: OwnListener) => isLoopback(at) || own.some((one) => isHost(one.address, at));
    const isGone = (one: OwnListener) => one.isAway || (own.length > 0 && !isHere(one));
    // To an address that several members have, routers have a route.
    const isRouted = (one: OwnListener) => one.settings.isAnycast === true && !isGone(one);
    const isThere = (one: OwnListener) =>
      isRouted(one) || isHost(one.address, source) || network?.contains(one.address) === true;
    if (able.some(isThere)) return [];
    const isLinked = network?.contains(address) === true;
    const away = listeners.find(
      (one) => isGone(one) && ipVersion(one.address) === version && (!isLinked || network.contains(one.address)),
    );
    const sender = nearestTo(source, able);
    const port = sender?.port ?? speaking[0]?.port ?? defaultPort(protocol);
    return [
      textsOf({
        role,
        peer,
        address,
        protocol,
        source,
        device: home?.device ?? null,
        sends_from: sender?.address ?? null,
        listen: away === undefined ? `${protocol}:${hostText(source)}:${port}` : null,
        away: away?.name ?? null,
      }),
    ];
  });
}

/** Whether no route leads to the peer's address while an address of ours isn't here: the route is where that address is. */
export function hasLostRoute(listeners: readonly OwnListener[], { to, source }: Way): boolean {
  const version = ipVersion(to.address);
  return source === undefined && listeners.some((one) => one.isAway && ipVersion(one.address) === version);
}

/** The same in words. */
function textsOf(way: Omit<MissingWay, "text" | "cure">): MissingWay {
  const { role, peer, address, protocol, source, device, sends_from, listen, away } = way;
  const where = peer.startsWith(hostText(address)) ? "" : ` (${address})`;
  const to = `no listen address is on the way to ${role} ${peer}${where}`;
  const reached = `this router reaches it from ${source}${device === null ? "" : ` on ${device}`}`;
  if (away !== null) {
    const text = `${to} now: ${reached}, while ${away} of listen isn't here`;
    return { ...way, text, cure: `bring the address of ${away} back, or correct it in listen` };
  }
  if (sends_from === null) {
    const text = `${to}: ${reached}, and listen has no ${protocol}: address of IPv${ipVersion(address)}`;
    return { ...way, text, cure: `add ${listen} to listen` };
  }
  const text = `${to}: ${reached}, but requests leave from ${sends_from}`;
  return { ...way, text, cure: `add ${listen} to listen, unless ${address} has a route back to ${sends_from}` };
}

/** What tells two of them apart: where the peer is, and both of our addresses. */
export function wayKey({ role, peer, address, protocol, source, sends_from }: MissingWay): string {
  return [role, peer, address, protocol, source, sends_from ?? ""].join(" ");
}
