/** The channels of gateways that a call occupies, as one record tells them to other members. */
import { CSEQ_MAX } from "../message/limits.ts";
import { fieldOf, isAddress, isCount, isText, listIn, numberIn, textIn } from "../message/plain-data.ts";
import { type CallDialog, CHANNELS_OF_ONE_MAX, type GatewayCall } from "../policy/gateways/gateway-call.ts";
import type { DialogSide } from "../proxy/dialog-request.ts";
import { TIMER_C_ms } from "../transaction/timers.ts";
import { isReliable, type Listener, restoreFlow, saveFlow } from "../transport/flow.ts";
import type { Json } from "./ports.ts";
import { VALUE_OCTETS_MAX } from "./replicated.ts";

/** More hops than any call of a branch has. */
const ROUTES_MAX = 20;
/** An INVITE without an answer is over by then, unless it is told anew: timer C, and a little. */
const RINGING_ms = TIMER_C_ms + 19_000;
/** No call is believed to have begun, or to last, longer ago than this. */
const AGE_MAX_ms = 30 * 86_400_000;

/** For how long a call holds its channels at other members, if they hear no more of it. */
export function heldFor_ms({ expires_ms, dialog }: GatewayCall, now_ms: number): number {
  const left_ms = expires_ms - now_ms;
  return dialog === undefined ? Math.min(left_ms, RINGING_ms) : left_ms;
}

/**
 * @param order of the changes that the writer has made, so that what is heard of one isn't taken for what is heard of the next
 * @returns without its dialog where that is too long: then its channels can be freed, but not by us
 */
export function writeLease(call: GatewayCall, order: number, now_ms: number): Json {
  const { gateways, isEmergency, started_ms, callerTag, toCaller, toCallee, dialog } = call;
  const plain = {
    left_ms: Math.round(heldFor_ms(call, now_ms)),
    ago_ms: Math.round(now_ms - started_ms),
    order,
    gateways: [...gateways],
    emergency: isEmergency,
    callerTag,
    toCaller,
    toCallee,
  };
  if (dialog === undefined) return { ...plain, rings: true };
  const { caller, callee, calleeTag } = dialog;
  const whole = { ...plain, dialog: { calleeTag, caller: writeSide(caller), callee: writeSide(callee) } };
  return JSON.stringify(whole).length <= VALUE_OCTETS_MAX ? whole : plain;
}

/** What another member tells of a call. */
export interface ReadLease {
  readonly call: GatewayCall;
  readonly order: number;
  /** It has no answer yet. */
  readonly rings: boolean;
}

/**
 * What a member tells is believed no more than a message.
 * @param left_ms of the record by now
 * @returns undefined where it is no such record
 */
export function readLease(
  callId: string,
  value: Json,
  left_ms: number,
  listeners: readonly Listener[],
  now_ms: number,
): ReadLease | undefined {
  const gateways = textsIn(value, "gateways", CHANNELS_OF_ONE_MAX);
  const callerTag = textIn(value, "callerTag");
  const order = numberIn(value, "order");
  const cseqs = ["toCaller", "toCallee"].map((name) => numberIn(value, name) ?? -1);
  const [toCaller = -1, toCallee = -1] = cseqs;
  if (gateways === undefined || gateways.length === 0 || callerTag === undefined || order === undefined)
    return undefined;
  if (!isText(callId) || !cseqs.every((one) => isCount(one, 0, CSEQ_MAX))) return undefined;
  const age_ms = Math.max(0, (numberIn(value, "left_ms") ?? 0) - left_ms) + Math.max(0, numberIn(value, "ago_ms") ?? 0);
  const call: GatewayCall = {
    gateways,
    isEmergency: fieldOf(value, "emergency") === true,
    started_ms: now_ms - Math.min(age_ms, AGE_MAX_ms),
    expires_ms: now_ms + left_ms,
    running: undefined,
    dialog: readDialog(fieldOf(value, "dialog"), callId, listeners),
    callerTag,
    toCaller,
    toCallee,
    adopted: [...gateways],
  };
  return { call, order, rings: fieldOf(value, "rings") === true };
}

function writeSide({ remoteTarget, routes, from, to, flow }: DialogSide) {
  return {
    remoteTarget,
    routes: [...routes],
    from,
    to,
    ...(flow === undefined ? {} : { flow: { ...saveFlow(flow) } }),
  };
}

function readDialog(data: unknown, callId: string, listeners: readonly Listener[]): CallDialog | undefined {
  const calleeTag = textIn(data, "calleeTag");
  const caller = readSide(fieldOf(data, "caller"), callId, listeners);
  const callee = readSide(fieldOf(data, "callee"), callId, listeners);
  if (calleeTag === undefined || caller === undefined || callee === undefined) return undefined;
  return { caller, callee, calleeTag };
}

function readSide(data: unknown, callId: string, listeners: readonly Listener[]): DialogSide | undefined {
  const routes = textsIn(data, "routes", ROUTES_MAX);
  const [remoteTarget, from, to] = ["remoteTarget", "from", "to"].map((name) => textIn(data, name));
  if (routes === undefined || remoteTarget === undefined || from === undefined || to === undefined) return undefined;
  const flow = readFlow(fieldOf(data, "flow"), listeners);
  return { remoteTarget, routes, from, to, callId, flow };
}

/** Undefined as well for a connection, which ends at the other member: the Contact leads there, if anything does. */
function readFlow(data: unknown, listeners: readonly Listener[]): DialogSide["flow"] {
  const listener = textIn(data, "listener");
  const address = textIn(data, "address");
  const port = numberIn(data, "port");
  if (listener === undefined || address === undefined || port === undefined) return undefined;
  if (!isAddress(address) || !isCount(port, 1, 65_535)) return undefined;
  const flow = restoreFlow({ listener, address, port }, listeners);
  return flow === undefined || isReliable(flow) ? undefined : flow;
}

/** Undefined where one of them is no text, or there are too many. */
function textsIn(data: unknown, name: string, most: number): string[] | undefined {
  const list = listIn(data, name);
  if (list === undefined || list.length > most) return undefined;
  const texts = list.filter((one): one is string => typeof one === "string" && isText(one));
  return texts.length === list.length ? texts : undefined;
}
