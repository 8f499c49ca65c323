/** A running branchline's state in words, for `branchline status`: one screen that leads with what matters. */
import { fullTables } from "../../base/full-tables.ts";
import { bad, doubtful } from "../../base/ink.ts";
import { ipVersion } from "../../base/ip-range.ts";
import type { TableStatus } from "../../base/meter.ts";
import { EDGES_MAX } from "../../policy/peers/history.ts";
import type { AddressConflict, MemberStatus, PathFinding, RefusedPhone } from "../../policy/status.ts";
import type { Change, RunningStatus } from "../status-facts.ts";
import { certificateLine } from "./certificate-words.ts";
import { clusterLines } from "./cluster-words.ts";
import { drillLines } from "./drill-words.ts";
import { type FileOnDisk, fileLines } from "./file-words.ts";
import { forcedLines } from "./force-words.ts";
import { columns, counted, someOf, wrapped } from "./lines.ts";
import { evidenceOf, evidenceWords, gatewayLines, upstreamLines } from "./peer-words.ts";
import { moment, type Reader, span } from "./times.ts";

/** Changes shown; all with `--verbose`. */
const CHANGES_MAX = 5;
/** Members named that aren't registered; `registered` names all. */
const MISSING_MAX = 8;

export interface StatusWish {
  /** All tables and all changes. */
  readonly isVerbose: boolean;
  /** How the file on disk compares; undefined: that isn't known. */
  readonly disk: FileOnDisk | undefined;
  /** The command that restarts it here; undefined: there is none. */
  readonly restart?: string | undefined;
  /** The version of the program that asks. */
  readonly installed: string;
}

/** What `branchline status` prints: at most 24 lines of 80 characters for an ordinary site. */
export function statusText(status: RunningStatus, wish: StatusWish, reader: Reader): string {
  const { isVerbose, disk, restart, installed } = wish;
  const { dropped, tables, history } = status;
  const lines = [...headLines(status, reader), ...fileLines(disk, status, restart, reader)];
  if (status.version !== installed)
    lines.push(
      `branchline ${installed} is installed: ${restart === undefined ? "restart to run it" : `\`${restart}\` runs it`}`,
    );
  lines.push(...siteLines(status, reader));
  if (status.certificate !== undefined) lines.push(...wrapped(certificateLine(status.certificate), reader.width));
  lines.push(...dropLines(dropped, reader), ...tableLines(tables, isVerbose));
  lines.push(...changeLines(history, isVerbose ? history.length : CHANGES_MAX, status, reader));
  return `${lines.join("\n")}\n`;
}

/** What matters now, for a screen that is drawn again and again: without the file, drops, tables and changes. */
export function summaryLines(status: RunningStatus, reader: Reader): string[] {
  return [...headLines(status, reader), ...siteLines(status, reader)];
}

/** Upstream, the gateways, the phones and the number of calls, and what is wrong with them. */
function siteLines(status: RunningStatus, reader: Reader): string[] {
  const { upstream, gateways, members = [] } = status;
  const lines = [...clusterLines(status, reader), ...forcedLines(status, reader), ...drillLines(status, reader)];
  if (upstream.length === 0) lines.push("Upstream: no domain has been called yet");
  for (const peer of upstream) lines.push(...upstreamLines(peer, status, reader));
  lines.push(...pathLines(status.path, reader));
  for (const gateway of gateways) lines.push(...gatewayLines(gateway, status, reader));
  lines.push(...conflictLines(status.missing_ways, reader));
  lines.push(...conflictLines(status.conflicts, reader), ...conflictLines(status.proxy_names, reader));
  lines.push(...phoneLines(status, reader), ...missingLines(members, MISSING_MAX, reader));
  lines.push(...refusedLines(status.refused, MISSING_MAX, reader));
  lines.push(...callLines(status));
  return lines;
}

function headLines({ version, up_s, now, tables, listen, cluster }: RunningStatus, reader: Reader): string[] {
  const { time, zone } = now === undefined ? { time: "", zone: "" } : reader.local(now);
  const clock = now === undefined ? "" : `; it is ${time} (${zone})`;
  const lines = [`branchline ${version}, running for ${span(up_s)}${clock}`];
  for (const { name, size, limit, effect, cure } of fullTables(tables)) {
    lines.push(`${bad("FULL")}: ${name}, ${size} of ${limit}: ${effect}. What helps: ${cure}`);
  }
  for (const { name, address } of listen) {
    // One that two routers share is at the other one.
    const isElsewhere = cluster?.shared.some((one) => one.address === hostOf(name)) === true;
    if (address === null && !isElsewhere) lines.push(`${doubtful("WARNING")}: ${absenceWords(name)}`);
  }
  return lines.flatMap((line) => wrapped(line, reader.width));
}

/** The address or interface in "udp:[2001:db8::1]:5060". */
function hostOf(name: string): string {
  return name
    .replace(/^[a-z]+:/, "")
    .replace(/:\d+$/, "")
    .replace(/^\[(.*)\]$/, "$1");
}

/** A listener that the file names by an interface, or by an address that isn't here. */
function absenceWords(name: string): string {
  return ipVersion(hostOf(name)) === 0
    ? `${name} has no address on this router now`
    : `the address of ${name} is not on this router now`;
}

function phoneLines({ phones }: RunningStatus, reader: Reader): string[] {
  const { addresses, contacts, not_back = 0, not_heard = 0, at_gateways = 0 } = phones;
  const places = contacts === addresses ? "" : ` at ${counted(contacts, "contact")}`;
  const shared = at_gateways > 0 ? `, ${at_gateways} at a gateway's address` : "";
  const lines = [`Phones: ${addresses === 0 ? "none" : addresses} registered${places}${shared}`];
  const are = not_back === 1 ? "phone isn't" : "phones aren't";
  const [them, their] = not_back === 1 ? ["it", "its REGISTER has"] : ["them", "their REGISTERs have"];
  const back = `${doubtful("WARNING")}: ${not_back} ${are} back at upstream yet: it can't call ${them} until ${their} gone up, one phone after the other (registration.pace). A phone that had to wait tries again within 36 s`;
  if (not_back > 0) lines.push(back);
  const have = not_heard === 1 ? "phone hasn't" : "phones haven't";
  const theirs = not_heard === 1 ? "its registration" : "their registrations";
  const heard = `${not_heard} ${have} registered since branchline's restart: upstream may have ended ${theirs} meanwhile, and can't call ${not_heard === 1 ? "it" : "them"} then`;
  if (not_heard > 0) lines.push(heard);
  return lines.flatMap((line) => wrapped(line, reader.width));
}

/** All calls, and those of them that occupy channels of gateways: a call from one to another occupies two. */
function callLines({ calls_now, gateways }: RunningStatus): string[] {
  const orNone = (count: number) => (count === 0 ? "none" : `${count}`);
  const through = gateways.reduce((sum, { calls }) => sum + calls, 0);
  const there = `${orNone(through)} through ${gateways.length === 1 ? "the gateway" : "gateways"}`;
  if (calls_now === undefined) return gateways.length === 0 ? [] : [`Calls now: ${there}`];
  const isAll = gateways.length === 0 || (calls_now === 0 && through === 0);
  return [`Calls now: ${orNone(calls_now)}${isAll ? "" : `, ${there}`}`];
}

/** Members of hunt groups that aren't registered, each with its groups. */
export function missingLines(members: readonly MemberStatus[], most: number, { width }: Reader): string[] {
  const groups = new Map<string, string[]>();
  for (const { member, group, registered } of members) {
    if (registered === null) groups.set(member, [...(groups.get(member) ?? []), group]);
  }
  if (groups.size === 0) return [];
  const all = [...groups].map(([member, names]) => {
    return `${member} (${names.length === 1 ? "group" : "groups"} ${names.join(", ")})`;
  });
  const more = all.length > most ? ": see `branchline registered`" : "";
  return wrapped(`${doubtful("NOT REGISTERED")}: ${someOf(all, most)}${more}`, width);
}

/** Phones whose REGISTER was refused in upstream's place. */
export function refusedLines(refused: readonly RefusedPhone[] = [], most: number, { width }: Reader): string[] {
  if (refused.length === 0) return [];
  const all = refused.map(({ name, from, status, is_known }) => {
    const user = name.slice(0, name.lastIndexOf("@"));
    return `${user} at ${from} (${status}${is_known ? "" : ", unknown here"})`;
  });
  const cure = refused.some(({ is_known }) => !is_known) ? ". registration.unknown says which phones are let in" : "";
  return wrapped(`${doubtful("REFUSED")} in upstream's place: ${someOf(all, most)}${cure}`, width);
}

/** What keeps upstream's calls from the phones, and what helps. */
export function pathLines(findings: readonly PathFinding[] = [], { width }: Reader): string[] {
  return findings.flatMap(({ path, text, cures }) => [
    ...wrapped(`${path === "ignored" ? bad("FAULT") : doubtful("WARNING")}: ${text}`, width),
    ...cures.flatMap((cure) => wrapped(`  ${cure}`, width)),
  ]);
}

/** What can't be told apart, or isn't known to mean this router, and what helps. */
export function conflictLines(
  conflicts: readonly Pick<AddressConflict, "text" | "cure">[] = [],
  { width }: Reader,
): string[] {
  return conflicts.flatMap(({ text, cure }) => [
    ...wrapped(`${doubtful("WARNING")}: ${text}`, width),
    ...wrapped(`  ${cure}`, width),
  ]);
}

function dropLines(dropped: Readonly<Record<string, number>>, { width }: Reader): string[] {
  const drops = Object.entries(dropped).map(([reason, count]) => `${count} ${reason}`);
  return drops.length === 0 ? [] : wrapped(`Messages dropped: ${drops.join(", ")}`, width);
}

/** Tables that have been full, or are by half. */
function tableLines(tables: readonly TableStatus[], isVerbose: boolean): string[] {
  const shown = tables.filter(({ size, limit, hits }) => isVerbose || hits > 0 || size > limit / 2);
  if (shown.length === 0) return [];
  return [isVerbose ? "Tables:" : "Tables that have been full, or are by half:", ...tableRows(shown)];
}

function tableRows(tables: readonly TableStatus[]): string[] {
  const rows = tables.map(({ name, size, limit, hits }) => {
    return [`  ${name}`, `${size} of ${limit}`, hits === 0 ? "" : `full ${counted(hits, "time")}`];
  });
  return columns(rows, Number.POSITIVE_INFINITY);
}

/** Without the moment in which a gateway, which has no hold, is `recovering`. */
function withoutMoments(history: readonly Change[]): Change[] {
  const turns: Change[] = [];
  for (const change of history) {
    const { role, peer, from, to } = change;
    const at = turns.map((one) => `${one.role} ${one.peer}`).lastIndexOf(`${role} ${peer}`);
    const before = turns[at];
    const isMoment = role === "gateway" && from === "recovering" && to === "up" && before?.to === "recovering";
    if (isMoment && before !== undefined) turns[at] = { ...before, to };
    else turns.push(change);
  }
  return turns;
}

function changeLines(history: readonly Change[], most: number, status: RunningStatus, reader: Reader): string[] {
  const turns = withoutMoments(history);
  const [shown, all] = [turns.slice(-most), turns.length];
  if (all === 0) return [];
  const rows = shown.map((change) => [`  ${moment(change.at, status.now, reader)}`, changeWords(change, status)]);
  const head = shown.length < all ? `Last changes (of ${all}, all with --verbose):` : "Last changes:";
  return [head, ...columns(rows, reader.width)];
}

/** "upstream: up to down, no answer to OPTIONS"; of what is known for the first time "upstream: up, answers OPTIONS" */
export function changeWords(change: Change, status: RunningStatus): string {
  const { role, from, to, evidence, probe_failure } = change;
  const turn = isFirst(change, status) ? to : `${from} to ${to}`;
  return `${placeOf(change, status)}: ${turn}, ${evidenceWords(evidenceOf(role, evidence), probe_failure)}`;
}

/** Whether it is what the first probes have found out: "suspect" is then what has never been seen. */
function isFirst(change: Change, { history }: RunningStatus): boolean {
  const first = history.find(({ role, peer }) => role === change.role && peer === change.peer);
  return first === change && change.from === "suspect" && history.length < EDGES_MAX;
}

/** "upstream" where there is one target of which all is told; else with its name. */
function placeOf({ role, peer }: Change, { upstream, gateways }: RunningStatus): string {
  const [only, ...more] = role === "upstream" ? upstream : gateways;
  return more.length === 0 && only?.name === peer ? role : `${role} ${peer}`;
}
