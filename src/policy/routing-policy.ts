/** Where requests go: the ordered list of rules. The first that decides, decides. */
import type { Request } from "../message/message.ts";
import type { OwnAddresses } from "../proxy/own-addresses.ts";
import type { RoutedRequest, Router, RoutingDecision } from "../proxy/router.ts";
import type { Tokens } from "../proxy/tokens.ts";
import type { Flow } from "../transport/flow.ts";
import { Access } from "./access.ts";
import type { Gateways } from "./gateways.ts";
import { Hunting } from "./hunting.ts";
import { decision, replyStage } from "./plan.ts";
import type { Registrar } from "./registrar.ts";
import { call } from "./rules/call.ts";
import { contact } from "./rules/contact.ts";
import { fromGateway } from "./rules/from-gateway.ts";
import { fromUpstream } from "./rules/from-upstream.ts";
import { inDialog } from "./rules/in-dialog.ts";
import { otherRequest } from "./rules/other-request.ts";
import { path } from "./rules/path.ts";
import { register } from "./rules/register.ts";
import { toGateway } from "./rules/to-gateway.ts";
import { toOurselves } from "./rules/to-ourselves.ts";
import type { Site } from "./site.ts";
import type { RoutingRule } from "./situation.ts";
import type { Upstreams } from "./upstreams.ts";

const RULES: readonly RoutingRule[] = [
  path,
  contact,
  inDialog,
  fromGateway,
  toOurselves,
  toGateway,
  register,
  call,
  otherRequest,
  fromUpstream,
];

export class RoutingPolicy implements Router {
  private readonly site: Site;
  private readonly upstreams: Upstreams;
  private readonly own: OwnAddresses;
  private readonly tokens: Tokens;
  private readonly registrar: Registrar;
  private readonly gateways: Gateways;
  private readonly hunting: Hunting;
  private readonly access: Access;

  constructor(
    site: Site,
    upstreams: Upstreams,
    registrar: Registrar,
    gateways: Gateways,
    own: OwnAddresses,
    tokens: Tokens,
  ) {
    this.site = site;
    this.upstreams = upstreams;
    this.registrar = registrar;
    this.gateways = gateways;
    this.hunting = new Hunting(site, registrar, gateways);
    this.own = own;
    this.tokens = tokens;
    this.access = new Access(site, upstreams, own, tokens);
  }

  admit(request: Request, source: Flow): "admit" | "forbid" | "drop" {
    return this.access.admit(request, source);
  }

  decide(routed: RoutedRequest, now_ms: number): RoutingDecision {
    const { site, upstreams, registrar, gateways, hunting, own, tokens } = this;
    const origin = this.access.originOf(routed.source);
    const situation = { site, origin, own, tokens, upstreams, registrar, gateways, hunting, now_ms };
    for (const rule of RULES) {
      const made = rule(routed, situation);
      if (made !== undefined) return made;
    }
    return decision("nobody", `nothing for ${origin} to ask of us`, replyStage(403));
  }
}
