/**
 * The story of a call in the making, as plain values: what has come in from outside, one event after the other, and with each what was
 * found out or decided meanwhile that telling it again wouldn't find anew: addresses, branches, stages of the plan.
 */
import type { Reply } from "../message/reply.ts";
import type { Notes, RoutingDecision, Stage, Target } from "../proxy/router.ts";
import type { Listener, NamedFlow } from "../transport/flow.ts";

/** How a call begins. */
export interface Opening {
  /** Of its server transaction: what the caller's retransmissions, CANCEL and ACK have in common. */
  readonly key: string;
  /** The INVITE as it came. */
  readonly wire: string;
  readonly source: NamedFlow;
  /** Of its To in our own answers. */
  readonly tag: string;
  /** Of the branches of its copies; undefined: its member is of a version without. */
  readonly stem?: string;
  readonly decision: RoutingDecision;
  /** The listeners of its member by their index: its flows name them so. */
  readonly listeners: readonly string[];
}

/** An input of the call. Client transactions, timers, searches and waiting requests go by numbers, in the order in which they came up. */
export type StoryInput =
  /** A response to a client transaction; without its text: the same as the one before. */
  | readonly ["response", number, string?]
  /** A client transaction has ended without one. */
  | readonly ["end", number, "timeout" | "unreachable"]
  | readonly ["timer", number]
  /** An answer of DNS, or of the kernel, about the way to a target. */
  | readonly ["located", number, readonly NamedFlow[]]
  | readonly ["cancel", string, NamedFlow]
  /** Its router has ended the call, or one of its targets is known to be dead. */
  | readonly ["refuse", Reply]
  | readonly ["rescue", number]
  /** A client transaction has begun anew from the address of another member. */
  | readonly ["anew", number]
  /** The caller has acknowledged the final response, or hasn't within timer H. */
  | readonly ["ack", "ack" | "timeout"]
  /** A BYE with these tags has set out: the call isn't up any more. */
  | readonly ["bye", string, string];

/** What was found out meanwhile, in this order. */
export type StoryFinding =
  /** Addresses of a target; null: the answer comes later. */
  | readonly ["flows", readonly NamedFlow[] | null]
  | readonly ["branch", string]
  /** TCP is tried in place of UDP. Where it isn't, nothing stands here. */
  | readonly ["tcp", NamedFlow]
  /** An address that has said nothing lately. */
  | readonly ["dead"]
  /** The stages of a continuation; null: it has nothing to offer. The notes are those that the call has then. */
  | readonly ["stages", readonly Stage[] | null, Notes]
  | readonly ["targets", readonly Target[], Notes]
  | readonly ["hold", number, Notes]
  | readonly ["reply", Reply, Notes]
  /** Something that happened within, while somebody was told or asked for the nth time. */
  | readonly ["within", number, StoryInput];

export type FindingOf<K extends StoryFinding[0]> = Extract<StoryFinding, readonly [K, ...unknown[]]>;

export interface StoryEvent {
  /** Since the call began. */
  readonly at_ms: number;
  /** Undefined: it begins. */
  readonly input?: StoryInput;
  readonly found: readonly StoryFinding[];
}

/** A listener as another member may have it too. */
export function listenerName({ protocol, address, port }: Listener): string {
  return `${protocol} ${address} ${port}`;
}

/**
 * The same value with the listeners of its flows as this router has them.
 * @param names the listeners of the member that says it
 * @returns undefined: a flow needs a listener that isn't here
 */
export function withListeners<T>(value: T, names: readonly string[], listeners: readonly Listener[]): T | undefined {
  const here = names.map((name, index) => indexOf(name, index, listeners));
  if (here.every((one, index) => one === index)) return value;
  let isWhole = true;
  const translated: unknown = JSON.parse(JSON.stringify(value), (_key, part: unknown) => {
    if (!isFlow(part)) return part;
    const listener = here[part.listener] ?? -1;
    if (listener < 0) isWhole = false;
    return { ...part, listener };
  });
  return isWhole ? (translated as T) : undefined;
}

/** By name; where each member has an address of its own, by its place in the file. */
function indexOf(name: string, place: number, listeners: readonly Listener[]): number {
  const same = listeners.findIndex((one) => listenerName(one) === name);
  if (same >= 0) return same;
  return name.startsWith(`${listeners[place]?.protocol} `) ? place : -1;
}

function isFlow(part: unknown): part is NamedFlow {
  if (typeof part !== "object" || part === null || !("listener" in part) || !("address" in part)) return false;
  return typeof part.listener === "number";
}
