/** What a rule looks at, besides the facts of the request: the site, and how upstream is. */
import type { Dialogs } from "../proxy/dialogs.ts";
import type { LearnedNames } from "../proxy/learned-names.ts";
import type { OwnAddresses } from "../proxy/own-addresses.ts";
import type { Tokens } from "../proxy/tokens.ts";
import type { Drilling } from "./drilling.ts";
import type { Emergency } from "./emergency/emergency.ts";
import type { Gateways } from "./gateways/gateways.ts";
import type { Hunting } from "./numbers/hunting.ts";
import type { OutboundProxies } from "./peers/outbound-proxies.ts";
import type { Upstreams } from "./peers/upstreams.ts";
import type { Backups } from "./phones/backups.ts";
import type { PathWatch } from "./phones/path-watch.ts";
import type { RedirectWatch } from "./phones/redirect-watch.ts";
import type { Registrar } from "./phones/registrar.ts";
import type { Decision } from "./plan.ts";
import type { RequestFacts } from "./request-facts.ts";
import type { Site } from "./site.ts";

/** What a rule may ask. */
export interface Staff {
  readonly site: Site;
  readonly own: OwnAddresses;
  readonly learned: LearnedNames;
  readonly dialogs: Dialogs;
  readonly tokens: Tokens;
  readonly upstreams: Upstreams;
  readonly registrar: Registrar;
  readonly gateways: Gateways;
  readonly hunting: Hunting;
  readonly redirects: RedirectWatch;
  readonly emergency: Emergency;
  readonly pathWatch: PathWatch;
  readonly backups: Backups;
  readonly outboundProxies: OutboundProxies;
  readonly drilling: Drilling;
}

export interface Situation extends Staff {
  readonly now_ms: number;
}

/** A rule decides, or leaves the request to the next. It sends nothing; what it takes of a budget or a turn, it takes here. */
export type RoutingRule = (facts: RequestFacts, situation: Situation) => Decision | undefined;
