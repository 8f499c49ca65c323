/** What the journal keeps of a happening: plain values of its own, which outlive the event. */
import { ownText } from "../../base/own-text.ts";
import type { BindingChange } from "../../policy/phones/binding-changes.ts";
import type { Edge } from "../../policy/status.ts";
import type { Stage } from "../../proxy/router.ts";
import type { Flow, Protocol } from "../../transport/flow.ts";
import type { Happening } from "../tap.ts";
import type { ReadinessTurn } from "./readiness-watch.ts";

interface Kept {
  /** Rises by one from entry to entry. */
  readonly seq: number;
  /** By the engine's clock, which never jumps; the time of day is added when it is told. */
  readonly at_ms: number;
}

/** A message as it was on the wire: one character an octet; of TLS in clear. `callIdOf` finds its Call-ID. */
export interface KeptMessage extends Kept {
  readonly kind: "in" | "out";
  readonly wire: string;
  readonly protocol: Protocol;
  /** Our address at that moment, IPv6 without brackets. */
  readonly local: string;
  readonly local_port: number;
  readonly remote: string;
  readonly remote_port: number;
  /** The member of the cluster that has passed it on; missing: it has come from its sender, or leaves. */
  readonly member?: string;
}

/** A message that has come is passed on to the member of the cluster that has its call. */
export interface KeptPassage extends Kept {
  readonly kind: "passed";
  readonly method: string;
  readonly call_id: string;
  readonly member: string;
}

export interface KeptDecision extends Kept {
  readonly kind: "decision";
  readonly method: string;
  readonly call_id: string;
  readonly rule: string;
  /** The sentence that says why. */
  readonly why: string;
}

export interface KeptStage extends Kept {
  readonly kind: "stage";
  readonly method: string;
  readonly call_id: string;
  readonly stage: Stage["kind"];
  /** The party that it concerns: "gateway 10.10.1.3"; undefined: nobody. */
  readonly what: string | undefined;
}

export interface KeptBinding extends Kept, Pick<BindingChange, "change" | "name" | "contact"> {
  readonly kind: "binding";
  readonly protocol: Protocol;
  readonly remote: string;
  readonly remote_port: number;
}

export interface KeptEdge extends Kept {
  readonly kind: "edge";
  readonly edge: Edge;
}

export interface KeptReadiness extends Kept {
  readonly kind: "readiness";
  readonly turn: ReadinessTurn;
}

export interface KeptPair extends Kept {
  readonly kind: "pair";
  /** "active with 10.222.237.1; right is active": this member, then all others that live. */
  readonly what: string;
}

/** Why a message was dropped: the one just before it, where that has come with the same event. */
export interface KeptDrop extends Kept {
  readonly kind: "drop";
  readonly reason: string;
}

export type JournalEntry =
  | KeptMessage
  | KeptPassage
  | KeptDecision
  | KeptStage
  | KeptBinding
  | KeptEdge
  | KeptReadiness
  | KeptPair
  | KeptDrop;

export function isMessage<E extends JournalEntry>(entry: E): entry is E & KeptMessage {
  return entry.kind === "in" || entry.kind === "out";
}

/** Those that have a name here, and whether they belong to calls. The others register, subscribe, tell of a subscription, or ask whether somebody lives. */
export const METHODS: ReadonlyMap<string, boolean> = new Map([
  ...["INVITE", "ACK", "BYE", "CANCEL", "PRACK", "UPDATE", "REFER", "INFO"].map((method) => [method, true] as const),
  ...["REGISTER", "OPTIONS", "NOTIFY", "SUBSCRIBE", "MESSAGE", "PUBLISH"].map((method) => [method, false] as const),
]);

const BLANK = 0x20;

/** The method of a request, or that which a response answers; "" where it can't be found. */
export function methodOf(entry: KeptMessage | KeptPassage | KeptDecision | KeptStage): string {
  if (!("wire" in entry)) return entry.method;
  const { wire } = entry;
  if (!wire.startsWith("SIP/2.0 ")) return wire.slice(0, Math.max(0, wire.indexOf(" ")));
  // As everybody writes it: a pattern takes several times as long.
  const start = wire.indexOf("\nCSeq:");
  const end = wire.indexOf("\r", start);
  let at = end;
  while (at > start && wire.charCodeAt(at - 1) !== BLANK) at -= 1;
  const method = wire.slice(at, end);
  if (start >= 0 && METHODS.has(method)) return method;
  return /^cseq[ \t]*:[^\n]*?(\w+)[ \t]*\r?$/im.exec(wire)?.[1] ?? "";
}

/** The Call-ID that an entry is about; undefined where it has none. */
export function callIdOf(entry: JournalEntry): string | undefined {
  switch (entry.kind) {
    case "passed":
    case "decision":
    case "stage":
      return entry.call_id;
    case "in":
    case "out":
      return headerOf(entry.wire, CALL_ID);
    default:
      return undefined;
  }
}

const CALL_ID = /^(?:call-id|i)[ \t]*:[ \t]*([^\r\n]*)/im;

/** @param pattern of the whole line; its first group is the value */
function headerOf(wire: string, pattern: RegExp): string | undefined {
  const end = wire.indexOf("\r\n\r\n");
  return pattern.exec(end < 0 ? wire : wire.slice(0, end))?.[1]?.trim();
}

/** The values of its own that outlive the event: no flow, which changes, and no plan. */
export function kept(happening: Happening, seq: number, at_ms: number): JournalEntry {
  switch (happening.kind) {
    case "in": {
      const message = keptMessage("in", happening.wire, happening.flow, seq, at_ms);
      return happening.member === undefined ? message : { ...message, member: happening.member };
    }
    case "out":
      return keptMessage("out", happening.wire, happening.flow, seq, at_ms);
    case "passed": {
      const { kind, method, callId, member } = happening;
      return { kind, seq, at_ms, method: ownText(method), call_id: ownText(callId), member };
    }
    case "decision": {
      const { kind, method, callId, rule, why } = happening;
      return { kind, seq, at_ms, method: lasting(method), call_id: ownText(callId), rule, why: ownText(why) };
    }
    case "stage": {
      const { kind, method, callId, stage } = happening;
      const what = stage.what === undefined ? undefined : ownText(stage.what);
      return { kind, seq, at_ms, method: lasting(method), call_id: ownText(callId), stage: stage.kind, what };
    }
    case "binding": {
      const { kind, change, name, contact, flow } = happening;
      const { address: remote, port: remote_port, listener } = flow;
      const { protocol } = listener;
      return {
        kind,
        seq,
        at_ms,
        change,
        name: ownText(name),
        contact: ownText(contact),
        protocol,
        remote,
        remote_port,
      };
    }
    case "edge":
      return { kind: "edge", seq, at_ms, edge: happening.edge };
    case "pair":
      return { kind: "pair", seq, at_ms, what: happening.what };
    case "readiness":
      return { kind: "readiness", seq, at_ms, turn: happening.turn };
    default:
      return { kind: "drop", seq, at_ms, reason: happening.reason };
  }
}

/** A short text is a copy anyway. */
function lasting(text: string): string {
  return text.length > SHORT_characters ? ownText(text) : text;
}

function keptMessage(kind: "in" | "out", text: string, flow: Flow, seq: number, at_ms: number): KeptMessage {
  const { listener, address: remote, port: remote_port } = flow;
  const { protocol, address: local, port: local_port, transport } = listener;
  // A datagram is a text of its own, and what leaves has been joined for it; of a stream it is a piece.
  const wire = kind === "in" && transport.isStream ? ownText(text) : text;
  return { kind, seq, at_ms, wire, protocol, local, local_port, remote, remote_port };
}

/** Shorter texts are words of ours, or engines copy them anyway. */
const SHORT_characters = 12;

/** The same entry, of an object and texts that are made now: see `HostUser.onCalm`. */
export function renewed(entry: JournalEntry): JournalEntry {
  const own = Object.entries(entry).map(([key, value]: [string, unknown]) => {
    return [key, typeof value === "string" ? lasting(value) : value];
  });
  return Object.fromEntries(own) as JournalEntry;
}
