/** A running branchline's state in words, for `branchline status`. */
import type { PeerStatus } from "../policy/status.ts";
import { spell } from "./config/reader.ts";
import type { RunningStatus } from "./control.ts";

/** Edges shown. */
const EDGES_MAX = 20;

export function statusText(status: RunningStatus): string {
  const { version, up_s, force, upstream, gateways, phones, history } = status;
  const lines = [`branchline ${version}, running for ${spell(up_s * 1_000)}.`];
  if (force !== "auto") lines.push(`Upstream is forced ${force}; "branchline force auto" ends that.`);
  if (upstream.length === 0) lines.push("Upstream: no domain has been called yet.");
  for (const peer of upstream) lines.push(`Upstream ${peer.name}: ${stateText(peer)}.`);
  for (const gateway of gateways) {
    const used = gateway.channels === undefined ? `${gateway.calls}` : `${gateway.calls} of ${gateway.channels}`;
    lines.push(`Gateway ${gateway.name}: ${stateText(gateway)}, ${used} calls.`);
  }
  lines.push(`Phones: ${phones.addresses} addresses-of-record with ${phones.contacts} contacts.`);
  const shown = history.slice(-EDGES_MAX);
  if (shown.length > 0) lines.push("Last changes:", ...shown.map(({ at, text }) => `  ${at}  ${text}`));
  return `${lines.join("\n")}\n`;
}

function stateText({ state, observed }: PeerStatus): string {
  return state === observed ? state : `${state} (seen: ${observed})`;
}
