/** The members of `cluster`, by name, and which of them this router is. */
import { canonicalAddress, ipVersion, isLinkLocal, isUnicast } from "../../base/ip-range.ts";
import type { ClusterMode, Member } from "../../cluster/settings.ts";
import { hostText, splitHostPort } from "../../message/uri.ts";
import type { Place, Reader } from "./reader.ts";
import type { Surroundings } from "./section.ts";
import { listed } from "./suggestions.ts";

/** Beside SIP's, so that a firewall has one range for both. */
export const CLUSTER_PORT = 5059;
export const PAIR_EXAMPLE = "{left: 10.10.9.1, right: 10.10.9.2}";
const ANYCAST_EXAMPLE = "{node1: 10.205.205.11, node2: 10.205.205.12, node3: 10.205.205.13}";
/** Each tells all others what it does, ten times a second. */
export const ANYCAST_MEMBERS_MAX = 16;

export interface MemberList {
  readonly members: readonly Member[];
  /** Whether nothing in the file's list is a fault. */
  readonly isWhole: boolean;
}

const NAME = /^[a-z0-9-]{1,32}$/;
const NAME_WORDS = "1 to 32 small letters, digits and hyphens, such as left";

export function loadName(reader: Reader, place: Place): string | undefined {
  const name = reader.text(place, NAME_WORDS);
  if (name === undefined || NAME.test(name)) return name;
  reader.fault(place, `"${name}" must be ${NAME_WORDS}`);
  return undefined;
}

/**
 * Those of which all is well; of the others it is told why not.
 * @param mode undefined: it isn't known how many there may be
 */
export function loadMembers(reader: Reader, place: Place, mode: ClusterMode | undefined): MemberList {
  const found = reader.entries(place);
  const fault = reader.isMapping(place) && mode !== undefined ? countFault(found.length, mode) : undefined;
  if (fault !== undefined) reader.fault(place, fault);
  const members: Member[] = [];
  for (const { key, place: at } of found) {
    if (!NAME.test(key)) reader.fault(place, `has a member "${key}", and a name is ${NAME_WORDS}`);
    const end = loadAddress(reader, at);
    if (end === undefined) continue;
    const same = members.find((one) => one.address === end.address && one.port === end.port);
    const unlike =
      same === undefined
        ? unlikeFault(end.address, members[0])
        : `has the address of ${same.name}; each member has its own`;
    if (unlike === undefined) members.push({ name: key, ...end });
    else reader.fault(at, unlike);
  }
  return { members, isWhole: fault === undefined && members.length === found.length };
}

function countFault(count: number, mode: ClusterMode): string | undefined {
  if (mode === "pair") {
    if (count === 2) return undefined;
    const cure = count > 2 ? "; more than two need mode: anycast" : "";
    return `has ${count} of the two members of a pair; write both, such as ${PAIR_EXAMPLE}${cure}`;
  }
  if (count >= 2 && count <= ANYCAST_MEMBERS_MAX) return undefined;
  return `has ${count} ${count === 1 ? "member" : "members"}; write from 2 to ${ANYCAST_MEMBERS_MAX}, such as ${ANYCAST_EXAMPLE}`;
}

/** A member has one socket for all others: by IPv4 it reaches none that has IPv6, and at an address of a link it needs an interface, too. */
function unlikeFault(address: string, first: Member | undefined): string | undefined {
  if (isLinkLocal(address)) return "is an address of one link alone; write another address of this member";
  const version = ipVersion(address);
  if (first === undefined || ipVersion(first.address) === version) return undefined;
  return `is an address of IPv${version}, and ${first.name} has ${first.address}: they don't hear each other; write addresses of one version for all members`;
}

const ADDRESS_WORDS = "an IP address of this member alone, such as 10.10.9.1 or 10.10.9.1:5059";

function loadAddress(reader: Reader, place: Place): Omit<Member, "name"> | undefined {
  const text = reader.text(place, ADDRESS_WORDS);
  if (text === undefined) return undefined;
  const end = splitHostPort(ipVersion(text) === 6 ? hostText(text) : text);
  if (end !== undefined && ipVersion(end.host) !== 0 && isUnicast(end.host)) {
    return { address: end.host, port: end.port ?? CLUSTER_PORT };
  }
  reader.fault(place, `"${text}" must be ${ADDRESS_WORDS}`);
  return undefined;
}

/** Whether this router is the member `name`. @param place of that name */
export function checkOwn(
  reader: Reader,
  place: Place,
  name: string,
  { members, isWhole }: MemberList,
  interfaces: Surroundings["interfaces"],
): void {
  // Of a list without members, its own fault says all.
  if (!isWhole || members.length === 0) return;
  const own = members.find((one) => one.name === name);
  const isHere = ({ address }: Member) =>
    [...(interfaces ?? new Map<string, readonly string[]>()).values()].some((all) =>
      all.some((one) => canonicalAddress(one) === address),
    );
  if (own !== undefined) {
    // The file of the other member, as it was copied.
    const here = isHere(own) ? undefined : members.find(isHere);
    if (here !== undefined) {
      reader.fault(
        place,
        `is ${name}, and this router has the address of ${here.name}; did you mean ${here.name}?`,
        reader.hints,
      );
    }
    return;
  }
  reader.fault(
    place,
    `"${name}" is none of the members ${listed(
      members.map((one) => one.name),
      "and",
    )}`,
  );
}
