/** The rows of a ladder, made of what the journal has of a call. */
import type { RegisteredContact, RunningStatus } from "../app/control.ts";
import type { TracedEntry, TracedMessage } from "../app/observe/trace.ts";
import { evidenceWords } from "../app/words/peer-words.ts";

export interface Party {
  readonly name: string;
  /** Where it is; "" for branchline itself. */
  readonly address: string;
}

export interface MessageRow {
  readonly kind: "message";
  readonly seq: number;
  readonly at: string;
  /** Places in the list of parties. */
  readonly from: number;
  readonly to: number;
  /** "INVITE", "200 OK". */
  readonly text: string;
  readonly protocol: string;
  /** The message, without its secrets. */
  readonly wire: string;
  /** The same has been sent before. */
  readonly isAgain: boolean;
}

export interface NoteRow {
  readonly kind: "note";
  readonly seq: number;
  readonly at: string;
  readonly text: string;
}

export type Row = MessageRow | NoteRow;

export interface Ladder {
  readonly parties: readonly Party[];
  /** The place of branchline in that list. */
  readonly own: number;
  readonly rows: readonly Row[];
}

/** @param nameOf what is at an address */
export function ladderOf(entries: readonly TracedEntry[], nameOf: (address: string, port: number) => string): Ladder {
  const parties: Party[] = [];
  const own: Party = { name: "branchline", address: "" };
  const placeOf = ({ remote, remote_port: port }: TracedMessage) => {
    const name = nameOf(remote, port);
    let place = parties.findIndex((party) => party.name === name && party.address !== "");
    if (place < 0) place = parties.push({ name, address: `${remote}:${port}` }) - 1;
    // The caller is on the left, all others on the right.
    if (parties.length === 1) parties.push(own);
    return place;
  };
  const sent = new Set<string>();
  const rows: Row[] = [];
  let at = "";
  for (const entry of entries) {
    const { seq, kind } = entry;
    // An event has the time of its beginning, what is decided in it that of the clock: none is shown before the one above it.
    if (entry.at > at) at = entry.at;
    if (kind !== "in" && kind !== "out") {
      const text = noteText(entry);
      if (text !== undefined) rows.push({ kind: "note", seq, at, text });
      continue;
    }
    const place = placeOf(entry);
    const { wire, protocol, member } = entry;
    const key = `${kind} ${place} ${wire}`;
    const isAgain = sent.has(key);
    sent.add(key);
    const [from, to] = kind === "in" ? [place, 1] : [1, place];
    rows.push({
      kind: "message",
      seq,
      at,
      from,
      to,
      text: `${titleOf(wire)}${byWords(member)}`,
      protocol,
      wire,
      isAgain,
    });
  }
  return { parties, own: 1, rows };
}

/** What branchline has decided, and why; what it does next; what it has learned of others. */
function noteText(entry: Exclude<TracedEntry, TracedMessage>): string | undefined {
  switch (entry.kind) {
    case "passed":
      return `passed on to ${entry.member}`;
    case "decision":
      return `${entry.method}: ${entry.rule}, ${entry.why}`;
    case "stage":
      return entry.what === undefined ? undefined : `next: ${entry.what}`;
    case "edge": {
      const { name, to, evidence, probe_failure } = entry.edge;
      return `${name} is ${to}: ${evidenceWords(evidence, probe_failure)}`;
    }
    case "drop":
      return `dropped: ${entry.reason}`;
    default:
      return undefined;
  }
}

/** Of a message that another member of the cluster has passed on. */
function byWords(member: string | undefined): string {
  return member === undefined ? "" : ` by ${member}`;
}

/** The method of a request, or status and reason phrase of a response. */
function titleOf(wire: string): string {
  const [first = ""] = wire.split(/\r?\n/, 1);
  const response = /^SIP\/2\.0 (.*)$/.exec(first);
  return (response?.[1] ?? first.split(" ")[0] ?? "").trim();
}

/** Names of peers and extensions of phones, by their addresses. */
export function namesOf(
  { upstream, gateways }: RunningStatus,
  contacts: readonly RegisteredContact[],
): (address: string, port: number) => string {
  const peers = new Map(
    [...upstream, ...gateways].flatMap(({ name, addresses = [] }) => addresses.map((one) => [one, name])),
  );
  const phones = new Map(contacts.map(({ from, name }) => [from, name.replace(/^([^@]+)@.*$/, "$1")]));
  return (address, port) => {
    const place = `${address.includes(":") ? `[${address}]` : address}:${port}`;
    return peers.get(address) ?? phones.get(place) ?? place;
  };
}
