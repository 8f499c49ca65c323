/** All that depends on one description of the site, built and introduced to each other. A reload replaces it as a whole. */
import { type Limits, PLENTY } from "../base/limits.ts";
import type { Logger, Random } from "../base/ports.ts";
import type { Timers } from "../base/timers.ts";
import type { ProxyParts } from "../proxy/proxy-parts.ts";
import { hopOf } from "../transport/locator.ts";
import { type Advise, Outsiders } from "./access/outsiders.ts";
import { findHosts, type KnownPeer, strangerAdvice } from "./access/stranger-advice.ts";
import type { CallLog } from "./call-log.ts";
import { SiteNames } from "./door/site-names.ts";
import { drillTrouble, drillUsers } from "./drill-ground.ts";
import type { Drilling, DrillPhones } from "./drilling.ts";
import type { Callbacks } from "./emergency/callbacks.ts";
import { Emergency } from "./emergency/emergency.ts";
import type { Calls } from "./gateways/calls.ts";
import { Gateways } from "./gateways/gateways.ts";
import { Hunting } from "./numbers/hunting.ts";
import { addressConflicts } from "./peers/address-conflicts.ts";
import { OutboundProxies } from "./peers/outbound-proxies.ts";
import type { Peers } from "./peers/peers.ts";
import { Upstreams } from "./peers/upstreams.ts";
import { Backups } from "./phones/backups.ts";
import type { Bindings } from "./phones/bindings.ts";
import type { PathWatch } from "./phones/path-watch.ts";
import { phoneMark } from "./phones/phone-marks.ts";
import { RedirectWatch } from "./phones/redirect-watch.ts";
import type { RefusedPhones } from "./phones/refused-phones.ts";
import { Registrar } from "./phones/registrar.ts";
import type { RelayedCallers } from "./phones/relayed-callers.ts";
import { RoutingPolicy } from "./routing-policy.ts";
import type { Site } from "./site.ts";
import type { CallsGoTo, Edge, SiteStatus } from "./status.ts";

/** What outlives a reload. */
export interface Memory {
  readonly bindings: Bindings;
  readonly calls: Calls;
  readonly callbacks: Callbacks;
  readonly relayedCallers: RelayedCallers;
  readonly callLog: CallLog;
  readonly pathWatch: PathWatch;
  readonly peers: Peers;
  readonly drilling: Drilling;
}

/** What is handed in from outside. */
interface PolicyParts {
  readonly core: ProxyParts;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Logger;
  readonly limits?: Limits;
  /** Whether somebody else at this address is on our side of the Internet. */
  isNear(address: string): boolean;
}

export class SitePolicy {
  readonly router: RoutingPolicy;
  private readonly site: Site;
  private readonly peers: Peers;
  private readonly bindings: Bindings;
  private readonly refused: RefusedPhones;
  private readonly callLog: CallLog;
  private readonly upstreams: Upstreams;
  private readonly gateways: Gateways;
  private readonly hunting: Hunting;
  private readonly redirects: RedirectWatch;
  private readonly pathWatch: PathWatch;
  private readonly outboundProxies: OutboundProxies;

  constructor(parts: PolicyParts, memory: Memory, site: Site) {
    const { core, random, timers, log, limits = PLENTY } = parts;
    const { own, learned, dialogs, tokens, hangup, copier, locator } = core;
    this.site = site;
    locator.admitInside(hostsIn(site), (address) => site.localnet.contains(address));
    this.peers = memory.peers;
    this.redirects = new RedirectWatch(timers, memory.bindings, memory.relayedCallers, log, limits.redirects);
    this.bindings = memory.bindings;
    this.callLog = memory.callLog;
    this.pathWatch = memory.pathWatch;
    if (site.registration.mode !== "path") this.pathWatch.forget();
    this.upstreams = new Upstreams(memory.peers, own, site.upstream);
    this.gateways = new Gateways(memory.peers, random, memory.calls, own, site);
    const { redirects, upstreams, gateways } = this;
    const registrar = new Registrar(memory.bindings, site.registration, random);
    const hunting = new Hunting(site, registrar, gateways, upstreams);
    this.hunting = hunting;
    const emergency = new Emergency({
      site,
      settings: site.emergency,
      fr_timer_ms: site.upstream.fr_timer_ms,
      gateways,
      registrar,
      callbacks: memory.callbacks,
      hangup,
      log,
    });
    const { pathWatch } = memory;
    const backups = new Backups({ bindings: memory.bindings, copier, log }, site.registration.copies.to.map(hopOf));
    this.outboundProxies = new OutboundProxies(learned, own, { upstreams, bindings: memory.bindings }, log);
    own.goBy(new SiteNames(site, learned, upstreams, memory.bindings));
    const staff = {
      site,
      own,
      learned,
      dialogs,
      tokens,
      upstreams,
      registrar,
      gateways,
      hunting,
      redirects,
      emergency,
      pathWatch,
      backups,
      outboundProxies: this.outboundProxies,
      drilling: memory.drilling,
    };
    const advise: Advise = (address, tell, now_ms) => {
      const asked = upstreams.nameHosts;
      const { names } = locator;
      findHosts(names, asked, (found) => tell(strangerAdvice(address, this.peerAddresses(found))), now_ms);
    };
    const outsiders = new Outsiders(parts.isNear, advise, log);
    this.router = new RoutingPolicy(staff, memory.callLog, log, outsiders, limits);
    const { sources, strangers } = this.router.quotas;
    const { bindings, calls, peers: domains } = memory;
    const { challenged, refused } = registrar;
    this.refused = refused;
    const tables = { sources, strangers, bindings, calls, domains, challenged, refused };
    core.meter.watchAll({ ...tables, redirects, relayed: memory.relayedCallers });
  }

  /** Begins to watch upstream and the gateways. */
  start(now_ms: number): void {
    this.peers.start(this.site.upstream.force, now_ms);
  }

  status(now_ms: number): SiteStatus {
    const { peers, upstreams, gateways, bindings, pathWatch } = this;
    const { pace } = this.site.registration;
    return {
      force: peers.pin,
      forced: peers.forcing.status,
      calls_go_to: this.callsGoTo(),
      upstream: upstreams.all().map((peer) => ({ ...peer.status(now_ms), registers: peer.pace.status(pace) })),
      gateways: gateways.status(now_ms),
      phones: this.phones(),
      members: this.hunting.members(now_ms),
      refused: this.refused.lately(now_ms),
      path: pathWatch.findings(upstreams.all()),
      proxy_names: this.outboundProxies.findings(now_ms),
      conflicts: addressConflicts(upstreams.all(), this.site, bindings),
      calls_now: this.callLog.countNow(now_ms),
      history: peers.history.all.map((edge) => ({ ...edge, name: this.peerName(edge.role, edge.name) })),
    };
  }

  private callsGoTo(): CallsGoTo {
    const above = this.upstreams.all();
    const isDark = above.length === 0 ? this.peers.pin === "down" : this.upstreams.isDark;
    if (!isDark) return { role: "upstream", peers: above.filter((peer) => peer.takesCalls).map(({ name }) => name) };
    const peers = this.gateways.living.map(({ name }) => name);
    return { role: peers.length === 0 ? "none" : "gateway", peers };
  }

  private phones(): SiteStatus["phones"] {
    const { bindings, site, upstreams, pathWatch } = this;
    const isDark = upstreams.all().every((peer) => !peer.takesRegisters);
    const hosts = new Set(site.gateways.map(({ uri }) => uri.host));
    const phones = { addresses: 0, contacts: 0, not_back: 0, not_heard: 0, at_gateways: 0 };
    for (const { bindings: list, stale } of bindings.all()) {
      // One that has de-registered is known for an outage, and isn't registered.
      if (list.length === 0) continue;
      phones.addresses += 1;
      phones.contacts += list.length;
      for (const { flow } of list) if (hosts.has(flow.address)) phones.at_gateways += 1;
      if (isDark || stale.size === 0) continue;
      const restored = new Set(list.filter(({ heard_ms }) => heard_ms === Number.NEGATIVE_INFINITY).map(phoneMark));
      if ([...stale].some((mark) => !restored.has(mark))) phones.not_back += 1;
      else if (!pathWatch.isUsed) phones.not_heard += 1;
    }
    return phones;
  }

  /** What the file calls the peer that logs name so. */
  peerName(role: Edge["role"], name: string): string {
    return role === "gateway" ? this.gateways.nameOf(name) : name;
  }

  /** Whether a peer of this name, as the file has it, is watched; a domain that phones name may be at any time. */
  watches(role: Edge["role"], name: string): boolean {
    if (role === "gateway") return this.gateways.named(name) !== undefined;
    const { configuredTargets } = this.upstreams;
    return configuredTargets.length === 0 || configuredTargets.some((peer) => peer.name === name);
  }

  /** The users of the phones that a drill is to have. */
  drillUsers(phones: DrillPhones): DrillPhones {
    return drillUsers(phones, this.site.extensions, this.bindings);
  }

  /** See {@link drillTrouble}. */
  drillTrouble(phones: DrillPhones, isStart: boolean): string | undefined {
    const { site, upstreams, gateways, bindings, peers } = this;
    return drillTrouble({ site, upstreams, gateways, bindings, isForced: peers.pin !== "auto" }, phones, isStart);
  }

  /** @param hosts more addresses, by the host in upstream's URI */
  peerAddresses(hosts: ReadonlyMap<string, readonly string[]>): readonly KnownPeer[] {
    const { configuredTargets } = this.upstreams;
    const above = this.upstreams.all().flatMap((peer) => {
      const { name, hop, places } = peer;
      const addresses = [...places.every, ...(hosts.get(hop.host) ?? [])];
      // A phone can name a domain that there isn't: it tells nothing of anybody.
      if (addresses.length === 0 && !configuredTargets.includes(peer)) return [];
      return [{ role: "upstream" as const, name, host: hop.host, addresses }];
    });
    const gateways = this.site.gateways.map(({ name, uri: { host } }) => {
      return { role: "gateway" as const, name, host, addresses: [host] };
    });
    return [...above, ...gateways];
  }

  /** Another policy takes over; the peers go on. */
  stop(): void {
    this.redirects.stop();
  }
}

/** All hosts that the file names. */
function hostsIn({ registration, upstream, gateways, huntGroups }: Site): string[] {
  const members = huntGroups.flatMap((group) => group.members.flatMap((one) => (typeof one === "string" ? [] : [one])));
  return [...registration.copies.to, ...upstream.targets, ...gateways.map(({ uri }) => uri), ...members].map(
    ({ host }) => host,
  );
}
