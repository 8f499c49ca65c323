/** What an observer is told of all that happens: messages, decisions, states. Without an observer it costs nothing. */
import type { History } from "../policy/peers/history.ts";
import type { Edge } from "../policy/status.ts";
import type { ProxyCore, ProxyPorts } from "../proxy/proxy-core.ts";
import type { Flow, TransportPort } from "../transport/flow.ts";

export type JournalEntry =
  /** A message has come. */
  | { readonly kind: "in"; readonly wire: string; readonly flow: Flow }
  /** A message leaves. */
  | { readonly kind: "out"; readonly wire: string; readonly flow: Flow }
  /** A rule has decided about a request. */
  | {
      readonly kind: "decision";
      readonly method: string;
      readonly callId: string;
      readonly rule: string;
      readonly why: string;
    }
  /** A peer's state has changed. */
  | { readonly kind: "edge"; readonly edge: Edge }
  /** A message has been dropped; `reason` is one of a few words of ours. */
  | { readonly kind: "drop"; readonly reason: string };

/** Hears what happens in the order in which it does. It must not throw, nor ask anything of the engine meanwhile. */
export type Tap = (entry: JournalEntry, now_ms: number) => void;

/** The same ports; `tap` hears what leaves by them. */
export function withTap(ports: ProxyPorts, tap: Tap | undefined, now_ms: () => number): ProxyPorts {
  if (tap === undefined) return ports;
  const { transport } = ports;
  const told: TransportPort = {
    send: (flow, wire) => {
      tap({ kind: "out", wire, flow }, now_ms());
      return transport.send(flow, wire);
    },
    watch: (flow) => transport.watch(flow),
    unwatch: (flow) => transport.unwatch(flow),
    giveUp: (flow) => transport.giveUp(flow),
  };
  return { ...ports, transport: told };
}

/** From now on `tap` hears of decisions, drops and states. */
export function listen(tap: Tap, core: ProxyCore, history: History, now_ms: () => number): void {
  core.onDecision = ({ method, callId }, { rule, why }) => {
    tap({ kind: "decision", method, callId, rule, why }, now_ms());
  };
  core.meter.onDrop = (reason) => tap({ kind: "drop", reason }, now_ms());
  history.onEdge = (edge) => tap({ kind: "edge", edge }, edge.at_ms);
}
