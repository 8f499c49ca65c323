/** From which of our addresses the PBX and the gateway are reached, and so what `listen` must have. Nothing of it is guessed in silence. */
import { type Located, whyUnknown } from "../../app/find-ways.ts";
import { ipVersion, isLoopback } from "../../base/ip-range.ts";
import { hostText, parseSipUri, type SipUri } from "../../message/uri.ts";
import { DEFAULT_PROTOCOL, defaultPort, type Protocol } from "../../transport/flow.ts";
import { hopOf } from "../../transport/locator.ts";
import { OwnListener } from "../../transport/own-listener.ts";
import type { Draft } from "./answers.ts";
import { defaultDevice, type Interface, isIn, type Network, once } from "./network.ts";

/** What each URI of the answers leads to, as far as that has been looked for. */
export type Ways = ReadonlyMap<string, Located["ways"]>;

const NONE: Ways = new Map();

function farUris({ upstream = [], gateways = [] }: Draft): string[] {
  return [...upstream, ...gateways];
}

/** URIs of the answers that must be looked for before `listen` can be proposed. */
export function wantedWays(draft: Draft, ways: Ways = NONE): SipUri[] {
  return farUris(draft).flatMap((text) => (ways.has(text) ? [] : (parseSipUri(text) ?? [])));
}

/**
 * Listeners as the proxy would have them towards these URIs, for {@link ../../app/find-ways.ts}: names are looked for by the transports
 * and IP versions that this router can have.
 */
export function listenersFor(network: Network, uris: readonly SipUri[]): OwnListener[] {
  const named = uris.map((uri) => hopOf(uri).protocol ?? DEFAULT_PROTOCOL);
  const protocols = [...new Set<Protocol>([DEFAULT_PROTOCOL, ...named])];
  const hasIpv6 = network.interfaces.some(({ address }) => ipVersion(address) === 6);
  const places = [{ at: "0.0.0.0", version: 4 as const }, ...(hasIpv6 ? [{ at: "::", version: 6 as const }] : [])];
  return protocols
    .flatMap((protocol) => places.map((place) => ({ protocol, ...place })))
    .map((one, index) => new OwnListener(index, { ...one, port: defaultPort(one.protocol), advertise: undefined }));
}

/** Why the address of ours towards a PBX or gateway isn't known: a sentence for each; none: all are known. */
export function unknownWays({ interfaces }: Network, draft: Draft, ways: Ways = NONE): string[] {
  return farUris(draft).flatMap((text) => {
    const uri = parseSipUri(text);
    const found = ways.get(text);
    if (uri === undefined || found === undefined) return [];
    const why = whyUnknown({ uri, ways: found });
    if (why !== undefined || found === "silent") return why ?? [];
    // A name may mean this router itself: with the port that listen has, that isn't the PBX.
    const own = found.find(
      ({ to: { address, port, protocol } }) =>
        port === defaultPort(protocol) && (isLoopback(address) || interfaces.some((one) => one.address === address)),
    );
    return own !== undefined && ipVersion(uri.host) === 0 ? `${uri.host} is this router itself, ${own.to.address}` : [];
  });
}

/** The hosts of these PBXs and gateways. */
export function unknownPeers(network: Network, { upstream = [], gateways = [] }: Draft, ways: Ways = NONE): string[] {
  const named = (role: string, uris: readonly string[]) =>
    uris.flatMap((text) =>
      unknownWays(network, { upstream: [text] }, ways).length === 0 ? [] : `${role} ${parseSipUri(text)?.host ?? text}`,
    );
  return [...named("the PBX", upstream), ...named("the gateway", gateways)];
}

/**
 * Our addresses towards phones, upstream and gateways, with the transports that these speak; by the interface's name where
 * its IPv4 address may change.
 * @param hasDefaultRoute whether the address of the default route is among them: without upstream, any domain may be one
 */
export function listenFor(
  network: Network,
  ways: Ways = NONE,
  draft: Draft,
  hasDefaultRoute = draft.upstream === undefined || draft.upstream.length === 0,
): string[] {
  const { localnet } = draft;
  const isInner = ({ address }: Interface) => isIn(localnet, address);
  const spelled = (protocol: Protocol, address: string, device: string | undefined) => {
    // An interface's name stands for the first of its addresses.
    const first = network.interfaces.find((one) => one.name === device && ipVersion(one.address) === 4);
    const isNamed =
      device !== undefined &&
      network.dynamic.includes(device) &&
      first?.address === address &&
      !isIn(localnet, address);
    return `${protocol}:${isNamed ? device : hostText(address)}:${defaultPort(protocol)}`;
  };
  const outer = defaultDevice(network);
  const isOuter = ({ name, address }: Interface) => name === outer && ipVersion(address) === 4;
  const anywhere = hasDefaultRoute ? network.interfaces.filter(isOuter) : [];
  const sources = [
    ...farUris(draft).flatMap((text) => {
      const found = ways.get(text);
      if (found === undefined || found === "silent") return [];
      return found.flatMap(({ to: { protocol }, source }) => (source === undefined ? [] : [{ protocol, source }]));
    }),
    ...anywhere.map(({ address }) => ({ protocol: DEFAULT_PROTOCOL, source: address })),
  ];
  const known = network.interfaces.flatMap(({ name, address }) =>
    sources.filter(({ source }) => source === address).map(({ protocol }) => spelled(protocol, address, name)),
  );
  const others = sources
    .filter(({ source }) => !network.interfaces.some(({ address }) => address === source))
    .map(({ protocol, source }) => spelled(protocol, source, undefined));
  return once([
    ...network.interfaces.filter(isInner).map(({ name, address }) => spelled(DEFAULT_PROTOCOL, address, name)),
    ...known,
    ...others,
  ]);
}

/** The same where all of it is known: [] where a way isn't, or hasn't been looked for. */
export function proposeListen(network: Network, ways: Ways = NONE, draft: Draft): string[] {
  const isKnown = wantedWays(draft, ways).length === 0 && unknownWays(network, draft, ways).length === 0;
  return isKnown ? listenFor(network, ways, draft) : [];
}
