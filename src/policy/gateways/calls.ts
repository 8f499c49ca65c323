/** Calls that occupy a gateway's channels: counted by dialog, from the INVITE to the BYE. */
import { PLENTY } from "../../base/limits.ts";
import type { Table } from "../../base/meter.ts";
import { ownText } from "../../base/own-text.ts";
import { SESSION_EXPIRES } from "../../message/header-names.ts";
import type { Request, Response } from "../../message/message.ts";
import { parseDecimal } from "../../message/text.ts";
import { calleeSide, callerSide, type DialogSide, hopTo } from "../../proxy/dialog-request.ts";
import type { Hangup } from "../../proxy/hangup.ts";
import type { OwnAddresses } from "../../proxy/own-addresses.ts";
import type { Refusable, RoutedRequest } from "../../proxy/router.ts";
import type { Flow } from "../../transport/flow.ts";
import type { Usage } from "../gateway-strategies.ts";

/** INVITEs with one Call-ID, over and over, are no more calls than this. */
const CHANNELS_OF_ONE_MAX = 100;
/** RFC 4411: why a call was taken away. */
const PREEMPTED = 'Reason: preemption;cause=3;text="An emergency call needs the line"\r\n';

/** Both ends of a call that is up. */
interface Dialog {
  readonly caller: DialogSide;
  readonly callee: DialogSide;
  readonly calleeTag: string;
}

/** What of an INVITE identifies a call. */
type CallStart = Pick<Request, "callId" | "fromTag" | "cseqNumber">;

interface Call {
  /** The gateways of which it occupies a channel; twice where it comes from one and goes back to it. */
  readonly gateways: string[];
  isEmergency: boolean;
  readonly started_ms: number;
  /** When its channels are taken to be free, whatever has been seen: a lost BYE must not leak them. */
  expires_ms: number;
  /** Until it is answered. */
  running: Refusable | undefined;
  /** From then on. */
  dialog: Dialog | undefined;
  readonly callerTag: string;
  /** The highest CSeq that each end has seen from the other one. */
  toCaller: number;
  toCallee: number;
}

export class Calls implements Table {
  /** How often a call, or one more channel of a call, has found no room. */
  hits = 0;
  readonly limit: number;
  private readonly calls = new Map<string, Call>();
  /** A call of which no BYE has been seen holds its channel for this time. */
  max_call_ms: number;
  /** Hears of a call that we have ended. */
  onPreempted: (callId: string, now_ms: number) => void = () => {};

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
      if (known.gateways.length < CHANNELS_OF_ONE_MAX) known.gateways.push(gateway);
      else this.hits += 1;
      known.isEmergency = known.isEmergency || isEmergency;
      if (known.dialog === undefined) known.running = running;
      return;
    }
    if (this.calls.size >= this.limit) this.expire(now_ms);
    if (this.calls.size >= this.limit) {
      this.hits += 1;
      return;
    }
    this.calls.set(ownText(request.callId), {
      gateways: [gateway],
      isEmergency,
      started_ms: now_ms,
      expires_ms: now_ms + this.max_call_ms,
      running,
      dialog: undefined,
      callerTag: ownText(request.fromTag),
      toCaller: 0,
      toCallee: request.cseqNumber,
    });
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

  /** A gateway has not taken the call, or doesn't any more: its channel is free. */
  leave(callId: string, gateway: string): void {
    const gateways = this.calls.get(callId)?.gateways;
    const index = gateways?.indexOf(gateway) ?? -1;
    if (index >= 0) gateways?.splice(index, 1);
    if (gateways?.length === 0) this.calls.delete(callId);
  }

  /** BYE: all its channels are free, unless it ends another dialog of the same fork. */
  end({ callId, fromTag, toTag }: Pick<Request, "callId" | "fromTag" | "toTag">): void {
    const call = this.calls.get(callId);
    const tags = [call?.callerTag, call?.dialog?.calleeTag];
    if (call?.dialog === undefined || (tags.includes(fromTag) && tags.includes(toTag))) this.calls.delete(callId);
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

  /** How many channels of a gateway are occupied. */
  count(gateway: string, now_ms: number): number {
    this.expire(now_ms);
    let count = 0;
    for (const { gateways } of this.calls.values()) for (const one of gateways) if (one === gateway) count += 1;
    return count;
  }

  usage(gateway: string, now_ms: number): Usage {
    return { calls: this.count(gateway, now_ms) };
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
    let youngest: [string, Call] | undefined;
    for (const entry of this.calls) {
      const [, call] = entry;
      if (call.isEmergency || !call.gateways.some((one) => gateways.includes(one))) continue;
      if (youngest === undefined || call.started_ms >= youngest[1].started_ms) youngest = entry;
    }
    if (youngest === undefined) return undefined;
    const [callId, { running, dialog, toCaller, toCallee, gateways: used }] = youngest;
    this.calls.delete(callId);
    this.onPreempted(callId, now_ms);
    running?.refuse({ status: 480, headers: PREEMPTED }, now_ms);
    if (dialog !== undefined) {
      hangup.bye(dialog.caller, toCaller + 1, PREEMPTED, now_ms);
      hangup.bye(dialog.callee, toCallee + 1, PREEMPTED, now_ms);
    }
    return { callId, gateway: used.find((one) => gateways.includes(one)) ?? "" };
  }

  get size(): number {
    return this.calls.size;
  }

  private expire(now_ms: number): void {
    for (const [callId, call] of this.calls) if (call.expires_ms <= now_ms) this.calls.delete(callId);
  }
}
