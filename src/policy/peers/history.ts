/** What has become of upstream and of the gateways: the edges of their states, the last ones kept. */
import type { Logger } from "../../base/ports.ts";
import type { Edge } from "../status.ts";

/** Kept at the most: days of an ordinary line, an hour of one that flaps. */
export const EDGES_MAX = 200;

export class History {
  /** Hears of each edge; undefined: nobody wants to. */
  onEdge: ((edge: Edge) => void) | undefined = undefined;
  /** Hears of each edge too, for what is kept for months. */
  onKept: (edge: Edge) => void = () => {};
  /** Hears that a peer is seen as down from now on, or no longer, whatever its state is forced to. */
  onTurn: (role: Edge["role"], name: string, isDown: boolean, now_ms: number) => void = () => {};
  private edges: Edge[] = [];

  add(edge: Edge): void {
    this.edges.push(edge);
    if (this.edges.length > EDGES_MAX) this.edges.shift();
    this.onEdge?.(edge);
    this.onKept(edge);
  }

  /** They come amid whatever else happens: see `HostUser.onCalm`. */
  renew(): void {
    this.edges = this.edges.map((edge) => ({ ...edge }));
  }

  /** Oldest first. */
  get all(): readonly Edge[] {
    return this.edges;
  }
}

/** The log's line for a change of state: a warning when a peer is down from now on. */
export function tellChange({ role, name, from, to, evidence: what, probe_failure }: Edge, log: Logger): void {
  const isDown = to === "down";
  const evidence = probe_failure === undefined ? what : `${what}: ${probe_failure}`;
  if (role === "upstream") {
    const fields = { upstream: name, from, to, evidence };
    if (isDown) log.warn("upstream_state", fields);
    else log.info("upstream_state", fields);
    return;
  }
  const fields = { gateway: name, from, to, evidence };
  if (isDown) log.warn("gateway_state", fields);
  else log.info("gateway_state", fields);
}
