/** Why a peer is lost, more closely than the evidence says. */
import type { ProbeFailure } from "../../proxy/prober.ts";
import type { Lack } from "../../transport/locator.ts";
import type { Evidence } from "./peer-state.ts";

/** How a probe has failed; or that the peer's name has no address, and why. */
export type PeerFailure = ProbeFailure | Lack;

/**
 * What stands beside the evidence in the log and the history.
 * @param failure of the last probe
 * @param lack why the peer's name has no address now; undefined: it has one
 */
export function failureBehind(
  evidence: Evidence,
  failure: PeerFailure | undefined,
  lack: Lack | undefined,
): PeerFailure | undefined {
  if (evidence === "probe failed") return failure;
  return evidence === "request unanswered" || evidence === "request undeliverable" ? lack : undefined;
}
