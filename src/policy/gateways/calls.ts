/** Calls that occupy a gateway's channels: counted by dialog, from the INVITE to the BYE. */
import { PLENTY } from "../../base/limits.ts";
import type { Table } from "../../base/meter.ts";
import { ownText } from "../../base/own-text.ts";
import { SESSION_EXPIRES } from "../../message/header-names.ts";
import type { Request, Response } from "../../message/message.ts";
import { parseDecimal } from "../../message/text.ts";
import { calleeSide, callerSide, hopTo } from "../../proxy/dialog-request.ts";
import type { Hangup } from "../../proxy/hangup.ts";
import type { OwnAddresses } from "../../proxy/own-addresses.ts";
import type { EndedBranch } from "../../proxy/plan/condition.ts";
import type { Refusable, RoutedRequest } from "../../proxy/router.ts";
import type { Flow } from "../../transport/flow.ts";
import type { Usage } from "../gateway-strategies.ts";
import { EndedCalls } from "./ended-calls.ts";
import { CHANNELS_OF_ONE_MAX, type GatewayCall, isElsewhere } from "./gateway-call.ts";
import { type CallsElsewhere, endDialog, PREEMPTED, victimOf } from "./victim.ts";

/** What of an INVITE identifies a call. */
type CallStart = Pick<Request, "callId" | "fromTag" | "cseqNumber">;

export class Calls implements Table {
  /** How often a call, or one more channel of a call, has found no room. */
  hits = 0;
  readonly limit: number;
  private readonly calls = new Map<string, GatewayCall>();
  private readonly ended = new EndedCalls();
  /** A call of which no BYE has been seen holds its channel for this time. */
  max_call_ms: number;
  /** Hears of a call that we have ended. */
  onPreempted: (callId: string, now_ms: number) => void = () => {};
  /**
   * Hears of each call that has begun, changed, been given away or ended here (`call` is undefined then, and may have been unknown), but not of
   * one whose time is over, nor by {@link adopt}; undefined: nobody wants to.
   */
  onCall: ((callId: string, call: GatewayCall | undefined, now_ms: number) => void) | undefined = undefined;
  /** Channels of a gateway that other members of a cluster may have taken by now without our knowing; undefined: there are none. */
  inDoubt: ((gateway: string, now_ms: number) => number) | undefined = undefined;

  /** Calls of other members of a cluster that nobody has answered; undefined: there are none. */
  elsewhere: CallsElsewhere | undefined = undefined;

  constructor(max_call_ms: number, limit = PLENTY.calls) {
    this.max_call_ms = max_call_ms;
    this.limit = limit;
  }

  /**
   * An INVITE goes to a gateway, or has come from one.
   * @param running the request by which it can be ended as long as nobody has answered
   */
  begin(request: CallStart, gateway: string, isEmergency: boolean, running: Refusable, now_ms: number): void {
    const known = this.calls.get(request.callId);
    if (known !== undefined) {
      const adopted = known.adopted.indexOf(gateway);
      if (adopted >= 0) known.adopted.splice(adopted, 1);
      else if (known.gateways.length < CHANNELS_OF_ONE_MAX) known.gateways.push(gateway);
      else this.hits += 1;
      known.isEmergency = known.isEmergency || isEmergency;
      if (known.dialog === undefined) {
        // One that another member has begun: from now on it is ours.
        if (known.running === undefined) known.expires_ms = now_ms + this.max_call_ms;
        known.running = running;
      }
      this.onCall?.(request.callId, known, now_ms);
      return;
    }
    if (!this.hasRoom(now_ms)) return;
    const call: GatewayCall = {
      gateways: [gateway],
      isEmergency,
      started_ms: now_ms,
      expires_ms: now_ms + this.max_call_ms,
      running,
      dialog: undefined,
      callerTag: ownText(request.fromTag),
      toCaller: 0,
      toCallee: request.cseqNumber,
      adopted: [],
    };
    const callId = ownText(request.callId);
    this.calls.set(callId, call);
    this.onCall?.(callId, call, now_ms);
  }

  /**
   * Takes over what another member of a cluster knows of a call. Undefined: it has ended there.
   * @returns false where it found no room, or has ended elsewhere while its request still runs here: then it goes on
   */
  adopt(callId: string, call: GatewayCall | undefined, now_ms: number): boolean {
    const known = this.calls.get(callId);
    if (call === undefined) {
      if (known?.running !== undefined) return false;
      this.forget(callId, now_ms);
      return true;
    }
    if (known === undefined && !this.hasRoom(now_ms)) return false;
    for (const gateway of known?.gateways ?? []) {
      if (!call.gateways.includes(gateway)) this.ended.note(gateway, now_ms);
    }
    // A request that runs here can be ended here, whatever has been heard of it elsewhere.
    const running = call.dialog === undefined ? known?.running : undefined;
    this.calls.set(ownText(callId), { ...call, running });
    return true;
  }

  /** A gateway that was asked to take the call has taken it, or hasn't: then its channel is free again. */
  settle(routed: RoutedRequest, gateway: string, { final }: EndedBranch, own: OwnAddresses, now_ms: number): void {
    const { status, response } = final;
    if (response !== undefined && status < 300) this.answer(routed, response, own, now_ms);
    else this.leave(routed.request.callId, gateway, now_ms);
  }

  /**
   * The call is up.
   * @param flow the way to the callee, where its target named one
   */
  answer({ request, source }: RoutedRequest, response: Response, own: OwnAddresses, now_ms: number, flow?: Flow): void {
    const call = this.calls.get(request.callId);
    if (call === undefined) return;
    call.running = undefined;
    call.dialog = {
      caller: callerSide(request, source, response, own),
      callee: calleeSide(response, own, flow),
      calleeTag: ownText(response.toTag),
    };
    this.refresh(request.callId, response, now_ms);
  }

  /** With session timers (RFC 4028) a session that isn't refreshed is over. */
  refresh(callId: string, response: Response, now_ms: number): void {
    const call = this.calls.get(callId);
    if (call === undefined) return;
    const text = /^\d+/.exec(response.header(SESSION_EXPIRES) ?? "")?.[0] ?? "";
    const session_s = parseDecimal(text, 1_000_000);
    const session_ms = session_s > 0 ? session_s * 1_000 : this.max_call_ms;
    call.expires_ms = now_ms + Math.min(session_ms, this.max_call_ms);
    this.onCall?.(callId, call, now_ms);
  }

  /** A request within the call has passed. */
  note(request: Request): void {
    const call = this.calls.get(request.callId);
    if (call === undefined) return;
    const { cseqNumber } = request;
    if (request.fromTag === call.callerTag) call.toCallee = Math.max(call.toCallee, cseqNumber);
    else call.toCaller = Math.max(call.toCaller, cseqNumber);
  }

  /** Whether a request within the call that goes to `host` goes to its other end. */
  leadsAcross(request: Request, host: string): boolean {
    const call = this.calls.get(request.callId);
    if (call?.dialog === undefined) return false;
    const side = request.fromTag === call.callerTag ? call.dialog.callee : call.dialog.caller;
    return hopTo(side)?.host === host || side.flow?.address === host;
  }

  /** Another member of a cluster goes on with a call that nobody has answered: its channels stay taken, whatever becomes of its request here. */
  give(callId: string, now_ms: number): void {
    const call = this.calls.get(callId);
    if (call?.running === undefined) return;
    call.running = undefined;
    call.adopted.splice(0, call.adopted.length, ...call.gateways);
    this.onCall?.(callId, call, now_ms);
  }

  /** A gateway has not taken the call, or doesn't any more: its channel is free, and its call has ended. */
  leave(callId: string, gateway: string, now_ms: number): void {
    const call = this.calls.get(callId);
    if (call === undefined || isElsewhere(call)) return;
    if (this.release(callId, gateway, now_ms)) this.ended.note(gateway, now_ms);
  }

  /**
   * A channel that was kept for a call is free again. No call has ended.
   * @returns whether there was one
   */
  release(callId: string, gateway: string, now_ms: number): boolean {
    const call = this.calls.get(callId);
    const index = call?.gateways.indexOf(gateway) ?? -1;
    if (call === undefined || index < 0) return false;
    call.gateways.splice(index, 1);
    const isOver = call.gateways.length === 0;
    if (isOver) this.calls.delete(callId);
    this.onCall?.(callId, isOver ? undefined : call, now_ms);
    return true;
  }

  /** BYE: all its channels are free, unless it ends another dialog of the same fork. */
  end({ callId, fromTag, toTag }: Pick<Request, "callId" | "fromTag" | "toTag">, now_ms: number): void {
    const call = this.calls.get(callId);
    const tags = [call?.callerTag, call?.dialog?.calleeTag];
    if (call?.dialog !== undefined && !(tags.includes(fromTag) && tags.includes(toTag))) return;
    this.forget(callId, now_ms);
    this.onCall?.(callId, undefined, now_ms);
  }

  /** Whether a request belongs to a call that is up, by both of its tags. */
  isWithin({ callId, fromTag, toTag }: Pick<Request, "callId" | "fromTag" | "toTag">, now_ms: number): boolean {
    const call = this.calls.get(callId);
    if (call?.dialog === undefined || call.expires_ms <= now_ms) return false;
    const { callerTag, dialog } = call;
    const isOfCaller = fromTag === callerTag && toTag === dialog.calleeTag;
    return isOfCaller || (toTag === callerTag && fromTag === dialog.calleeTag);
  }

  has(callId: string): boolean {
    return this.calls.has(callId);
  }

  /** Whether a request of a call matters here: a BYE may end one that another member of a cluster counts, and that hasn't come yet. */
  concerns({ callId, method }: Request): boolean {
    return this.calls.has(callId) || (method === "BYE" && this.onCall !== undefined);
  }

  find(callId: string): GatewayCall | undefined {
    return this.calls.get(callId);
  }

  /** All calls by their Call-IDs. */
  all(): IterableIterator<[string, GatewayCall]> {
    return this.calls.entries();
  }

  /** How many channels of a gateway are occupied. */
  count(gateway: string, now_ms: number): number {
    this.expire(now_ms);
    let count = 0;
    for (const { gateways } of this.calls.values()) for (const one of gateways) if (one === gateway) count += 1;
    return count;
  }

  usage(gateway: string, now_ms: number): Usage {
    return { calls: this.count(gateway, now_ms), ...this.ended.of(gateway) };
  }

  /**
   * Ends the youngest ordinary call on one of `gateways`: both sides get BYE, or if nobody has answered yet, the caller
   * 480 and the callee CANCEL.
   * @returns its Call-ID and the gateway whose channel is free now; undefined when there is none to end
   */
  preempt(
    gateways: readonly string[],
    hangup: Hangup,
    now_ms: number,
  ): { readonly callId: string; readonly gateway: string } | undefined {
    const victim = victimOf(this.calls, gateways, (callId) => this.elsewhere?.kindOf(callId));
    if (victim === undefined) return undefined;
    const { callId, call, kind } = victim;
    // Its member tells when it has ended.
    if (kind === "elsewhere") {
      this.forget(callId, now_ms);
      this.elsewhere?.refuse(callId);
    } else this.refuse(callId, now_ms);
    endDialog(call, hangup, now_ms);
    return { callId, gateway: call.gateways.find((one) => gateways.includes(one)) ?? "" };
  }

  /** An ordinary call gives its channels to an emergency call, perhaps to one at another member of a cluster. */
  refuse(callId: string, now_ms: number): void {
    const call = this.calls.get(callId);
    if (call === undefined || call.isEmergency) return;
    this.forget(callId, now_ms);
    this.onCall?.(callId, undefined, now_ms);
    this.onPreempted(callId, now_ms);
    call.running?.refuse({ status: 480, headers: PREEMPTED }, now_ms);
  }

  get size(): number {
    return this.calls.size;
  }

  private hasRoom(now_ms: number): boolean {
    if (this.calls.size >= this.limit) this.expire(now_ms);
    if (this.calls.size < this.limit) return true;
    this.hits += 1;
    return false;
  }

  private expire(now_ms: number): void {
    for (const [callId, { expires_ms }] of this.calls) if (expires_ms <= now_ms) this.forget(callId, expires_ms);
  }

  /** It has ended at all of its gateways. */
  private forget(callId: string, ended_ms: number): void {
    for (const gateway of this.calls.get(callId)?.gateways ?? []) this.ended.note(gateway, ended_ms);
    this.calls.delete(callId);
  }
}
