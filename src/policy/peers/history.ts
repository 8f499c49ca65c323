/** What has become of upstream and of the gateways: the edges of their states, the last ones kept. */
import type { Edge } from "../status.ts";

/** Kept at the most: days of an ordinary line, an hour of one that flaps. */
const EDGES_MAX = 200;

export class History {
  private readonly edges: Edge[] = [];

  add(edge: Edge): void {
    this.edges.push(edge);
    if (this.edges.length > EDGES_MAX) this.edges.shift();
  }

  /** Oldest first. */
  get all(): readonly Edge[] {
    return this.edges;
  }
}
