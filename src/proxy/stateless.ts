/**
 * Forwarding without a transaction: ACKs of 2xx, and what belongs to nothing we know (RFC 3261 §16.11).
 *
 * A response without a transaction is forwarded when its branch parameter shows our mark and an earlier start. RFC 6026 would drop it;
 * then a router that restarts while a phone rings would lose the call. The sender must be the one that was asked, or belong here, since
 * a branch can be overheard.
 */
import type { Flow, TransportPort } from "../transport/flow.ts";
import type { FlowWaiter } from "../transport/locator.ts";
import { stampVia } from "../transport/receive.ts";
import type { ProxyKit } from "./kit.ts";
import { breadthOf } from "./max-breadth.ts";
import { buildCopy, hopBehind, isFlow, nextHopOf } from "./outgoing.ts";
import { isNamed } from "./plan/walk.ts";
import { NO_NOTES, type RoutedRequest, type Router, type RunningRequest, type Target } from "./router.ts";

/** Sends a request to the first target of its plan. False: the plan has none. */
export function forwardStateless(kit: ProxyKit, router: Router, routed: RoutedRequest, now_ms: number): boolean {
  const [stage] = router.decide(routed, now_ms).plan;
  if (stage?.kind !== "fork") return false;
  const { targets } = stage;
  const [target] = isNamed(targets) ? router.targets(routed, targets, notRunning(), now_ms) : targets;
  if (target === undefined) return false;
  new StatelessForward(kit, routed, target).start(now_ms);
  return true;
}

/** A request that is sent and forgotten runs through no plan. */
function notRunning(): RunningRequest {
  return { notes: NO_NOTES, refuse: () => {} };
}

/** A request on its way to its next hop. */
class StatelessForward implements FlowWaiter {
  private readonly kit: ProxyKit;
  private readonly routed: RoutedRequest;
  private readonly target: Target;

  constructor(kit: ProxyKit, routed: RoutedRequest, target: Target) {
    this.kit = kit;
    this.routed = routed;
    this.target = target;
  }

  start(now_ms: number): void {
    const hop = nextHopOf(this.routed, this.target, this.kit.listeners);
    if (hop === undefined) return;
    const flows = isFlow(hop) ? [hop] : this.kit.locator.locate(hop, this, now_ms, this.routed.request.callId);
    if (flows !== undefined) this.onLocated(flows, now_ms);
  }

  onLocated(flows: readonly Flow[], now_ms: number): void {
    const flow = flows[0];
    if (flow === undefined) return;
    const { request, source } = this.routed;
    const branch = this.kit.branchIds.stateless(request);
    const stamp = stampVia(request, source);
    const { kit, routed, target } = this;
    const wire = buildCopy(kit, { routed, stamp, target, maxBreadth: breadthOf(request, 1) }, flow, branch);
    if (!kit.transport.send(flow, wire)) this.findAnew(flow, now_ms);
  }

  /** The connection that a phone had opened is gone: its Contact is tried. */
  private findAnew(lost: Flow, now_ms: number): void {
    const hop = hopBehind(this.routed, this.target, lost);
    const flows = hop === undefined ? undefined : this.kit.locator.locate(hop, this, now_ms);
    if (flows !== undefined) this.onLocated(flows, now_ms);
  }
}

/** A response on its way back. */
export class StatelessResponse implements FlowWaiter {
  private readonly transport: Pick<TransportPort, "send">;
  private readonly wire: string;

  constructor(transport: Pick<TransportPort, "send">, wire: string) {
    this.transport = transport;
    this.wire = wire;
  }

  onLocated(flows: readonly Flow[]): void {
    const flow = flows[0];
    if (flow !== undefined) this.transport.send(flow, this.wire);
  }
}
