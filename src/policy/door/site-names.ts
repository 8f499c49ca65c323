/**
 * Names that mean this proxy: those of the file, of our certificate, and those that DNS leads here. Names of upstream and of
 * gateways never do, whatever they resolve to: many sites let the PBX's name lead to the router. The domain of an
 * address-of-record does in a Route alone.
 */
import type { LearnedNames } from "../../proxy/learned-names.ts";
import type { OwnNames } from "../../proxy/own-addresses.ts";
import type { Upstreams } from "../peers/upstreams.ts";
import type { Bindings } from "../phones/bindings.ts";
import type { Site } from "../site.ts";

export class SiteNames implements OwnNames {
  readonly stated: ReadonlySet<string>;
  private readonly certificate: ReadonlySet<string>;
  private readonly gateways: ReadonlySet<string>;
  private readonly learned: LearnedNames;
  private readonly upstreams: Upstreams;
  private readonly bindings: Bindings;

  constructor(site: Site, learned: LearnedNames, upstreams: Upstreams, bindings: Bindings) {
    this.learned = learned;
    this.upstreams = upstreams;
    this.bindings = bindings;
    this.gateways = new Set(site.gateways.map(({ uri }) => uri.host));
    const others = new Set([...this.gateways, ...site.upstream.targets.map(({ host }) => host)]);
    this.stated = new Set(site.names.filter((name) => !others.has(name)));
    this.certificate = new Set(site.certificateNames);
  }

  leadsHere(host: string): boolean {
    return this.learned.isOurs(host);
  }

  isUnknown(host: string): boolean {
    return this.learned.isUnknown(host);
  }

  isOurs(host: string): boolean {
    return this.isOursInRoute(host) && !this.bindings.hasDomain(host);
  }

  /** One phone that is registered in a domain of this name doesn't take it from all that have it as their outbound proxy. */
  isOursInRoute(host: string): boolean {
    if (!this.certificate.has(host) && !this.learned.isOurs(host)) return false;
    return !this.upstreams.isHost(host, this.bindings) && !this.gateways.has(host);
  }
}
