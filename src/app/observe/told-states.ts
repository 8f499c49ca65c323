/** How metrics and SNMP tell a site's states. By SNMP a word is its place in the list, counted from one: a new word comes last. */
import type { RunningStatus } from "../status-facts.ts";

export const PEER_STATES = ["up", "suspect", "down", "recovering"];
export const ROLES = ["upstream", "gateway", "none"];
export const MEMBER_STATES = ["stopped", "syncing", "active", "draining", "drained"];

/** Without a known target, as where each call's domain is upstream, that isn't survival. */
export function isSurviving({ calls_go_to }: RunningStatus): boolean {
  return calls_go_to !== undefined && calls_go_to.role !== "upstream";
}

/**
 * When the last target of upstream fell, or was forced down: seconds since 1970.
 * @param secondsOf seconds since 1970, of a time of day in ISO 8601
 */
export function survivingSince_s(
  { upstream, forced }: RunningStatus,
  secondsOf: (time: string) => number,
): number | undefined {
  const times = [forced?.since, ...upstream.map(({ since }) => since)];
  const found = times.flatMap((time) => (time === undefined ? [] : [secondsOf(time)]));
  return found.length === 0 ? undefined : Math.max(...found);
}
