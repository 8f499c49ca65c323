/** Registered phones in words, for `branchline registered`: columns, sorted as people look for an extension. */
import { doubtful, strong } from "../../base/ink.ts";
import { hostText } from "../../message/uri.ts";
import type { AddressConflict, GatewayStatus, MemberStatus, PathFinding, RefusedPhone } from "../../policy/status.ts";
import type { RegisteredContact } from "../control.ts";
import type { RunningStatus } from "../status-facts.ts";
import { columns, wrapped } from "./lines.ts";
import { conflictLines, missingLines, pathLines, refusedLines } from "./status-words.ts";
import { exactSpan, type Reader } from "./times.ts";

/** What `registered --json` prints. */
export interface RegisteredFacts {
  readonly contacts: readonly (RegisteredContact & { readonly groups: readonly string[] })[];
  readonly members: readonly MemberStatus[];
  readonly refused: readonly RefusedPhone[];
  readonly path: readonly PathFinding[];
  readonly conflicts: readonly AddressConflict[];
}

/**
 * All that is known of registered phones, sorted by extension.
 * @param extension an extension, or an address-of-record: only what concerns it; undefined: all
 */
export function registeredFacts(
  contacts: readonly RegisteredContact[],
  {
    members = [],
    refused = [],
    path = [],
    conflicts = [],
  }: Pick<RunningStatus, "members" | "refused" | "path" | "conflicts">,
  extension?: string,
): RegisteredFacts {
  const groupsOf = new Map<string, string[]>();
  for (const { registered, group } of members) {
    if (registered !== null) groupsOf.set(registered, [...(groupsOf.get(registered) ?? []), group]);
  }
  const isMeant = (name: string) => extension === undefined || name === extension || userOf(name) === extension;
  return {
    contacts: contacts
      .filter(({ name }) => isMeant(name))
      .map((one) => ({ ...one, groups: groupsOf.get(one.name) ?? [] }))
      .sort((a, b) => compareNames(a.name, b.name)),
    members: members.filter(
      ({ member, registered }) => isMeant(member) || (registered !== null && isMeant(registered)),
    ),
    refused: refused.filter(({ name }) => isMeant(name)),
    path,
    conflicts: conflicts.filter((one) => one.with === "phone"),
  };
}

/** What `branchline registered` prints; of one extension, its contacts in full too. */
export function registeredText(
  { contacts, members, refused, path, conflicts }: RegisteredFacts,
  gateways: readonly GatewayStatus[] | RunningStatus["gateways"],
  reader: Reader,
  extension?: string,
): string {
  const one = extension === undefined ? "No phone is registered." : `No phone is registered as ${extension}.`;
  const lines = contacts.length === 0 ? wrapped(one, reader.width) : table(contacts, extension !== undefined, reader);
  for (const contact of contacts) lines.push(...atGateway(contact, gateways, reader));
  lines.push(...missingLines(members, Number.POSITIVE_INFINITY, reader));
  lines.push(...refusedLines(refused, Number.POSITIVE_INFINITY, reader));
  return `${[...lines, ...pathLines(path, reader), ...conflictLines(conflicts, reader)].join("\n")}\n`;
}

function table(contacts: RegisteredFacts["contacts"], isFull: boolean, { width }: Reader): string[] {
  const hosts = new Set(contacts.map(({ name }) => name.slice(name.lastIndexOf("@") + 1)));
  const names = hosts.size > 1 ? (name: string) => name : userOf;
  const head = ["EXTENSION", "FROM", "", "EXPIRES", "GROUPS"].map((word) => (word === "" ? word : strong(word)));
  const rows = contacts.map(({ name, from, transport, connected, left_s, groups }) => {
    const way = connected === false ? `${transport}, ${doubtful("gone")}` : transport;
    const time = left_s < 0 ? `expired ${exactSpan(-left_s)} ago` : `in ${exactSpan(left_s)}`;
    return [names(name), from, way, time, groups.join(", ")];
  });
  const lines = columns([head, ...rows], width);
  if (!isFull) return lines;
  return [...lines, ...contacts.flatMap(({ contact }) => wrapped(`Contact: ${contact}`, width))];
}

/** A phone at a gateway's address is told from the gateway by its port, once upstream has accepted it. */
function atGateway(
  { name, from, accepted }: RegisteredContact,
  gateways: readonly GatewayStatus[] | RunningStatus["gateways"],
  { width }: Reader,
): string[] {
  const host = from.slice(0, from.lastIndexOf(":"));
  const gateway = gateways.find(({ addresses = [] }) => addresses.some((address) => hostText(address) === host));
  if (gateway === undefined) return [];
  const doubt = accepted === false ? "; its calls count as the gateway's until upstream has accepted it" : "";
  return wrapped(`${userOf(name)} is at the address of gateway ${gateway.name}${doubt}`, width);
}

function userOf(name: string): string {
  const at = name.lastIndexOf("@");
  return at < 0 ? name : name.slice(0, at);
}

/** Extensions that are numbers by their value and before all others, the others by their characters. */
export function compareNames(a: string, b: string): number {
  const [user, other] = [userOf(a), userOf(b)];
  const [digits, others] = [/^\d+$/.test(user), /^\d+$/.test(other)];
  if (digits !== others) return digits ? -1 : 1;
  const [value, than] = [user.replace(/^0+(?=\d)/, ""), other.replace(/^0+(?=\d)/, "")];
  if (digits && value.length !== than.length) return value.length - than.length;
  if (digits && value !== than) return value < than ? -1 : 1;
  return a === b ? 0 : a < b ? -1 : 1;
}
