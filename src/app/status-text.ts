/** A running branchline's state in words, for `branchline status`. */
import { fullTables } from "../base/full-tables.ts";
import { hostText } from "../message/uri.ts";
import { LONG_INVITES_CURE, longInvitesText } from "../policy/peers/datagram-lengths.ts";
import type { RegisteredContact } from "../policy/phones/registered.ts";
import type { AddressConflict, GatewayStatus, MemberStatus, PathFinding, PeerStatus } from "../policy/status.ts";
import { spell } from "./config/reader.ts";
import type { RunningStatus } from "./control.ts";

/** Edges shown. */
const EDGES_MAX = 20;

export function statusText(status: RunningStatus): string {
  const { version, up_s, listen, force, upstream, gateways, phones, members = [], dropped, tables, history } = status;
  const lines = [`branchline ${version}, running for ${spell(up_s * 1_000)}.`];
  for (const { name, size, limit, effect, cure } of fullTables(tables)) {
    lines.push(`FULL: ${name}, ${size} of ${limit}: ${effect}. What helps: ${cure}.`);
  }
  for (const { name, address } of listen)
    if (address === null) lines.push(`${name} has no address on this router now.`);
  if (force !== "auto") lines.push(`Upstream is forced ${force}; "branchline force auto" ends that.`);
  if (upstream.length === 0) lines.push("Upstream: no domain has been called yet.");
  for (const peer of upstream)
    lines.push(`Upstream ${peer.name}${addressText(peer)}: ${stateText(peer)}.`, ...longInvites(peer));
  lines.push(...pathLines(status.path));
  for (const gateway of gateways) {
    const used = gateway.channels === undefined ? `${gateway.calls}` : `${gateway.calls} of ${gateway.channels}`;
    lines.push(`Gateway ${gateway.name}: ${stateText(gateway)}, ${used} calls.`, ...longInvites(gateway));
  }
  lines.push(
    ...conflictLines(status.missing_ways),
    ...conflictLines(status.conflicts),
    ...conflictLines(status.proxy_names),
  );
  lines.push(...phoneLines(phones), ...missing(members));
  const drops = Object.entries(dropped).map(([reason, count]) => `  ${reason} ${count}`);
  lines.push(drops.length === 0 ? "Messages dropped: none." : "Messages dropped:", ...drops);
  lines.push(
    "Tables:",
    ...tables.map(({ name, size, limit, hits }) => `  ${name} ${size} of ${limit}, full ${hits} times`),
  );
  const shown = history.slice(-EDGES_MAX);
  if (shown.length > 0) lines.push("Last changes:", ...shown.map(({ at, text }) => `  ${at}  ${text}`));
  return `${lines.join("\n")}\n`;
}

/** One line for each contact, then for each member of a hunt group who isn't there, then what keeps calls from them all. */
export function registeredText(
  contacts: readonly RegisteredContact[],
  members: readonly MemberStatus[],
  path: readonly PathFinding[] = [],
  conflicts: readonly AddressConflict[] = [],
  gateways: readonly GatewayStatus[] = [],
): string {
  const lines = contacts.map((one) => {
    const { name, contact, from, transport, connected, left_s } = one;
    const whence = `from ${from} ${transport}${connected === false ? ", connection gone" : ""}`;
    const groups = members.filter(({ registered }) => registered === name).map(({ group }) => `, group ${group}`);
    const time = left_s < 0 ? `ran out ${-left_s} s ago` : `${left_s} s left`;
    return `${name}  ${contact}  ${whence}, ${time}${groups.join("")}${atGateway(one, gateways)}`;
  });
  if (lines.length === 0) lines.push("No phone is registered.");
  return `${[...lines, ...missing(members), ...pathLines(path), ...conflictLines(conflicts)].join("\n")}\n`;
}

/** A phone at a gateway's address is told from the gateway by its port, once upstream has accepted it. */
function atGateway({ from, accepted }: RegisteredContact, gateways: readonly GatewayStatus[]): string {
  const host = from.slice(0, from.lastIndexOf(":"));
  const gateway = gateways.find(({ addresses = [] }) => addresses.some((address) => hostText(address) === host));
  if (gateway === undefined) return "";
  const doubt = accepted === false ? ", its calls count as the gateway's until upstream has accepted it" : "";
  return `, at the address of gateway ${gateway.name}${doubt}`;
}

function phoneLines({ addresses, contacts, not_back = 0, at_gateways = 0 }: RunningStatus["phones"]): string[] {
  const shared = at_gateways > 0 ? `, ${at_gateways} at a gateway's address` : "";
  const lines = [`Phones: ${addresses} addresses-of-record with ${contacts} contacts${shared}.`];
  const back = `${not_back} phones not yet back at upstream: it can't call them before their next REGISTER.`;
  if (not_back > 0) lines.push(back);
  return lines;
}

function pathLines(findings: readonly PathFinding[] = []): string[] {
  return findings.flatMap(({ path, text, cures }) => [
    `${path === "ignored" ? "FAULT" : "WARNING"}: ${text}.`,
    ...cures.map((cure) => `  ${cure}`),
  ]);
}

function conflictLines(conflicts: readonly Pick<AddressConflict, "text" | "cure">[] = []): string[] {
  return conflicts.flatMap(({ text, cure }) => [`WARNING: ${text}.`, `  ${cure}`]);
}

function missing(members: readonly MemberStatus[]): string[] {
  const absent = members.filter(({ registered }) => registered === null);
  return absent.map(({ member, group }) => `NOT REGISTERED: ${member}, group ${group}`);
}

function longInvites({ long_invites: found }: PeerStatus): string[] {
  if (found === undefined) return [];
  const longest =
    found.answered_octets === 0 ? "" : ` The longest request that was answered lately had ${found.answered_octets}.`;
  return [`  WARNING: ${longInvitesText(found)}${longest}`, `  ${LONG_INVITES_CURE}`];
}

/** Of a peer that the file has by name; what it is called begins with its host. */
function addressText({ name, addresses = [] }: PeerStatus): string {
  const others = addresses.filter((address) => !name.startsWith(hostText(address)));
  return others.length === 0 ? "" : ` (${others.join(", ")})`;
}

function stateText({ state, observed, probe_failure }: PeerStatus): string {
  const seen = state === observed ? state : `${state} (seen: ${observed})`;
  return probe_failure === undefined ? seen : `${seen}, last probe failed: ${probe_failure}`;
}
