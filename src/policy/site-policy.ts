/** All that depends on one description of the site, built and introduced to each other. A reload replaces it as a whole. */
import type { Random } from "../base/ports.ts";
import type { OwnAddresses } from "../proxy/own-addresses.ts";
import type { Tokens } from "../proxy/tokens.ts";
import type { Bindings } from "./bindings.ts";
import type { Calls } from "./calls.ts";
import { Gateways } from "./gateways.ts";
import { Hunting } from "./hunting.ts";
import type { PeerParts } from "./peer.ts";
import { RedirectWatch } from "./redirect-watch.ts";
import { Registrar } from "./registrar.ts";
import { RoutingPolicy } from "./routing-policy.ts";
import type { Site } from "./site.ts";
import { Upstreams } from "./upstreams.ts";

/** What outlives a reload. */
export interface Memory {
  readonly bindings: Bindings;
  readonly calls: Calls;
}

export interface PolicyParts extends PeerParts {
  readonly random: Random;
  readonly own: OwnAddresses;
  readonly tokens: Tokens;
}

export class SitePolicy {
  readonly router: RoutingPolicy;
  private readonly upstreams: Upstreams;
  private readonly gateways: Gateways;
  private readonly redirects: RedirectWatch;

  constructor(parts: PolicyParts, memory: Memory, site: Site) {
    const { own, tokens, random, timers, log } = parts;
    this.upstreams = new Upstreams(parts, site.upstream);
    this.gateways = new Gateways(parts, random, memory.calls, site);
    this.redirects = new RedirectWatch(timers, memory.bindings, log);
    const { upstreams, gateways, redirects } = this;
    const registrar = new Registrar(memory.bindings, site.registration, random);
    const hunting = new Hunting(site, registrar, gateways, upstreams);
    this.router = new RoutingPolicy({ site, own, tokens, upstreams, registrar, gateways, hunting, redirects });
  }

  /** Begins to watch upstream and the gateways. */
  start(now_ms: number): void {
    this.upstreams.start(now_ms);
    this.gateways.start(now_ms);
  }

  stop(): void {
    this.upstreams.stop();
    this.gateways.stop();
    this.redirects.stop();
  }
}
