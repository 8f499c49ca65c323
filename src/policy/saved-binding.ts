/** A binding as plain data, with times as what is left of them. */
import { CSEQ_MAX } from "../message/limits.ts";
import { hasTypes, isAddress, isCount, isText } from "../message/plain-data.ts";
import { uriParameter } from "../message/uri.ts";
import { routeUri } from "../proxy/preprocess-routes.ts";
import { type Listener, restoreFlow, type SavedFlow, saveFlow } from "../transport/flow.ts";
import { type Binding, PATH_VALUES_MAX } from "./phones/binding.ts";
import { contactParameters } from "./phones/told-names.ts";

/** No promise that a file or another member tells of is believed for longer. */
export const LEFT_MAX_ms = 86_400_000;

export interface SavedBinding extends SavedFlow {
  readonly contact: string;
  readonly parameters: string;
  readonly instance: string;
  readonly callId: string;
  readonly cseq: number;
  readonly left_ms: number;
  /** Whether upstream has accepted it; files of older versions don't tell. */
  readonly accepted?: boolean;
  /** Of a copy, see {@link Binding.path}. */
  readonly path?: readonly string[];
}

/** @param now_ms its expiry is told as what is left of it by then */
export function saveBinding(binding: Binding, now_ms: number): SavedBinding {
  const { contact, parameters, instance, flow, callId, cseq, expires_ms, isAccepted, path } = binding;
  const left_ms = Math.round(expires_ms - now_ms);
  const saved = { contact, parameters, instance, ...saveFlow(flow), callId, cseq, left_ms, accepted: isAccepted };
  return path === undefined ? saved : { ...saved, path };
}

/** Undefined where there is no listener for its flow. */
export function restoreBinding(
  saved: SavedBinding,
  listeners: readonly Listener[],
  { expires_ms, heard_ms }: Pick<Binding, "expires_ms" | "heard_ms">,
): Binding | undefined {
  const { contact, parameters, instance, callId, cseq, accepted, path, listener, address, port } = saved;
  const flow = restoreFlow({ listener, address, port }, listeners);
  if (flow === undefined) return undefined;
  const isAccepted = accepted === true;
  const binding = { contact, parameters, instance, flow, callId, cseq, expires_ms, heard_ms, isAccepted };
  return path === undefined ? binding : { ...binding, path };
}

/** Where a phone was, and for how long that holds. */
export function isPlace({ address, port, left_ms }: SavedFlow & { readonly left_ms: number }): boolean {
  return isAddress(address) && isCount(port, 1, 65_535) && Number.isFinite(left_ms);
}

/** Whether it is one as a copy of a REGISTER brings it. */
function isPath(path: unknown): boolean {
  if (!Array.isArray(path) || path.length > PATH_VALUES_MAX) return false;
  return path.every((value) => typeof value === "string" && isText(value) && isLooseRoute(value));
}

function isLooseRoute(value: string): boolean {
  const uri = routeUri(value);
  return uri !== undefined && uriParameter(uri, "lr") !== undefined;
}

/** In a list of its own; in an empty one what isn't whole, or what couldn't have come in a REGISTER. */
export function readBinding(data: unknown): SavedBinding[] {
  const hasAll = hasTypes(data, {
    contact: "string",
    parameters: "string",
    instance: "string",
    listener: "string",
    address: "string",
    port: "number",
    callId: "string",
    cseq: "number",
    left_ms: "number",
  });
  if (!hasAll) return [];
  const saved = data as SavedBinding;
  const isOrdered = isText(saved.callId) && isCount(saved.cseq, 0, CSEQ_MAX);
  const parameters = isText(saved.instance) ? contactParameters(saved.contact, saved.parameters) : undefined;
  const isWhole = isOrdered && isPlace(saved) && (saved.path === undefined || isPath(saved.path));
  return parameters === undefined || !isWhole ? [] : [{ ...saved, parameters }];
}
