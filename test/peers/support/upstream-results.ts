/** Why a call went to the gateway, as branchline tells it: no clock is needed to tell these causes apart. */
import type { Branchline } from "./branchline.ts";

/**
 * How upstream's part in each call ended, by Call-ID, as branchline tells it: "silent" where the call waited for fr_timer,
 * "unreachable" where the kernel said so. A call that upstream has had no part in isn't there.
 */
export async function upstreamResults(branchline: Branchline): Promise<ReadonlyMap<string, string>> {
  const calls = JSON.parse(await branchline.command("calls", "--json", "-n", "all")) as readonly RecordedCall[];
  const steps = calls.flatMap(({ legs }) => legs.flatMap((leg) => leg.steps.map((step) => ({ ...step, ...leg }))));
  const upstream = steps.filter(({ what }) => what.startsWith("upstream "));
  return new Map(upstream.map(({ call_id, result }) => [call_id, result ?? "none"]));
}

interface RecordedCall {
  readonly legs: readonly {
    readonly call_id: string;
    readonly steps: readonly { readonly what: string; readonly result: string | null }[];
  }[];
}
