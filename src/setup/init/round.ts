/**
 * Which machines `init` asks for their names: small LANs whole, since a gateway that nobody has called lately is in no table; of larger
 * ones what the kernel has heard of. Never what is towards the internet, behind a tunnel or at the far end of a line.
 */
import type { Asked } from "../../io/node/ears.ts";
import { addressesOf, type Interface, isIn, type Network, networkOf, once } from "./network.ts";
import { lans } from "./proposal.ts";

/** No larger network is asked whole: a /24. */
const PREFIX_LEAST_bits = 24;
/** Three /24: a kernel has room for 1,024 neighbours, unless somebody has changed that. */
const STRANGERS_MAX = 768;

export interface Round {
  /** The machines to ask from each of our addresses. */
  readonly asked: ReadonlyMap<string, Asked>;
  /** Networks that are asked whole. */
  readonly whole: readonly string[];
  /** Networks in which only what the kernel has heard of is asked. */
  readonly partly: readonly string[];
}

/** @param ears our addresses from which to ask */
export function roundFrom(network: Network, ears: readonly string[]): Round {
  const own = network.interfaces.map(({ address }) => address);
  const near = lans(network).filter(({ address }) => ears.includes(address));
  const knownIn = (one: Interface) =>
    network.neighbours.map(({ address }) => address).filter((address) => isIn([networkOf(one)], address));
  const inner = innerLans(network).filter(({ prefix_bits }) => prefix_bits >= PREFIX_LEAST_bits);
  const asked = new Map<string, Asked>();
  const whole = new Set<string>();
  let left = STRANGERS_MAX;
  // Small ones first; of equal ones, where least is known a gateway may be that nobody has called yet.
  const order = [...near].sort(
    (one, other) => other.prefix_bits - one.prefix_bits || knownIn(one).length - knownIn(other).length,
  );
  for (const one of order) {
    const known = knownIn(one);
    const isNew = inner.includes(one) && !whole.has(networkOf(one));
    const all = isNew ? addressesOf(one).filter((address) => !own.includes(address) && !known.includes(address)) : [];
    const isAsked = isNew && all.length <= left;
    asked.set(one.address, { known, strangers: isAsked ? all : [] });
    if (!isAsked) continue;
    left -= all.length;
    whole.add(networkOf(one));
  }
  const networks = once(near.map(networkOf));
  return {
    asked,
    whole: networks.filter((one) => whole.has(one)),
    partly: networks.filter((one) => !whole.has(one)),
  };
}

/** How many addresses are asked at which perhaps nobody is. */
export function strangersOf({ asked }: Round): number {
  return [...asked.values()].reduce((sum, { strangers }) => sum + strangers.length, 0);
}

/** What is asked, a line for each kind. */
export function roundText(round: Round): string {
  const { asked, whole, partly } = round;
  const known = once([...asked.values()].flatMap((one) => one.known));
  const count = strangersOf(round) + known.filter((address) => isIn(whole, address)).length;
  const all = `Asking all ${count} addresses of ${whole.join(", ")} whether they speak SIP (OPTIONS) …`;
  const few = `Asking in ${partly.join(", ")} only the machines that this router knows …`;
  const lines = [...(whole.length === 0 ? [] : [all]), ...(partly.length === 0 ? [] : [few])];
  return lines.map((line) => `${line}\n`).join("");
}

/** LANs that end here: no other router is in them, and their address isn't a DHCP server's gift where others are fixed. */
function innerLans(network: Network): Interface[] {
  const inside = lans(network);
  const inner = inside.filter(({ name }) => !network.routes.some((route) => route.name === name && route.isVia));
  const fixed = inner.filter(({ name }) => !network.dynamic.includes(name));
  // A router with one arm has its phones where its default route is.
  return fixed.length > 0 ? fixed : inside.length === 1 ? inside : [];
}
