/**
 * Names that phones have as their outbound proxy, and that don't mean us as far as we know: their calls go astray, or work by luck
 * alone. The administrator can say in `names` that they do.
 */
import { BoundedMap } from "../../base/bounded-map.ts";
import { ownText } from "../../base/own-text.ts";
import type { Logger } from "../../base/ports.ts";
import { Seldom } from "../../base/seldom.ts";
import type { SipUri } from "../../message/uri.ts";
import type { LearnedNames } from "../../proxy/learned-names.ts";
import type { OwnAddresses } from "../../proxy/own-addresses.ts";
import type { Bindings } from "../phones/bindings.ts";
import type { ProxyName } from "../status.ts";
import type { Upstreams } from "./upstreams.ts";

/** Names remembered, and told of; a branch has one or two. */
const NAMES_MAX = 16;
/** DNS answers in less, or not at all. */
const DNS_PATIENCE_ms = 5_000;

interface Seen {
  /** The phone that named it first. */
  readonly from: string;
  readonly seen_ms: number;
  isTold: boolean;
}

/** Knows which names are upstream's. */
interface Others {
  readonly upstreams: Upstreams;
  readonly bindings: Bindings;
}

export class OutboundProxies {
  private readonly learned: LearnedNames;
  private readonly own: OwnAddresses;
  private readonly others: Others;
  private readonly log: Logger;
  private readonly seen = new BoundedMap<string, Seen>(NAMES_MAX);
  private readonly seldom = new Seldom();

  constructor(learned: LearnedNames, own: OwnAddresses, others: Others, log: Logger) {
    this.learned = learned;
    this.own = own;
    this.others = others;
    this.log = log;
  }

  /** A phone at `from` has sent a request whose outbound proxy is `uri`: neither upstream nor a domain of phones. */
  see(uri: SipUri, from: string, now_ms: number): void {
    const { host } = uri;
    if (this.own.hasUri(uri) || !this.learned.isKnown(host)) return;
    const seen = this.seen.get(host);
    if (seen === undefined) {
      this.seen.set(ownText(host), { from: ownText(from), seen_ms: now_ms, isTold: false });
      return;
    }
    if (seen.isTold) return;
    const found = this.findingOf(host, seen, now_ms);
    // Names that make room for each other come back as new ones.
    if (found === undefined || !this.seldom.takes(found.name, now_ms)) return;
    seen.isTold = true;
    const { name, addresses, text, cure } = found;
    this.log.warn("outbound_proxy_unknown", { name, leads_to: addresses.join(", "), from: found.from, text, cure });
  }

  findings(now_ms: number): ProxyName[] {
    return [...this.seen.keys()].flatMap((host) => {
      const seen = this.seen.get(host);
      return seen === undefined ? [] : (this.findingOf(host, seen, now_ms) ?? []);
    });
  }

  private findingOf(host: string, { from, seen_ms }: Seen, now_ms: number): ProxyName | undefined {
    if (!this.learned.isKnown(host) || this.learned.isOurs(host) || this.isUpstreams(host)) return undefined;
    const addresses = this.learned.addressesOf(host);
    if (addresses.length === 0 && now_ms < seen_ms + DNS_PATIENCE_ms) return undefined;
    const text = `phones at ${from} have ${host} as their outbound proxy; ${leadsTo(addresses)}`;
    return { name: host, addresses, from, text, cure: `if ${host} means this router, add it to names` };
  }

  /** It may have become one since: in a file without upstream each domain of phones is its own. */
  private isUpstreams(host: string): boolean {
    const { upstreams, bindings } = this.others;
    return upstreams.isHost(host, bindings) || bindings.hasDomain(host);
  }
}

function leadsTo(addresses: readonly string[]): string {
  if (addresses.length === 0) return "DNS knows no address of it";
  const wrong = addresses.length === 1 ? "isn't an address" : "aren't addresses";
  return `DNS leads it to ${addresses.join(", ")}, which ${wrong} of listen`;
}
