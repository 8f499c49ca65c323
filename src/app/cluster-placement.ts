/** Where the calls of a cluster are made, as its file says. */
import type { Cluster } from "../cluster/cluster.ts";
import { seatOf } from "../cluster/order.ts";
import { OrderedPlacement, type Placement, SharedPlacement } from "../cluster/placement.ts";
import type { ClusterSettings } from "../cluster/settings.ts";
import type { ClusterView } from "./cluster-view.ts";
import type { Engine } from "./engine.ts";

export function placementOf(
  { mode, members }: ClusterSettings,
  cluster: Cluster,
  view: ClusterView,
  { host }: Engine,
): Placement {
  if (mode === "pair") return new SharedPlacement(cluster, () => view.hasAddress);
  const seats = members.map(({ name }) => seatOf(name, (text) => host.mac(text)));
  return new OrderedPlacement(cluster, seats);
}
