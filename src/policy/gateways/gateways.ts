/** The PSTN gateways: which of them gets a call, whether they live, and how many of their channels are free. */
import type { Random } from "../../base/ports.ts";
import type { Request, Response } from "../../message/message.ts";
import { SIP_PORT, type SipUri, uriPort } from "../../message/uri.ts";
import type { Announcement } from "../../proxy/announce.ts";
import type { OwnAddresses } from "../../proxy/own-addresses.ts";
import { ANY_FAILURE } from "../../proxy/plan/condition.ts";
import type { ForkStage, RoutedRequest, Stage, Target, TargetObserver } from "../../proxy/router.ts";
import type { Flow } from "../../transport/flow.ts";
import { hopOf } from "../../transport/locator.ts";
import { plainNumber, userText } from "../dialled-number.ts";
import type { GatewayTargets, GatewayWatch } from "../named.ts";
import { isPrivate, withheldFields } from "../peers/disclosure.ts";
import type { Peer } from "../peers/peer.ts";
import type { Peers } from "../peers/peers.ts";
import { announcementFor, phoneTextFor } from "../phones/phone-texts.ts";
import { GATEWAY_FAILS, nextWhen, replyStage } from "../plan.ts";
import type { RequestFacts } from "../request-facts.ts";
import type { Gateway, PhoneText, Site } from "../site.ts";
import type { GatewayStatus } from "../status.ts";
import type { Calls } from "./calls.ts";
import { ChannelObserver, type EmergencyWatch } from "./channel-observer.ts";
import { GatewayChoosing } from "./gateway-choice.ts";
import { rewrite, ruleFor, uriAt } from "./rewriting.ts";

interface WatchedGateway {
  readonly gateway: Gateway;
  readonly peer: Peer;
}

/** An address and port, or the flow to it. */
export type Place = Pick<Flow, "address" | "port"> & Partial<Pick<Flow, "listener" | "isAccepted">>;

export class Gateways {
  readonly calls: Calls;
  private readonly site: Site;
  private readonly own: OwnAddresses;
  private readonly watched: readonly WatchedGateway[];
  private readonly byAddress = new Map<string, WatchedGateway[]>();
  private readonly byPlace = new Map<string, WatchedGateway>();
  private readonly byName = new Map<string, WatchedGateway>();
  private readonly peers: Peers;
  private readonly choosing: GatewayChoosing;

  constructor(peers: Peers, random: Random, calls: Calls, own: OwnAddresses, site: Site) {
    this.site = site;
    this.peers = peers;
    this.own = own;
    this.calls = calls;
    this.choosing = new GatewayChoosing(site.gateways, site.gatewaySettings, random, (gateway, now_ms) =>
      calls.usage(channelKey(gateway), now_ms),
    );
    const peersNamed = peers.name(
      "gateway",
      site.gateways.map(({ uri, probe }) => {
        return { hop: hopOf(uri), settings: { probe, hold_ms: 0, hold_max_ms: 0, deadCodes: [] } };
      }),
    );
    this.watched = site.gateways.flatMap((gateway, index) => {
      const peer = peersNamed[index];
      return peer === undefined ? [] : [{ gateway, peer }];
    });
    for (const one of this.watched) {
      const { uri, name } = one.gateway;
      const neighbours = this.byAddress.get(uri.host);
      if (neighbours === undefined) this.byAddress.set(uri.host, [one]);
      else neighbours.push(one);
      this.byPlace.set(channelKey(one.gateway), one);
      this.byName.set(name, one);
    }
    // A URI that says neither TLS nor a port may mean one that the file has with TLS alone.
    for (const one of this.watched) {
      const { host, port } = one.gateway.uri;
      const plain = placeKey(host, SIP_PORT);
      if (port === undefined && !this.byPlace.has(plain)) this.byPlace.set(plain, one);
    }
  }

  status(now_ms: number): GatewayStatus[] {
    return this.watched.map(({ gateway, peer }) => {
      const { name, channels } = gateway;
      const calls = this.calls.count(channelKey(gateway), now_ms);
      return { ...peer.status(now_ms), name, calls, channels };
    });
  }

  /** What the file calls the gateway that is watched as this peer; the peer's own name where the file has it no longer. */
  nameOf(peer: string): string {
    return this.watched.find((one) => one.peer.name === peer)?.gateway.name ?? peer;
  }

  /** Those that aren't down. Where none is left, a call is tried at all of them. */
  get living(): readonly Gateway[] {
    return this.site.gateways.filter((gateway) => this.isAlive(gateway));
  }

  /** The gateway that a URI names. */
  find(uri: SipUri): Gateway | undefined {
    return this.byPlace.get(placeKey(uri.host, uriPort(uri)))?.gateway;
  }

  /**
   * Whether a gateway may be what is there: it listens there, or its box has opened this connection, and the gateway is
   * reached by such ones. All that a box sends by TCP or TLS, the gateway's calls too, it may send by one connection.
   */
  isAt({ address, port, listener, isAccepted }: Place): boolean {
    if (this.byPlace.has(placeKey(address, port))) return true;
    if (isAccepted !== true) return false;
    const there = this.byAddress.get(address) ?? [];
    return there.some(({ gateway }) => hopOf(gateway.uri).protocol === listener?.protocol);
  }

  /** The gateway that sends from `address`. */
  findAddress(address: string): Gateway | undefined {
    return this.byAddress.get(address)?.[0]?.gateway;
  }

  isAlive(gateway: Gateway): boolean {
    return this.peerOf(gateway)?.stateName !== "down";
  }

  /** The gateways for a call to `number`, in the order in which they are to be tried; those that seem dead come last. */
  order(number: string, routed: RoutedRequest, now_ms: number): readonly Gateway[] {
    return this.livingFirst(this.choosing.order(number, routed, now_ms));
  }

  /** The others that may take a call which names `chosen`. */
  others(chosen: Gateway, number: string): readonly Gateway[] {
    return this.livingFirst(this.choosing.rest(chosen, number));
  }

  /** All gateways there are, those for `number` first. */
  everyOrder(number: string, routed: RoutedRequest, now_ms: number): readonly Gateway[] {
    return this.livingFirst([...new Set([...this.choosing.order(number, routed, now_ms), ...this.site.gateways])]);
  }

  /**
   * The stages that try `gateways` in turn, and say so when none takes the call.
   * @param number what was dialled, before a gateway's own rewriting
   * @param rewrittenFor the gateway that knows the number as it is
   */
  stages(gateways: readonly Gateway[], number: string, rewrittenFor?: Gateway): Stage[] {
    const stages: Stage[] = gateways.map((gateway) => ({
      kind: "fork",
      what: `gateway ${gateway.name}`,
      targets: this.whereFree(gateway, number, gateway === rewrittenFor),
      fr_timer_ms: this.site.upstream.fr_timer_ms,
      on: nextWhen(GATEWAY_FAILS),
    }));
    const text = gateways.length === 0 ? "No gateway" : "No gateway takes the call";
    return [...stages, replyStage(480, undefined, `Reason: SIP;cause=503;text="${text}"\r\n`)];
  }

  private whereFree({ name: gateway }: Gateway, number: string, isRewritten: boolean): GatewayTargets {
    return { name: "gateway", gateway, number, isRewritten };
  }

  /** The target of a stage for an ordinary call; none where the gateway has no free channel. */
  targets({ gateway: name, number, isRewritten }: GatewayTargets, facts: RequestFacts, now_ms: number): Target[] {
    const gateway = this.named(name);
    if (gateway === undefined || !this.isFree(gateway, now_ms)) return [];
    const target = this.target(isRewritten ? { ...gateway, called: [] } : gateway, number, facts);
    return [{ ...target, ...announcedTo(facts, this.site.survival.makers, number, gateway) }];
  }

  /** The gateway that the file calls so. */
  named(name: string): Gateway | undefined {
    return this.byName.get(name)?.gateway;
  }

  /** The stage that tries one gateway for an emergency call, on a reserved channel too, and goes on unless it is answered. */
  emergencyStage({ name }: Gateway, targets: ForkStage["targets"]): ForkStage {
    return {
      kind: "fork",
      what: `gateway ${name}`,
      targets,
      fr_timer_ms: this.site.upstream.fr_timer_ms,
      on: nextWhen(ANY_FAILURE),
    };
  }

  /** Whether our own count says that no channel is left, not even a reserved one. */
  isFull(gateway: Gateway, now_ms: number): boolean {
    return gateway.channels !== undefined && this.calls.count(channelKey(gateway), now_ms) >= gateway.channels;
  }

  /** Whether a gateway has a channel for one more ordinary call. */
  isFree(gateway: Gateway, now_ms: number): boolean {
    if (gateway.channels === undefined) return true;
    if (this.taken(gateway, now_ms) >= gateway.channels) return false;
    const { reserve } = this.site.emergency;
    return reserve === 0 || this.freeChannels(now_ms) > reserve;
  }

  /** Why it has no channel for one more ordinary call: "full: 7 of 8 channels taken, 1 reserved". */
  whyFull(gateway: Gateway, now_ms: number): string {
    const { channels = 0 } = gateway;
    const taken = Math.min(channels, this.calls.count(channelKey(gateway), now_ms));
    if (taken === channels) return `full: ${taken} of ${channels} channels taken`;
    const inDoubt = Math.min(channels, this.taken(gateway, now_ms)) - taken;
    const doubt = inDoubt > 0 ? `, ${inDoubt} perhaps by other members of the cluster` : "";
    const { reserve } = this.site.emergency;
    return `full: ${taken} of ${channels} channels taken${doubt}${reserve > 0 ? `, ${reserve} reserved` : ""}`;
  }

  /** `number` at the gateway, as its rules rewrite it. */
  uriOf(gateway: Gateway, number: string): string {
    return uriAt(gateway, number);
  }

  /** @param isCalledBack given for emergency calls: whether the gateway's calls ring the caller's phone afterwards */
  target(gateway: Gateway, number: string, { request }: RoutedRequest, isCalledBack?: boolean): Target {
    const { name } = gateway;
    const isForHelp = isCalledBack !== undefined;
    const from = request.fromUri?.user;
    const caller = from === undefined ? undefined : plainNumber(from);
    const isShown = gateway.isTrusted || isForHelp || !isPrivate(request);
    const isRewritten = isShown && caller !== undefined && ruleFor(caller, gateway.calling) !== undefined;
    const observer: GatewayWatch = { name: "gateway", gateway: name, ...(isForHelp ? { isCalledBack } : {}) };
    return {
      requestUri: this.uriOf(gateway, number),
      nextHop: hopOf(gateway.uri),
      touchesGateway: true,
      dropRoutes: true,
      isForHelp,
      ...(isRewritten
        ? { assertedIdentity: `sip:${userText(rewrite(caller, gateway.calling))}@${gateway.uri.host}` }
        : {}),
      observer,
    };
  }

  /** @param emergency given for emergency calls */
  observer({ gateway: name }: GatewayWatch, emergency: EmergencyWatch | undefined): TargetObserver | undefined {
    const found = this.byName.get(name);
    if (found === undefined) return undefined;
    return new ChannelObserver(this.calls, channelKey(found.gateway), found.peer, this.own, emergency);
  }

  /** Header fields of a message, by index, that the gateway at `address` must not see. None where no gateway is there. */
  withheld(message: Request | Response, address: string, isForHelp: boolean): readonly number[] {
    const there = this.byAddress.get(address);
    if (there === undefined || there.every(({ gateway }) => gateway.isTrusted)) return [];
    return withheldFields(message, this.peers.realms.of(address), isForHelp);
  }

  /** A gateway wants a password. */
  noteChallenge(response: Response, address: string): void {
    if (this.byAddress.has(address)) this.peers.realms.learn(address, response);
  }

  /** Of all gateways that live and have a limit. */
  private freeChannels(now_ms: number): number {
    let free = 0;
    for (const { gateway, peer } of this.watched) {
      if (gateway.channels === undefined || peer.stateName === "down") continue;
      free += Math.max(0, gateway.channels - this.taken(gateway, now_ms));
    }
    return free;
  }

  /** Channels that an ordinary call leaves alone. */
  private taken(gateway: Gateway, now_ms: number): number {
    const channel = channelKey(gateway);
    return this.calls.count(channel, now_ms) + (this.calls.inDoubt?.(channel, now_ms) ?? 0);
  }

  private peerOf({ name }: Gateway): Peer | undefined {
    return this.byName.get(name)?.peer;
  }

  private livingFirst(gateways: readonly Gateway[]): readonly Gateway[] {
    const living = gateways.filter((gateway) => this.isAlive(gateway));
    if (living.length === gateways.length) return living;
    return [...living, ...gateways.filter((gateway) => !this.isAlive(gateway))];
  }
}

/** What the user of a phone learns of the way that the call takes. */
function announcedTo(facts: RequestFacts, rows: readonly PhoneText[], number: string, { uri }: Gateway): Announcement {
  const own = facts.origin === "localnet" ? phoneTextFor(facts.request, rows) : undefined;
  return own === undefined ? {} : announcementFor(own, number, `sip:${userText(number)}@${uri.host}`);
}

/** What calls know a gateway by: its name can change with the file. */
export function channelKey({ uri }: Gateway): string {
  return placeKey(uri.host, uriPort(uri));
}

function placeKey(address: string, port: number): string {
  return `${address} ${port}`;
}
