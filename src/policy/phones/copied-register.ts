/**
 * A copy of a phone's REGISTER that the foreign other half of a pair has sent us (`registration.copies.from`), such as an OpenSIPS with
 * `t_replicate` or a Kamailio: it makes the phone known here, as if it had registered.
 *
 * The half is believed by its source address. It is believed about phones only: each must be in `localnet`, at no address of a gateway,
 * of upstream or of ours, and what it calls the way to a phone must lead to that half, or to an address that both halves share.
 *
 * Sock-Info names the socket that the phone has registered at. Where we have that one too, because its address moves between the halves,
 * the phone is called from it once it is here. Else a listener of ours with the same transport does it.
 */
import { canonicalAddress, ipVersion } from "../../base/ip-range.ts";
import { ownText } from "../../base/own-text.ts";
import { PATH, SOCK_INFO } from "../../message/header-names.ts";
import { TEXT_CHARACTERS_MAX } from "../../message/limits.ts";
import type { Reply } from "../../message/reply.ts";
import { parseSipUri, type SipUri, splitHostPort, uriParameter } from "../../message/uri.ts";
import { routeUri } from "../../proxy/preprocess-routes.ts";
import type { RoutedRequest } from "../../proxy/router.ts";
import { DEFAULT_PROTOCOL, defaultPort, type Flow, type Listener, splitProtocol } from "../../transport/flow.ts";
import { hopOf } from "../../transport/locator.ts";
import { readEscapes } from "../dialled-number.ts";
import { nameOf } from "./address-of-record.ts";
import { PATH_VALUES_MAX } from "./binding.ts";
import { BINDINGS_MAX, type Binding, type Bindings } from "./bindings.ts";
import { isOvertaken, orderOf } from "./register-order.ts";
import { type Wish, wishesOf } from "./register-wishes.ts";

/** No copy is believed for longer: the other half copies each refresh, and one that has died takes no binding back. */
export const COPY_EXPIRES_MAX_s = 7_200;

export interface CopyKnowledge {
  readonly bindings: Bindings;
  readonly listeners: readonly Listener[];
  /** The other halves of the pair, by their addresses. */
  readonly halves: readonly string[];
  /** Whether a phone of this site may be at this address and port. */
  mayBePhone(address: string, port: number): boolean;
}

/** The answer to a copy. It makes, refreshes or takes away bindings where it is 200, and changes nothing else. */
export function takeCopy(routed: RoutedRequest, knowledge: CopyKnowledge, now_ms: number): Reply {
  const { request } = routed;
  const { bindings } = knowledge;
  const name = nameOf(request);
  const wishes = wishesOf(request);
  if (name === "") return { status: 400, reason: "To Is No SIP URI" };
  if (wishes.fault !== undefined) return { status: 400, reason: wishes.fault };
  if (wishes.contacts.length > BINDINGS_MAX) return { status: 403, reason: "Too Many Contacts" };
  const path = request.list(PATH);
  if (!isWay(path, knowledge)) return { status: 403, reason: "Path Leads Elsewhere" };
  const known = bindings.find(name)?.bindings ?? [];
  const taken: Binding[] = [];
  const gone: Wish[] = [];
  for (const wish of wishes.contacts) {
    const left_s = Math.min(wish.expires_s, COPY_EXPIRES_MAX_s);
    if (left_s === 0) {
      gone.push(wish);
      continue;
    }
    const flow = flowOf(wish, path, routed, knowledge.listeners);
    if (flow === undefined || !knowledge.mayBePhone(flow.address, flow.port)) {
      return { status: 403, reason: "Not A Phone Of This Site" };
    }
    taken.push(bindingOf(wish, flow, path, routed, now_ms, left_s));
  }
  if (taken.length > 0 && !bindings.hasRoomFor(name)) return { status: 503, headers: "Retry-After: 20\r\n" };
  const source = taken[0]?.flow ?? routed.source;
  if (isOvertaken({ ...routed, source }, wishes, known, now_ms)) return { status: 500, reason: "CSeq Out Of Order" };
  if (wishes.isWildcard) bindings.remove(name, "*");
  for (const { uri } of gone) bindings.remove(name, uri);
  bindings.putAll(name, taken);
  // RFC 3327 §5.3: a registrar tells the Path that it has kept.
  const kept = taken.length > 0 && path.length > 0 ? `Path: ${path.join(", ")}\r\n` : "";
  return { status: 200, headers: taken.map(contactLine(now_ms)).join("") + kept };
}

/** Whether requests may be sent along this Path: to the other half, or to an address that we have ourselves when it moves here. */
function isWay(path: readonly string[], { halves, listeners }: CopyKnowledge): boolean {
  const [first] = path;
  if (first === undefined) return true;
  const characters = path.reduce((sum, value) => sum + value.length, 0);
  const uri = routeUri(first);
  if (uri === undefined || path.length > PATH_VALUES_MAX || characters > TEXT_CHARACTERS_MAX) return false;
  if (uriParameter(uri, "lr") === undefined || uriParameter(uri, "maddr") !== undefined) return false;
  return halves.includes(uri.host) || listeners.some(({ address }) => canonicalAddress(address) === uri.host);
}

/** Where the phone is: by `received` of the Path's first value, which is the other half's own, or by the Contact. */
function flowOf(wish: Wish, path: readonly string[], routed: RoutedRequest, listeners: readonly Listener[]) {
  const first = routeUri(path[0] ?? "");
  const received = first === undefined ? undefined : uriParameter(first, "received");
  const uri = parseSipUri(received === undefined ? wish.uri : readEscapes(received));
  const version = uri === undefined ? 0 : ipVersion(uri.host);
  if (uri === undefined || version === 0 || canonicalAddress(uri.host) !== uri.host) return undefined;
  return flowTo(uri, version, routed, listeners);
}

function flowTo(uri: SipUri, version: 4 | 6, { request, source }: RoutedRequest, listeners: readonly Listener[]): Flow {
  const socket = readSocket(request.header(SOCK_INFO) ?? "");
  const protocol = socket?.protocol ?? hopOf(uri).protocol ?? DEFAULT_PROTOCOL;
  const alike = listeners.filter((one) => one.protocol === protocol && ipVersion(one.address) === version);
  const isNamed = ({ address, port }: Listener) =>
    socket !== undefined && port === socket.port && canonicalAddress(address) === socket.address;
  const listener = alike.find(isNamed) ?? alike.find((one) => one === source.listener) ?? alike[0] ?? source.listener;
  return { listener, address: uri.host, port: uri.port ?? defaultPort(protocol) };
}

/** "udp:192.0.2.1:5060"; the port may be left out. */
function readSocket(text: string) {
  const split = splitProtocol(text.trim().toLowerCase());
  const place = split === undefined ? undefined : splitHostPort(split.rest);
  if (split === undefined || place === undefined) return undefined;
  const { protocol } = split;
  return { protocol, address: canonicalAddress(place.host), port: place.port ?? defaultPort(protocol) };
}

function bindingOf(
  { uri, parameters, instance }: Wish,
  flow: Flow,
  path: readonly string[],
  { request }: RoutedRequest,
  now_ms: number,
  left_s: number,
): Binding {
  return {
    contact: ownText(uri),
    parameters: ownText(parameters),
    instance: ownText(instance),
    flow: { ...flow, address: ownText(flow.address) },
    ...orderOf(request),
    expires_ms: now_ms + left_s * 1_000,
    heard_ms: now_ms,
    // Upstream has said 2xx to the other half: this flow it has never heard of.
    isAccepted: false,
    path: path.map(ownText),
  };
}

function contactLine(now_ms: number): (binding: Binding) => string {
  return ({ contact, parameters, expires_ms }) =>
    `Contact: <${contact}>${parameters};expires=${Math.ceil((expires_ms - now_ms) / 1_000)}\r\n`;
}
