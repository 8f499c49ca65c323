/** Emergency calls: which they are, where they go, and who is called back. */
import type { Logger } from "../base/ports.ts";
import { CONTACT } from "../message/header-names.ts";
import { parseNameAddr } from "../message/name-addr.ts";
import { parseSipUri } from "../message/uri.ts";
import type { Hangup } from "../proxy/hangup.ts";
import type { RoutedRequest, Stage, Target } from "../proxy/router.ts";
import type { Callbacks } from "./callbacks.ts";
import { dialledUser, isEmergencyUrn, plainNumber } from "./dialled-number.ts";
import { contactTargets } from "./extensions.ts";
import type { Gateways } from "./gateways.ts";
import { callerOf, type Registrar } from "./registrar.ts";
import type { EmergencySettings, Gateway } from "./site.ts";

/** What a gateway needs to free a channel after a BYE: an ISDN release takes a few tenths of a second. */
const RELEASE_ms = 500;

interface Parts {
  readonly settings: EmergencySettings;
  readonly fr_timer_ms: number;
  readonly gateways: Gateways;
  readonly registrar: Registrar;
  readonly callbacks: Callbacks;
  readonly hangup: Hangup;
  readonly log: Logger;
}

export class Emergency {
  private readonly parts: Parts;
  private readonly numbers: ReadonlySet<string>;

  constructor(parts: Parts) {
    this.parts = parts;
    this.numbers = new Set(parts.settings.numbers.map(plainNumber));
  }

  /** The number to dial at the gateway when this is an emergency call. */
  numberOf(routed: RoutedRequest): string | undefined {
    if (this.numbers.size === 0) return undefined;
    if (isEmergencyUrn(routed.request.requestUri)) return this.parts.settings.numbers[0];
    const number = plainNumber(dialledUser(routed) ?? "");
    return this.numbers.has(number) ? number : undefined;
  }

  /**
   * All gateways, whatever they answer: who is in need has no use for a 404. Then room is made on one that lives, and
   * last come those that seem dead.
   */
  gatewayStages(number: string, routed: RoutedRequest): Stage[] {
    const { gateways, settings } = this.parts;
    const order = gateways.everyOrder(number, routed);
    const living = order.filter((gateway) => gateways.isAlive(gateway));
    const dead = order.filter((gateway) => !living.includes(gateway));
    const fork = (gateway: Gateway) => gateways.emergencyStage(gateway, number, routed, this);
    const stages = living.map(fork);
    if (!settings.preempt) return [...stages, ...dead.map(fork)];
    return [...stages, ...this.makeRoom(living, number, routed), ...dead.map(fork)];
  }

  /** An emergency call sets out. */
  begun(number: string, routed: RoutedRequest): void {
    const { request, source } = routed;
    this.parts.log.warn("emergency_call", {
      number,
      from: callerOf(request),
      address: source.address,
      call_id: request.callId,
    });
  }

  /** It goes to this gateway: whoever calls back from there is to reach the caller. */
  reached(gateway: string, { request, source }: RoutedRequest, now_ms: number): void {
    const { callbacks, settings } = this.parts;
    const contact = parseNameAddr(request.list(CONTACT)[0] ?? "")?.uri ?? "";
    if (settings.callback_ms === 0 || parseSipUri(contact) === undefined) return;
    const until_ms = now_ms + settings.callback_ms;
    callbacks.remember({ caller: callerOf(request), contact, flow: source, gateway, until_ms });
  }

  /** The phones that a call from this gateway rings because they have called for help through it. */
  callbackTargets(gateway: string, now_ms: number): Target[] {
    const { callbacks, registrar } = this.parts;
    return callbacks.of(gateway, now_ms).flatMap(({ caller, contact, flow }) => {
      const address = registrar.bindings.find(caller);
      const registered = address === undefined ? [] : contactTargets(address, Number.NEGATIVE_INFINITY);
      const targets: Target[] = registered.length > 0 ? registered : [{ requestUri: contact, nextHop: flow }];
      return targets.map((target) => ({ ...target, touchesGateway: true }));
    });
  }

  private makeRoom(living: readonly Gateway[], number: string, routed: RoutedRequest): Stage[] {
    const { gateways, hangup, log, fr_timer_ms } = this.parts;
    let freed: Gateway | undefined;
    const pause: Stage = {
      kind: "pause",
      what: "the youngest ordinary call is ended",
      begin: (now_ms) => {
        const names = living.map(({ name }) => name);
        const ended = gateways.calls.preempt(names, hangup, now_ms);
        freed = living.find(({ name }) => name === ended?.gateway);
        if (ended === undefined) return 0;
        log.warn("call_preempted", { call_id: ended.callId, gateway: ended.gateway, for: routed.request.callId });
        return RELEASE_ms;
      },
    };
    const again: Stage = {
      kind: "fork",
      what: "the gateway whose channel that was",
      targets: () => (freed === undefined ? [] : [gateways.target(freed, number, routed, this)]),
      fr_timer_ms,
      nextOn: () => true,
    };
    return [pause, again];
  }
}
