/** The PSTN gateways: which of them gets a call, whether they live, and how many of their channels are free. */
import type { Random } from "../base/ports.ts";
import type { Response } from "../message/message.ts";
import { parseSipUri, type SipUri, uriPort } from "../message/uri.ts";
import type { ForkOutcome, RoutedRequest, Stage, Target, TargetObserver, WaitingRequest } from "../proxy/router.ts";
import type { Calls } from "./calls.ts";
import type { Peer } from "./peer.ts";
import type { Peers } from "./peers.ts";
import { replyStage } from "./plan.ts";
import type { Gateway, NumberRule, Site } from "./site.ts";
import type { GatewayStatus } from "./status.ts";

interface Port {
  readonly gateway: Gateway;
  readonly peer: Peer;
}

export class Gateways {
  readonly calls: Calls;
  private readonly site: Site;
  private readonly random: Random;
  private readonly ports: readonly Port[];
  private turn = 0;

  constructor(peers: Peers, random: Random, calls: Calls, site: Site) {
    this.site = site;
    this.random = random;
    this.calls = calls;
    const settings = { probe: site.gatewaySettings.probe, hold_ms: 0, hold_max_ms: 0 };
    const hops = site.gateways.map(({ uri }) => uri);
    const watched = peers.name({ role: "gateway", settings }, hops);
    this.ports = site.gateways.flatMap((gateway, index) => {
      const peer = watched[index];
      return peer === undefined ? [] : [{ gateway, peer }];
    });
  }

  status(now_ms: number): GatewayStatus[] {
    return this.ports.map(({ gateway: { name, channels }, peer }) => {
      const calls = this.calls.count(name, now_ms);
      return { name, state: peer.stateName, observed: peer.observedName, calls, channels };
    });
  }

  /** The gateway that a URI names. */
  find(uri: SipUri): Gateway | undefined {
    return this.ports.find(({ gateway }) => gateway.uri.host === uri.host && uriPort(gateway.uri) === uriPort(uri))
      ?.gateway;
  }

  /** The gateway that sends from `address`. */
  findAddress(address: string): Gateway | undefined {
    return this.ports.find(({ gateway }) => gateway.uri.host === address)?.gateway;
  }

  /** All gateways for a call to `number`, in the order in which they are to be tried; those that seem dead come last. */
  order(number: string, routed: RoutedRequest): readonly Gateway[] {
    const chosen = this.byCarrier(number) ?? this.byPriority(routed);
    const isAlive = ({ peer }: Port) => peer.stateName !== "down";
    return [...chosen.filter(isAlive), ...chosen.filter((port) => !isAlive(port))].map(({ gateway }) => gateway);
  }

  /**
   * The stages that try `gateways` in turn, and say so when none takes the call.
   * @param number what was dialled, before a gateway's own rewriting
   */
  stages(gateways: readonly Gateway[], number: string, routed: RoutedRequest): Stage[] {
    const stages: Stage[] = gateways.map((gateway) => ({
      kind: "fork",
      targets: (now_ms) => (this.isFree(gateway, now_ms) ? [this.target(gateway, number, routed)] : []),
      fr_timer_ms: this.site.upstream.fr_timer_ms,
      nextOn: onGatewayFailure,
    }));
    const text = gateways.length === 0 ? "No gateway" : "No gateway takes the call";
    return [...stages, replyStage(480, undefined, `Reason: SIP;cause=503;text="${text}"\r\n`)];
  }

  /** Whether a gateway has a channel for one more call. */
  isFree(gateway: Gateway, now_ms: number): boolean {
    return gateway.channels === undefined || this.calls.count(gateway.name, now_ms) < gateway.channels;
  }

  /** `number` at the gateway, as its rules rewrite it. */
  uriOf(gateway: Gateway, number: string): string {
    const { text, user } = gateway.uri;
    const hostStart = user === undefined ? text.indexOf(":") + 1 : text.lastIndexOf("@") + 1;
    return `sip:${rewrite(number, gateway.called)}@${text.slice(hostStart)}`;
  }

  private target(gateway: Gateway, number: string, { request }: RoutedRequest): Target {
    const peer = this.ports.find((port) => port.gateway.name === gateway.name)?.peer;
    const caller = parseSipUri(request.from?.uri ?? "")?.user;
    const isRewritten = caller !== undefined && gateway.calling.some(({ match }) => match.test(caller));
    return {
      requestUri: this.uriOf(gateway, number),
      nextHop: { host: gateway.uri.host, port: gateway.uri.port },
      touchesGateway: true,
      ...(isRewritten ? { assertedIdentity: `sip:${rewrite(caller, gateway.calling)}@${gateway.uri.host}` } : {}),
      ...(peer === undefined ? {} : { observer: new ChannelObserver(this.calls, gateway.name, peer) }),
    };
  }

  private byCarrier(number: string): readonly Port[] | undefined {
    let best: readonly string[] | undefined;
    let best_length = -1;
    for (const { prefixes, gateways } of this.site.gatewaySettings.carriers) {
      for (const prefix of prefixes) {
        if (number.startsWith(prefix) && prefix.length > best_length) {
          best = gateways;
          best_length = prefix.length;
        }
      }
    }
    return best?.flatMap((name) => this.ports.filter(({ gateway }) => gateway.name === name));
  }

  private byPriority(routed: RoutedRequest): readonly Port[] {
    const priorities = [...new Set(this.ports.map(({ gateway }) => gateway.priority))].sort((a, b) => a - b);
    return priorities.flatMap((priority) => {
      const equals = this.ports.filter(({ gateway }) => gateway.priority === priority);
      return equals.length === 1 ? equals : this.share(equals, routed);
    });
  }

  /** The order among equals: one is chosen first, the others follow in the order of the file. */
  private share(ports: readonly Port[], { request }: RoutedRequest): readonly Port[] {
    const first = this.first(ports, request.callId, request.from?.uri ?? "");
    return [...ports.slice(first), ...ports.slice(0, first)];
  }

  private first(ports: readonly Port[], callId: string, from: string): number {
    switch (this.site.gatewaySettings.choice) {
      case "round-robin":
        this.turn += 1;
        return (this.turn - 1) % ports.length;
      case "hash-call-id":
        return hash(callId) % ports.length;
      case "hash-from":
        return hash(from) % ports.length;
      case "weighted": {
        const total = ports.reduce((sum, { gateway }) => sum + gateway.weight, 0);
        let place = this.random.fraction() * total;
        return Math.max(
          0,
          ports.findIndex(({ gateway }) => {
            place -= gateway.weight;
            return place < 0;
          }),
        );
      }
    }
  }
}

/** Busy and declined are the callee's word; silence, 5xx and other 6xx are the gateway's. */
function onGatewayFailure({ isSilent, best }: ForkOutcome): boolean {
  return isSilent || (best.status >= 500 && best.status !== 600 && best.status !== 603);
}

/** The first rule that matches. */
export function rewrite(number: string, rules: readonly NumberRule[]): string {
  const rule = rules.find(({ match }) => match.test(number));
  return rule === undefined ? number : number.replace(rule.match, rule.replace);
}

/** A channel is occupied from the INVITE on, and free again when the call fails. */
class ChannelObserver implements TargetObserver {
  private readonly calls: Calls;
  private readonly gateway: string;
  private readonly peer: Peer;

  constructor(calls: Calls, gateway: string, peer: Peer) {
    this.calls = calls;
    this.gateway = gateway;
    this.peer = peer;
  }

  onStart(request: WaitingRequest, now_ms: number): void {
    this.calls.begin(request.callId, this.gateway, false, now_ms);
  }

  onEnd(request: WaitingRequest, response: Response | undefined, now_ms: number): void {
    if (response === undefined) this.calls.end(request.callId);
    else this.calls.answer(request.callId, response, now_ms);
  }

  onAnswer(status: number, now_ms: number): void {
    this.peer.onAnswer(status, now_ms);
  }

  onSilence(method: string, now_ms: number): void {
    this.peer.onSilence(method, now_ms);
  }

  onUnreachable(method: string, now_ms: number): void {
    this.peer.onUnreachable(method, now_ms);
  }
}

function hash(text: string): number {
  let value = 0;
  for (let position = 0; position < text.length; position++) {
    value = (Math.imul(value, 31) + text.charCodeAt(position)) | 0;
  }
  return value >>> 0;
}
