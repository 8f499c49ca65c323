/** How the journal hears all that happens: messages, decisions, stages, bindings, states. Without one it costs nothing. */
import type { Response } from "../message/message.ts";
import type { Reply } from "../message/reply.ts";
import type { History } from "../policy/peers/history.ts";
import type { BindingChange } from "../policy/phones/binding-changes.ts";
import type { Bindings } from "../policy/phones/bindings.ts";
import type { RoutingPolicy } from "../policy/routing-policy.ts";
import type { Edge } from "../policy/status.ts";
import { tellGiven } from "../proxy/given.ts";
import type { Outcome } from "../proxy/plan/condition.ts";
import type { Observed, ProxyPorts } from "../proxy/proxy-parts.ts";
import type { DecisionListener, RunningRequest, Stage, Target } from "../proxy/router.ts";
import type { Flow, TransportPort } from "../transport/flow.ts";
import type { ReadinessTurn } from "./observe/readiness-watch.ts";

export type Happening =
  /** A message has come. `member`: by that member of the cluster, which has passed it on; missing: from its sender. */
  | { readonly kind: "in"; readonly wire: string; readonly flow: Flow; readonly member?: string }
  /** A message leaves. */
  | { readonly kind: "out"; readonly wire: string; readonly flow: Flow }
  /** A message that has come is passed on to the member that has its call. */
  | { readonly kind: "passed"; readonly method: string; readonly callId: string; readonly member: string }
  /** A rule has decided about a request. */
  | {
      readonly kind: "decision";
      readonly method: string;
      readonly callId: string;
      readonly rule: string;
      readonly why: string;
    }
  /** A request enters a stage of its plan. */
  | { readonly kind: "stage"; readonly method: string; readonly callId: string; readonly stage: Stage }
  /** A phone's binding has come, moved or gone; those that a restart restores come, too. */
  | ({ readonly kind: "binding" } & BindingChange)
  /** A peer's state has changed. */
  | { readonly kind: "edge"; readonly edge: Edge }
  /** The branch isn't ready for an outage any more, or is again. */
  | { readonly kind: "readiness"; readonly turn: ReadinessTurn }
  /** Another member of the pair lives, dies or does something else, or this one does. */
  | { readonly kind: "pair"; readonly what: string }
  /** A message has been dropped; `reason` is one of a few words of ours. */
  | { readonly kind: "drop"; readonly reason: string };

/** Hears what happens in the order in which it does. It must not throw, nor ask anything of the engine meanwhile. */
export type Tap = (happening: Happening, now_ms: number) => void;

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

/** From now on `tap` hears of the stages that requests enter. */
export function listenToStages(tap: Tap | undefined, router: RoutingPolicy): void {
  if (tap === undefined) return;
  router.beside = ({ method, callId }, listener) => new StageTeller(method, callId, listener, tap);
}

/** From now on `tap` hears of decisions, drops, bindings and states. */
export function listen(tap: Tap, core: Observed, bindings: Bindings, history: History, now_ms: () => number): void {
  core.onDecision = ({ method, callId }, { rule, why }) => {
    tap({ kind: "decision", method, callId, rule, why }, now_ms());
  };
  core.meter.onDrop = (reason) => tap({ kind: "drop", reason }, now_ms());
  bindings.onBinding = (change) => tap({ kind: "binding", ...change }, now_ms());
  history.onEdge = (edge) => tap({ kind: "edge", edge }, edge.at_ms);
}

/** Tells a tap of a request's stages, and its listener of all. */
class StageTeller implements DecisionListener {
  private readonly method: string;
  private readonly callId: string;
  private readonly inner: DecisionListener | undefined;
  private readonly tap: Tap;

  constructor(method: string, callId: string, inner: DecisionListener | undefined, tap: Tap) {
    this.method = method;
    this.callId = callId;
    this.inner = inner;
    this.tap = tap;
  }

  onStart(request: RunningRequest, now_ms: number): void {
    this.inner?.onStart?.(request, now_ms);
  }

  onStage(stage: Stage, running: RunningRequest, now_ms: number): void {
    const { method, callId } = this;
    this.tap({ kind: "stage", method, callId, stage }, now_ms);
    this.inner?.onStage?.(stage, running, now_ms);
  }

  onOutcome(outcome: Outcome, running: RunningRequest, now_ms: number): void {
    this.inner?.onOutcome?.(outcome, running, now_ms);
  }

  onAnswer(target: Target, response: Response, now_ms: number): void {
    this.inner?.onAnswer?.(target, response, now_ms);
  }

  onFailure(status: number, now_ms: number, own?: Reply): void {
    this.inner?.onFailure?.(status, now_ms, own);
  }

  onGiven(member: string, isAnswered: boolean, now_ms: number): void {
    tellGiven(this.inner, member, isAnswered, now_ms);
  }

  onAck(now_ms: number): void {
    this.inner?.onAck?.(now_ms);
  }
}
