/** An upstream target or a gateway in words: how it is seen, since when and why, and where calls go meanwhile. */
import { bad, doubtful, good } from "../../base/ink.ts";
import { hostText } from "../../message/uri.ts";
import { NO_RECORD_ROUTE, RECORD_ROUTE_CURE } from "../../policy/peers/answered-calls.ts";
import { LONG_INVITES_CURE, longInvitesText } from "../../policy/peers/datagram-lengths.ts";
import type { PeerFacts, RunningStatus } from "../status-facts.ts";
import { counted, someOf, wrapped } from "./lines.ts";
import { exactSpan, moment, type Reader, span } from "./times.ts";

/** Names of peers that a line has room for. */
const NAMES_MAX = 3;

/** Why a probe has failed. */
function failureWords(failure: string | number | undefined): string {
  switch (failure) {
    case "silence":
    case undefined:
      return "no answer to OPTIONS";
    case "refused":
      return "refuses OPTIONS: no program listens there";
    case "unreachable":
      return "can't be reached: no route, or the connection failed";
    case "dns_silent":
      return "its name has no address yet: no DNS server answers";
    case "no_address":
      return "its name has no address, says DNS";
    default:
      return `answers OPTIONS with ${failure}`;
  }
}

/** Failures of a peer whose name has no address. */
const LACKS: readonly unknown[] = ["dns_silent", "no_address"];

/** The same of a time that is over: the name has an address now. */
function lackedWords(failure: string | number | undefined): string {
  return failure === "dns_silent"
    ? "its name had no address: no DNS server answered"
    : "its name had no address, said DNS";
}

/** What had been seen when a peer changed its state; of a later version's word, the word itself. */
export function evidenceWords(evidence: string, failure: string | number | undefined): string {
  if (LACKS.includes(failure)) return failureWords(failure);
  switch (evidence) {
    case "probe failed":
      return failureWords(failure);
    case "probe answered":
      return "answers OPTIONS";
    case "hold over":
      return "has answered for the whole hold";
    case "request answered":
      return "answered a request";
    case "call answered":
      return "answered a call";
    case "request unanswered":
      return "no answer to a request";
    case "request undeliverable":
      return "a request couldn't be delivered";
    case "own address gone":
      return "this router's own address is gone";
    case "own address missing":
      return "no address of listen is on the way there";
    case "down before restart":
      return "known from before the restart";
    case "up at another member":
      return "answers OPTIONS, and another member has it up";
    case "own address here":
      return "this router's own address is back";
    default:
      return evidence;
  }
}

/** A gateway has no hold: its hold is over at once. */
export function evidenceOf(role: string, evidence: string): string {
  return role === "gateway" && evidence === "hold over" ? "answers again" : evidence;
}

/** The gateway, with the evidence of {@link evidenceOf}. */
export function withoutHold<P extends PeerFacts>(gateway: P): P {
  const { evidence } = gateway;
  return evidence === undefined ? gateway : { ...gateway, evidence: evidenceOf("gateway", evidence) };
}

function stateName(observed: string): string {
  if (observed === "up") return good(observed);
  return observed === "down" ? bad("DOWN") : doubtful(observed.toUpperCase());
}

/** Why a peer is seen as it is, as `status` and `doctor` say it: what had been seen then, and what the last probe has found since. */
export function reasonWords(peer: PeerFacts): string | undefined {
  const { observed, evidence, evidence_failure, probe_failure, addresses = [] } = peer;
  if (peer.answers_options === false) return callsOnly(peer.call_answered_s);
  const isFound = addresses.length > 0;
  const words = isFound && LACKS.includes(probe_failure) ? "it has one" : failureWords(probe_failure);
  const present = probe_failure === undefined ? undefined : words;
  if (evidence === undefined) return present;
  const wasLacking = isFound && LACKS.includes(evidence_failure);
  // The same words as the list of changes has, unless they are no longer true.
  const reason = wasLacking ? lackedWords(evidence_failure) : evidenceWords(evidence, evidence_failure);
  const isSilence = probe_failure === "silence" && !wasLacking;
  const isNews = observed === "down" && present !== undefined && !isSilence && present !== reason;
  return isNews ? `${reason}; now ${present}` : reason;
}

/** "up for 3 h (since 11:30:05, answers OPTIONS)"; what isn't well is in capitals. */
function stateWords(peer: PeerFacts, now: string | undefined, reader: Reader): string {
  const { observed, since, since_s, evidence } = peer;
  const name = stateName(observed);
  if (since === undefined || since_s === undefined) return name;
  if (evidence === undefined) return `not known yet: first asked ${span(since_s)} ago`;
  return `${name} for ${span(since_s)} (since ${moment(since, now, reader)}, ${reasonWords(peer)})`;
}

/** Of a gateway that answers calls alone: "doesn't answer OPTIONS; last call answered 5 min ago". */
export function callsOnly(answered_s: number | undefined): string {
  return `doesn't answer OPTIONS${answered_s === undefined ? "" : `; last call answered ${span(answered_s)} ago`}`;
}

/** Where new calls go: "calls go to gateway 10.10.1.3". */
export function callsGo({ calls_go_to: to, gateways }: Pick<RunningStatus, "calls_go_to" | "gateways">): string {
  if (to === undefined) return "this version doesn't tell where calls go";
  if (to.role === "none") {
    const dead = gateways.length === 1 ? "the gateway is" : "all gateways are";
    return `calls find no way out${gateways.length === 0 ? "" : ` (${dead} DOWN too)`}`;
  }
  const names = someOf(to.peers, NAMES_MAX);
  if (to.role === "gateway") {
    if (gateways.length === 1) return "calls go to the gateway";
    return `calls go to ${to.peers.length === 1 ? "gateway" : "gateways"} ${names}`;
  }
  return to.peers.length === 0 ? "calls go to the domain that each names" : `calls go to ${names}`;
}

/** The lines of an upstream target. */
export function upstreamLines(peer: PeerFacts, status: RunningStatus, reader: Reader): string[] {
  const { state, name } = peer;
  const seen = stateWords(peer, status.now, reader);
  const text = status.force === "auto" ? `${seen}${consequence(peer, status)}` : `taken to be ${state}; seen: ${seen}`;
  const pace = paceWords(peer);
  return [
    ...wrapped(`Upstream ${name}${addressText(peer)}: ${text}`, reader.width),
    ...(pace === undefined ? [] : wrapped(`  ${pace}`, reader.width)),
    ...longInvites(peer, reader),
  ];
}

/** After an outage, while REGISTERs go up more slowly than the file allows: how fast. Undefined: as fast as that. */
export function paceWords({ observed, registers }: PeerFacts): string | undefined {
  if (registers === undefined || observed === "down" || registers.per_s >= registers.most_per_s) return undefined;
  const { per_s, most_per_s, unanswered } = registers;
  const wait = unanswered === 0 ? "" : `, ${unanswered} unanswered`;
  return `REGISTERs go up at ${per_s} a second, of ${most_per_s} at the most${wait}`;
}

function consequence({ name, observed, hold_left_s }: PeerFacts, status: RunningStatus): string {
  const { calls_go_to: to } = status;
  if (to === undefined) return "";
  // Of several targets that are up, the first one has the calls.
  if (observed === "up") return to.role === "upstream" && to.peers[0] === name ? "; calls go there" : "";
  if (observed === "suspect") return "; calls still go there";
  const wait = hold_left_s === undefined ? "" : ` for another ${exactSpan(hold_left_s)}`;
  return `; ${callsGo(status)}${wait}`;
}

/** The lines of a gateway: its state and its calls. */
export function gatewayLines(
  gateway: RunningStatus["gateways"][number],
  status: RunningStatus,
  reader: Reader,
): string[] {
  const { name, channels, calls } = gateway;
  const used =
    channels === undefined
      ? `in ${calls === 0 ? "no call" : counted(calls, "call")}`
      : `${calls} of ${counted(channels, "channel")} in use`;
  const text = `Gateway ${name}: ${stateWords(withoutHold(gateway), status.now, reader)}, ${used}`;
  return [...wrapped(text, reader.width), ...longInvites(gateway, reader), ...routeLines(gateway, reader)];
}

function routeLines({ record_route: route }: PeerFacts, { width }: Reader): string[] {
  return route === "missing" ? warningLines(`it ${NO_RECORD_ROUTE}`, RECORD_ROUTE_CURE, width) : [];
}

function warningLines(text: string, cure: string, width: number): string[] {
  return [`  ${doubtful("WARNING")}: ${text}`, `  ${cure}`].flatMap((line) => wrapped(line, width));
}

function longInvites({ long_invites: found }: PeerFacts, { width }: Reader): string[] {
  if (found === undefined) return [];
  const longest =
    found.answered_octets === 0 ? "" : ` The longest request that was answered lately had ${found.answered_octets}.`;
  return warningLines(`${longInvitesText(found)}${longest}`, LONG_INVITES_CURE, width);
}

/** Of a peer that the file has by name; what it is called begins with its host. */
function addressText({ name, addresses = [], addresses_from: from }: PeerFacts): string {
  const others = addresses.filter((address) => !name.startsWith(hostText(address)));
  const past = from === undefined ? "" : ", known from before the restart";
  return others.length === 0 ? "" : ` (${others.join(", ")}${past})`;
}
