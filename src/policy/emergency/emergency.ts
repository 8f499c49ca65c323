/** Emergency calls: which they are, where they go, and who is called back. */
import { BoundedMap } from "../../base/bounded-map.ts";
import { ownText } from "../../base/own-text.ts";
import type { Logger } from "../../base/ports.ts";
import { Seldom } from "../../base/seldom.ts";
import { CONTACT } from "../../message/header-names.ts";
import type { Request } from "../../message/message.ts";
import { parseNameAddr } from "../../message/name-addr.ts";
import { parseSipUri } from "../../message/uri.ts";
import type { Hangup } from "../../proxy/hangup.ts";
import { ANY_FAILURE, type Condition, meets, type Outcome } from "../../proxy/plan/condition.ts";
import { isNamed } from "../../proxy/plan/walk.ts";
import type { ForkStage, Notes, RoutedRequest, RunningRequest, Stage, Target } from "../../proxy/router.ts";
import { nameFlow } from "../../transport/flow.ts";
import { isEmergencyUrn, plainNumber } from "../dialled-number.ts";
import type { EmergencyWatch } from "../gateways/channel-observer.ts";
import { channelKey, type Gateways } from "../gateways/gateways.ts";
import { ReturningCalls } from "../gateways/returning-calls.ts";
import type { EmergencyTargets, GatewayWatch, MakeRoom } from "../named.ts";
import { contactTargets } from "../numbers/extensions.ts";
import { numbersOf } from "../numbers/site-numbers.ts";
import { callerOf } from "../phones/address-of-record.ts";
import type { Registrar } from "../phones/registrar.ts";
import { nextWhen } from "../plan.ts";
import type { RequestFacts } from "../request-facts.ts";
import type { EmergencySettings, Gateway, Site } from "../site.ts";
import type { Callback, Callbacks } from "./callbacks.ts";

/** What a gateway needs to free a channel after a BYE: an ISDN release takes a few tenths of a second. */
const RELEASE_ms = 500;
/** One caller ends one call at the most in this time. */
const PREEMPT_AGAIN_ms = 30_000;
/** A phone that is called back refuses for itself alone. */
const FOR_ITSELF: Condition = { classes: [3, 6], codes: [401, 407] };
const LOOP_CURE = "on the gateway: emergency numbers must go out by a PSTN line, not back to this router";
/** The phone can't be told from the gateway, or is upstream's to be called back. */
const NOBODY_IS_CALLED_BACK: EmergencyWatch = { reached: () => {} };
const CALLERS_REMEMBERED = 64;
const CONTACT_CHARACTERS_MAX = 512;
/** What gateways say when they have no line left. */
const NO_LINE: Condition = { codes: [486, 500, 503, 600] };

interface Parts {
  readonly site: Site;
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
  /** The numbers that the file gives to a phone or a group. */
  private readonly taken: ReadonlySet<string>;
  private readonly returning: ReturningCalls;
  private readonly seldom = new Seldom();
  /** Emergency calls that nobody has taken yet, by their callers' addresses. */
  private readonly pending = new Map<string, number>();
  /** When each caller, by its address, has last had a call ended. */
  private readonly preempted = new BoundedMap<string, number>(CALLERS_REMEMBERED);

  constructor(parts: Parts) {
    this.parts = parts;
    this.numbers = new Set(parts.settings.numbers.map(plainNumber));
    this.taken = numbersOf(parts.site);
    this.returning = new ReturningCalls((callId) => parts.gateways.calls.has(callId));
  }

  /**
   * The number to dial at a gateway when a call to `number` is a call for help: as it is configured, behind an outside
   * prefix (0112) unless that is somebody's own number, or before a "#" that ends dialling.
   * @param number plain
   */
  numberFor(number: string, requestUri: string): string | undefined {
    if (this.numbers.size === 0) return undefined;
    if (isEmergencyUrn(requestUri)) return this.parts.settings.numbers[0];
    const dialled = number.length > 1 && number.endsWith("#") ? number.slice(0, -1) : number;
    if (this.numbers.has(dialled)) return dialled;
    for (const prefix of this.parts.settings.prefixes) {
      const behind = dialled.startsWith(prefix) ? dialled.slice(prefix.length) : "";
      if (this.numbers.has(behind) && !this.isTaken(dialled)) return behind;
    }
    return undefined;
  }

  /** Whether a phone that upstream knows, or a group of this site, has this very number: what a phone says isn't enough. */
  private isTaken(number: string): boolean {
    if (this.taken.has(number)) return true;
    return this.parts.registrar.bindings.findUser(number)?.bindings.some(({ isAccepted }) => isAccepted) === true;
  }

  /**
   * All gateways, whatever they answer: who is in need has no use for a 404. First those with a channel by our count; then
   * room is made; then, since a count can be wrong, those that seem full; last those that seem dead.
   */
  gatewayStages(number: string, facts: RequestFacts, now_ms: number): Stage[] {
    const { gateways, settings } = this.parts;
    const order = othersFirst(gateways.everyOrder(number, facts, now_ms), facts);
    const living = order.filter((gateway) => gateways.isAlive(gateway));
    const dead = order.filter((gateway) => !gateways.isAlive(gateway));
    return [
      ...living.map((gateway) => gateways.emergencyStage(gateway, chosen("free", number, gateway))),
      ...(settings.preempt ? this.roomStages(living, number) : []),
      ...living
        .filter(({ channels }) => channels !== undefined)
        .map((gateway) => stillUnasked(gateways.emergencyStage(gateway, chosen("unasked", number, gateway)))),
      ...dead.map((gateway) => gateways.emergencyStage(gateway, [this.target(gateway, number, facts)])),
    ];
  }

  /** The target of one of these stages; none where it isn't to be asked now. */
  targets(source: EmergencyTargets, facts: RequestFacts, running: RunningRequest, now_ms: number): Target[] {
    const { gateways } = this.parts;
    const { when, number } = source;
    const { notes } = running;
    const gateway = gateways.named((when === "freed" ? notes.freed : source.gateway) ?? "");
    if (gateway === undefined) return [];
    if (when === "unasked" && notes.asked?.includes(gateway.name) === true) return [];
    if (when === "free" && gateways.isFull(gateway, now_ms)) {
      running.notes = { ...notes, lacksChannel: true };
      return [];
    }
    if (when === "free") running.notes = withAsked(notes, gateway);
    return [this.target(gateway, number, facts)];
  }

  private target(gateway: Gateway, number: string, facts: RequestFacts): Target {
    return this.parts.gateways.target(gateway, number, facts, facts.origin === "localnet");
  }

  /** What hears that a call has got through. */
  watchFor({ isCalledBack }: GatewayWatch): EmergencyWatch | undefined {
    if (isCalledBack === undefined) return undefined;
    return isCalledBack ? this : NOBODY_IS_CALLED_BACK;
  }

  /**
   * Whether this call has come from a gateway's address, of no phone that is known there, and too many such are under way: it
   * must be one of ours that the gateway sends back.
   */
  comesBack({ origin, source }: RequestFacts, now_ms: number): boolean {
    return origin === "gateway" && !this.returning.takes(source.address, this.pending.size === 0, now_ms);
  }

  /** A call that came back has been refused. */
  stopped({ source, request }: RequestFacts, now_ms: number): void {
    if (!this.seldom.takes(source.address, now_ms)) return;
    const fields = { gateway: source.address, call_id: request.callId, cure: LOOP_CURE };
    this.parts.log.warn("emergency_loop", fields);
  }

  /** An emergency call sets out. */
  begun(number: string, facts: RequestFacts, now_ms: number): void {
    const { request, source, origin } = facts;
    if (origin === "gateway") this.returning.begin(source.address, request.callId, now_ms);
    this.pending.set(source.address, (this.pending.get(source.address) ?? 0) + 1);
    this.parts.log.warn("emergency_call", {
      number,
      from: callerOf(request),
      address: source.address,
      call_id: request.callId,
    });
  }

  /** It has got through by this gateway: a call back from there is to reach the caller. */
  reached(host: string, { request, source }: RoutedRequest, now_ms: number): void {
    const { callbacks, settings, registrar, site } = this.parts;
    const contact = parseNameAddr(request.list(CONTACT)[0] ?? "")?.uri ?? "";
    const isUsable = contact.length <= CONTACT_CHARACTERS_MAX && parseSipUri(contact) !== undefined;
    if (settings.callback_ms === 0 || !isUsable || !site.localnet.contains(source.address)) return;
    const name = callerOf(request);
    const bindings = registrar.bindings.find(name)?.bindings ?? [];
    const caller = bindings.some(({ flow }) => flow.address === source.address) ? ownText(name) : "";
    const until_ms = now_ms + settings.callback_ms;
    callbacks.remember({ caller, contact: ownText(contact), flow: source, gateway: host, until_ms });
  }

  /** The phones that a call from the gateway at this address rings because they have called for help through it. */
  callbackTargets(host: string, now_ms: number): Target[] {
    const { registrar } = this.parts;
    return this.callbacksOf(host, now_ms).flatMap(({ caller, contact, flow }) => {
      const address = registrar.bindings.find(caller);
      const registered = address === undefined ? [] : contactTargets(address, Number.NEGATIVE_INFINITY);
      const targets: Target[] = registered.length > 0 ? registered : [{ requestUri: contact, nextHop: nameFlow(flow) }];
      return targets.map((target) => ({ ...target, touchesGateway: true, mutes: FOR_ITSELF }));
    });
  }

  /** Phones that are called back from there. A file that switches the callback off ends it for those that have called already, too. */
  callbacksOf(host: string, now_ms: number): readonly Callback[] {
    const { callbacks, settings } = this.parts;
    return settings.callback_ms === 0 ? [] : callbacks.of(host, now_ms);
  }

  private roomStages(living: readonly Gateway[], number: string): Stage[] {
    const begin: MakeRoom = { name: "make-room", gateways: living.map(({ name }) => name) };
    return [
      {
        kind: "pause",
        what: "if no channel is free, the youngest ordinary call is ended, and its channel taken",
        begin,
      },
      {
        kind: "fork",
        what: "the gateway whose channel that was",
        targets: chosen("freed", number),
        fr_timer_ms: this.parts.fr_timer_ms,
        on: nextWhen(ANY_FAILURE),
      },
    ];
  }

  /**
   * Ends an ordinary call where an emergency call lacks a channel.
   * @returns how long the gateway needs until the channel is free; 0 where none has been freed
   */
  makeRoom(
    { gateways: names }: MakeRoom,
    { request, source }: RequestFacts,
    running: RunningRequest,
    now_ms: number,
  ): number {
    const { gateways, hangup, log } = this.parts;
    const { address } = source;
    const { notes } = running;
    const isTooSoon = now_ms - (this.preempted.get(address) ?? Number.NEGATIVE_INFINITY) < PREEMPT_AGAIN_ms;
    const isAlone = (this.pending.get(address) ?? 0) <= 1;
    if (notes.lacksChannel !== true || isTooSoon || !isAlone) return 0;
    const living = names.flatMap((name) => gateways.named(name) ?? []);
    const ended = gateways.calls.preempt(living.map(channelKey), hangup, now_ms);
    const freed = living.find((gateway) => channelKey(gateway) === ended?.gateway);
    if (ended === undefined || freed === undefined) return 0;
    this.preempted.set(address, now_ms);
    running.notes = { ...withAsked(notes, freed), freed: freed.name };
    // No other call may take the channel meanwhile.
    gateways.calls.begin(held(request), ended.gateway, true, { refuse: () => {} }, now_ms);
    log.warn("call_preempted", { call_id: ended.callId, gateway: freed.name, for: request.callId });
    return RELEASE_ms;
  }

  /** A stage begins: the call takes the channel that was freed for it. */
  entered(stage: Stage, { request }: RequestFacts, { notes }: RunningRequest, now_ms: number): void {
    if (stage.kind !== "fork" || !isFreed(stage.targets)) return;
    const { gateways } = this.parts;
    const freed = gateways.named(notes.freed ?? "");
    if (freed !== undefined) gateways.calls.release(held(request).callId, channelKey(freed), now_ms);
  }

  /** A gateway hasn't taken the call. */
  heard(outcome: Outcome, running: RunningRequest): void {
    const isLacking = outcome.best.response !== undefined && meets(outcome, NO_LINE);
    if (isLacking) running.notes = { ...running.notes, lacksChannel: true };
  }

  /** It has been answered (`isUp`) or has failed, perhaps before the channel that was freed for it has been used. */
  decided(facts: RequestFacts, isUp: boolean, now_ms: number): void {
    const { address } = facts.source;
    if (facts.origin === "gateway") this.returning.decided(address, facts.request.callId, isUp);
    const others = (this.pending.get(address) ?? 1) - 1;
    if (others > 0) this.pending.set(address, others);
    else this.pending.delete(address);
    const { callId } = held(facts.request);
    for (const gateway of this.parts.site.gateways)
      this.parts.gateways.calls.release(callId, channelKey(gateway), now_ms);
  }
}

/** A call from a gateway's address goes elsewhere first. */
function othersFirst(order: readonly Gateway[], { origin, source }: RequestFacts): readonly Gateway[] {
  if (origin !== "gateway") return order;
  const isThere = ({ uri }: Gateway) => uri.host === source.address;
  return [...order.filter((one) => !isThere(one)), ...order.filter(isThere)];
}

function chosen(when: EmergencyTargets["when"], number: string, gateway?: Gateway): EmergencyTargets {
  return { name: "emergency", when, number, ...(gateway === undefined ? {} : { gateway: gateway.name }) };
}

function isFreed(targets: ForkStage["targets"]): boolean {
  return isNamed(targets) && "when" in targets && targets.when === "freed";
}

function stillUnasked(stage: ForkStage): ForkStage {
  return { ...stage, what: `${stage.what ?? ""}, although it seems full` };
}

function withAsked(notes: Notes, { name }: Gateway): Notes {
  return { ...notes, asked: [...(notes.asked ?? []), name] };
}

/** The stand-in that holds a channel until the emergency call takes it. */
function held({ callId, fromTag, cseqNumber }: Request) {
  return { callId: `held for ${callId}`, fromTag, cseqNumber };
}
