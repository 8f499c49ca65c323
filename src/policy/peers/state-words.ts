/** What the state of an upstream target means for new calls: the predicate by which they are routed, and its words. */
import type { PeerStatus } from "../status.ts";

type WithState = Pick<PeerStatus, "state">;

/** Whether new calls are sent to a peer in this state: "up" or "suspect". "recovering" and "down" take none. */
export function takesCalls(state: string): boolean {
  return state === "up" || state === "suspect";
}

/**
 * Why none of these, which a call could be sent to, takes it: "upstream is recovering".
 * @param isForced an administrator has chosen the state
 */
export function whyNoCalls(
  targets: readonly { readonly name: string; readonly stateName: string }[],
  isForced = false,
): string {
  if (isForced) return "upstream is forced down";
  const states = new Set(targets.map(({ stateName }) => stateName));
  if (states.size < 2) return `upstream is ${targets[0]?.stateName ?? "down"}`;
  return `upstream: ${targets.map(({ name, stateName }) => `${name} is ${stateName}`).join(", ")}`;
}

/**
 * Where new calls go while `peer`, an upstream target, is in its state.
 * @param upstream all upstream targets, `peer` among them
 * @param gateways how many the file has
 */
export function whereCallsGo({ state }: WithState, upstream: readonly WithState[], gateways: number): string {
  if (takesCalls(state)) return state === "up" ? "calls go there" : "calls still go there";
  if (upstream.some((one) => takesCalls(one.state))) return "calls go to the other upstream";
  return gateways > 0 ? "calls go to the gateway" : "calls find no way out";
}
