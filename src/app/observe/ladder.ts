/** A call as a ladder: who takes part, what went from whom to whom, and between the messages why. Values, for terminal and page alike. */
import type { Edge } from "../../policy/status.ts";
import { TRANSPORTS } from "../../transport/flow.ts";
import { isMessage, methodOf } from "./journal-entry.ts";
import type { TracedEntry, TracedMessage } from "./trace.ts";

export interface LadderParty {
  readonly role: "phone" | "branchline" | "upstream" | "gateway";
  /** The name that the file or the calls have for it: "201", "pbx.example.com". */
  readonly name: string;
  /** "10.222.237.21:5060"; "" for branchline itself. */
  readonly address: string;
}

interface Step {
  readonly seq: number;
  /** ISO 8601. */
  readonly at: string;
  readonly after_ms: number;
}

export interface LadderMessage extends Step {
  readonly kind: "message";
  /** Indices of parties. */
  readonly from: number;
  readonly to: number;
  /** "INVITE", "180 Ringing", "200 OK (BYE)". */
  readonly text: string;
  readonly hasBody: boolean;
  /** The same message has gone this way before. */
  readonly isAgain: boolean;
  /** The member of the cluster by which it has come; undefined: it has come here, or leaves. */
  readonly member: string | undefined;
  readonly protocol: string;
  /** How the call is from this message on; undefined: as before. */
  readonly state: CallPhase | undefined;
  readonly wire: string;
}

export interface LadderNote extends Step {
  readonly kind: "passed" | "decision" | "stage" | "edge" | "drop";
  /** "rule call: upstream is up" */
  readonly text: string;
  readonly edge?: Edge;
}

export type CallPhase = "calling" | "ringing" | "up" | "ended" | "cancelled" | "redirected" | "failed";
export type LadderStep = LadderMessage | LadderNote;

export interface Ladder {
  /** The one who asked first, then branchline, then the others in the order of their appearance. */
  readonly parties: readonly LadderParty[];
  readonly steps: readonly LadderStep[];
}

/** What is known of upstream, gateways and this member's name: `status` has it. */
export interface KnownPeers {
  readonly upstream: readonly { readonly name: string; readonly addresses?: readonly string[] }[];
  readonly gateways: readonly { readonly name: string; readonly addresses?: readonly string[] }[];
  readonly cluster?: { readonly name: string } | undefined;
}

/** branchline itself: of a cluster, with this member's name. */
function ownName({ cluster }: Pick<KnownPeers, "cluster">): string {
  return cluster === undefined ? "branchline" : `branchline ${cluster.name}`;
}

/** @param entries of one call, in their order */
export function ladderOf(entries: readonly TracedEntry[], peers: KnownPeers): Ladder {
  const places = new Map<string, number>();
  const parties: LadderParty[] = [];
  const placeOf = (message: TracedMessage): number => {
    const address = addressOf(message);
    const known = places.get(address);
    if (known !== undefined) return known;
    parties.push(partyOf(message, address, peers));
    if (parties.length === 1) parties.push({ role: "branchline", name: ownName(peers), address: "" });
    places.set(address, parties.length === 2 ? 0 : parties.length - 1);
    return places.get(address) ?? 0;
  };
  const steps: LadderStep[] = [];
  const seen = new Set<string>();
  const start_ms = entries[0]?.at_ms ?? 0;
  let phase: CallPhase | undefined;
  for (const entry of entries) {
    const { seq, at } = entry;
    const after_ms = entry.at_ms - start_ms;
    if (!isMessage(entry)) {
      const note = noteOf(entry);
      if (note !== undefined) steps.push({ ...note, seq, at, after_ms });
      continue;
    }
    const { kind, wire, protocol, member } = entry;
    const other = placeOf(entry);
    const key = `${kind} ${other} ${wire}`;
    const next = phaseAfter(entry, other === 0, phase);
    steps.push({
      kind: "message",
      seq,
      at,
      after_ms,
      from: kind === "in" ? other : 1,
      to: kind === "in" ? 1 : other,
      text: messageText(entry),
      hasBody: /^(?:X-Masked-Body:|(?:Content-Length|l)[ \t]*:[ \t]*[1-9])/im.test(wire),
      isAgain: seen.has(key),
      member,
      protocol,
      state: next === phase ? undefined : next,
      wire,
    });
    seen.add(key);
    phase = next;
  }
  return { parties, steps };
}

/** A datagram's sender is known by its port; a connection may come from any. */
function addressOf({ remote, remote_port, protocol }: TracedMessage): string {
  if (TRANSPORTS[protocol].isReliable) return remote;
  return remote.includes(":") ? `[${remote}]:${remote_port}` : `${remote}:${remote_port}`;
}

function partyOf(message: TracedMessage, address: string, { upstream, gateways }: KnownPeers): LadderParty {
  const isIts = ({ addresses = [] }: { readonly addresses?: readonly string[] }) =>
    addresses.some((one) => one === address || one === message.remote || one.startsWith(`${message.remote}:`));
  const pbx = upstream.find(isIts);
  if (pbx !== undefined) return { role: "upstream", name: pbx.name, address };
  const gateway = gateways.find(isIts);
  if (gateway !== undefined) return { role: "gateway", name: gateway.name, address };
  return { role: "phone", name: userOf(message), address };
}

/** The name of a phone by the first message with it: From has it of one that calls, the Request-URI of one that is called. */
function userOf({ kind, wire }: TracedMessage): string {
  const isAsking = kind === "in" ? !isResponse(wire) : isResponse(wire);
  const pattern = isAsking ? /^(?:From|f)[ \t]*:[^\n]*?sips?:([^\s@;>:]+)@/im : /^\w+ sips?:([^\s@;>:]+)@/;
  return pattern.exec(wire)?.[1] ?? "";
}

function isResponse(wire: string): boolean {
  return wire.startsWith("SIP/2.0 ");
}

/** "INVITE", "180 Ringing", and for what answers another request than INVITE "200 OK (BYE)". */
function messageText(message: TracedMessage): string {
  const line = message.wire.slice(0, Math.max(0, message.wire.search(/\r?\n/)));
  if (!isResponse(message.wire)) return line.slice(0, Math.max(0, line.indexOf(" ")));
  const method = methodOf(message);
  return line.slice("SIP/2.0 ".length) + (method === "INVITE" ? "" : ` (${method})`);
}

/** @param isCaller whether it goes between us and the one who asked first */
function phaseAfter(message: TracedMessage, isCaller: boolean, phase: CallPhase | undefined): CallPhase | undefined {
  const { wire, kind } = message;
  const method = methodOf(message);
  if (!isResponse(wire)) return phaseAfterRequest(method, isCaller && kind === "in", phase);
  const isAnswer = method === "INVITE" && isCaller && kind === "out";
  return isAnswer && (phase === "calling" || phase === "ringing")
    ? phaseAfterAnswer(Number(wire.slice(8, 11)), phase)
    : phase;
}

function phaseAfterRequest(method: string, isFromCaller: boolean, phase: CallPhase | undefined): CallPhase | undefined {
  if (method === "BYE") return "ended";
  if (!isFromCaller) return phase;
  if (method === "CANCEL") return "cancelled";
  // After a redirect, or a challenge, the call comes again.
  return method === "INVITE" && phase !== "up" ? "calling" : phase;
}

/** A challenge, and 181, leave it where it is. */
function phaseAfterAnswer(status: number, phase: CallPhase): CallPhase {
  if (status < 180 || status === 181 || status === 401 || status === 407) return phase;
  if (status < 200) return "ringing";
  if (status < 300) return "up";
  return status < 400 || status === 380 ? "redirected" : "failed";
}

type Note = Pick<LadderNote, "kind" | "text" | "edge">;

function noteOf(entry: TracedEntry): Note | undefined {
  switch (entry.kind) {
    case "passed":
      return { kind: "passed", text: `passed on to ${entry.member}` };
    case "decision":
      return { kind: "decision", text: `rule ${entry.rule}: ${entry.why}` };
    case "stage":
      return entry.what === undefined ? undefined : { kind: "stage", text: `next: ${entry.what}` };
    case "edge":
      return { kind: "edge", text: `${entry.edge.name}: ${entry.edge.from} to ${entry.edge.to}`, edge: entry.edge };
    case "drop":
      return { kind: "drop", text: `dropped: ${entry.reason}` };
    default:
      return undefined;
  }
}
