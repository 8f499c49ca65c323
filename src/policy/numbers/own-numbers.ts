/** Numbers that the file names as extensions. They mean phones of this site, whether one is registered or not. */
import { plainNumber } from "../dialled-number.ts";
import type { Site } from "../site.ts";

/** What a member's host is compared with. */
type Hosts = Pick<Site, "localnet" | "names" | "certificateNames" | "upstream" | "gateways">;
type Described = Hosts & Pick<Site, "extensions" | "huntGroups">;

/**
 * The extensions of the members of groups: a member that is written as a number, and the user of a URI whose host is this site's. The
 * user at any other host, such as a gateway's or a provider's, says nothing of what is dialled here.
 */
export function memberNumbers(site: Hosts & Pick<Site, "huntGroups">): string[] {
  return site.huntGroups.flatMap(({ members }) =>
    members.flatMap((one) => {
      if (typeof one === "string") return one;
      return one.user !== undefined && isOurHost(one.host, site) ? plainNumber(one.user) : [];
    }),
  );
}

/** An address of the phones' networks, the domain of this site's phones, or a name of ours; no gateway's. */
function isOurHost(host: string, { localnet, names, certificateNames, upstream, gateways }: Hosts): boolean {
  if (gateways.some(({ uri }) => uri.host === host)) return false;
  const homes = [...names, ...certificateNames, ...upstream.targets.map((target) => target.host)];
  return localnet.contains(host) || homes.includes(host);
}

/** The extensions that the file names beyond doubt: those with an alias or a forward, and the members of groups. */
export function extensionsOf(site: Described): string[] {
  const { extensions } = site;
  return [...extensions.aliases.values(), ...extensions.forwards.keys(), ...memberNumbers(site)];
}

/**
 * All numbers that never leave by a gateway: those extensions, and their aliases. Where a forward or an overflow leads is
 * one of them when it has as many digits as an extension that is written as a number; otherwise it is outside. The user of a URI is
 * often as long as an outside number.
 */
export function ownNumbers(site: Described & Pick<Site, "gatewaySettings" | "emergency">): Set<string> {
  const { extensions, huntGroups } = site;
  const plain = extensionsOf(site);
  const members = huntGroups.flatMap((group) => group.members.filter((one) => typeof one === "string"));
  const written = [...extensions.aliases.values(), ...extensions.forwards.keys(), ...members];
  const lengths = new Set(written.filter(isDigits).map((number) => number.length));
  const isAsLong = (number: string) => isDigits(number) && lengths.has(number.length);
  const forwards = [...extensions.forwards.values()].flatMap(({ busy, noAnswer }) => [busy, noAnswer]);
  const overflows = huntGroups.map(({ overflow }) => overflow);
  const groups = huntGroups.map(({ name }) => name);
  const ends = [...forwards, ...overflows].flatMap((one) =>
    one !== undefined && isAsLong(one) && !groups.includes(one) ? one : [],
  );
  const own = new Set([...plain, ...extensions.aliases.keys(), ...ends]);
  for (const number of statedOutside(site)) own.delete(number);
  return own;
}

/** Whether the file says that `number`, as dialled, is an extension: as it stands, or behind a prefix. */
export function isOwnNumber(number: string, site: Pick<Site, "ownNumbers" | "extensions">): boolean {
  const { ownNumbers: own, extensions } = site;
  const isBehind = (prefix: string) => number.startsWith(prefix) && own.has(number.slice(prefix.length));
  return own.has(number) || extensions.prefixes.some(isBehind);
}

/** Numbers for help, and those that the file gives to a carrier whole. */
function statedOutside({ gatewaySettings, emergency }: Pick<Site, "gatewaySettings" | "emergency">): string[] {
  return [...emergency.numbers, ...gatewaySettings.carriers.flatMap(({ prefixes }) => prefixes)];
}

function isDigits(number: string): boolean {
  return /^\d+$/.test(number);
}
