/** The routing daemons for which `branchline cluster` prints. */
import type { RouteCommands } from "../../cluster/settings.ts";
import { BIRD_ROUTE, birdConfig } from "./bird.ts";
import { exabgpConfig, exabgpFault, exabgpRoute } from "./exabgp.ts";
import { frrConfig, frrRoute } from "./frr.ts";
import type { AnycastPlan } from "./plan.ts";
import type { Manager } from "./systemd.ts";

export interface Daemon extends Manager {
  /** Why it can't do what the plan says, for a person. */
  readonly fault: (plan: AnycastPlan) => string | undefined;
  /** @param head lines that say what made it */
  readonly config: (plan: AnycastPlan, head: readonly string[]) => string;
  /** What branchline runs. */
  readonly route: (plan: AnycastPlan) => RouteCommands;
}

const fine = () => undefined;

export const DAEMONS = {
  bird: { unit: "bird.service", group: "bird", own: [], fault: fine, config: birdConfig, route: () => BIRD_ROUTE },
  frr: {
    unit: "frr.service",
    group: "frrvty",
    own: [],
    fault: fine,
    config: frrConfig,
    route: frrRoute,
  },
  exabgp: {
    unit: "exabgp.service",
    group: "exabgp",
    own: ["# The group may write to the pipe by which ExaBGP is told.", "UMask=0007"],
    fault: exabgpFault,
    config: exabgpConfig,
    route: exabgpRoute,
  },
} as const satisfies Readonly<Record<string, Daemon>>;

export type DaemonName = keyof typeof DAEMONS;
