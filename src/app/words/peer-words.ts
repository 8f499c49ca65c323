/** An upstream target or a gateway in words: how it is seen, since when and why, and where calls go meanwhile. */
import { bad, doubtful, good } from "../../base/ink.ts";
import { hostText } from "../../message/uri.ts";
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
      return "can't be reached: no route or no address";
    default:
      return `answers OPTIONS with ${failure}`;
  }
}

/** What had been seen when a peer changed its state; of a later version's word, the word itself. */
export function evidenceWords(evidence: string, failure: string | number | undefined): string {
  switch (evidence) {
    case "probe failed":
      return failureWords(failure);
    case "probe answered":
    case "hold over":
      return "answers OPTIONS";
    case "request answered":
      return "answered a request";
    case "request unanswered":
      return "no answer to a request";
    case "request undeliverable":
      return "a request couldn't be delivered";
    case "own address gone":
      return "this router's own address is gone";
    case "own address here":
      return "this router's own address is back";
    default:
      return evidence;
  }
}

function stateName(observed: string): string {
  if (observed === "up") return good(observed);
  return observed === "down" ? bad("DOWN") : doubtful(observed.toUpperCase());
}

/** "up for 3 h (since 11:30:05, answers OPTIONS)"; what isn't well is in capitals. */
function stateWords(
  { observed, since, since_s, evidence, evidence_failure, probe_failure }: PeerFacts,
  now: string | undefined,
  reader: Reader,
): string {
  const name = stateName(observed);
  if (since === undefined || since_s === undefined) return name;
  if (evidence === undefined) return `not known yet: first asked ${span(since_s)} ago`;
  // The same words as the list of changes has.
  const reason = evidenceWords(evidence, evidence_failure);
  const present = failureWords(probe_failure);
  const isNews =
    observed === "down" && probe_failure !== undefined && probe_failure !== "silence" && present !== reason;
  const later = isNews ? `; now ${present}` : "";
  return `${name} for ${span(since_s)} (since ${moment(since, now, reader)}, ${reason}${later})`;
}

/** Where new calls go: "calls go to gateway 10.10.1.3". */
export function callsGo({ calls_go_to: to, gateways }: Pick<RunningStatus, "calls_go_to" | "gateways">): string {
  if (to === undefined) return "this version doesn't tell where calls go";
  if (to.role === "none") return "calls find no way out of here";
  const names = someOf(to.peers, NAMES_MAX);
  if (to.role === "gateway") {
    // Where all seem dead, a call is tried there all the same.
    const areDown = gateways.every(({ observed }) => observed === "down") ? ", which is DOWN too" : "";
    if (gateways.length === 1) return `calls go to the gateway${areDown}`;
    return `calls go to ${to.peers.length === 1 ? "gateway" : "gateways"} ${names}${areDown.replace("which is", "which are")}`;
  }
  return to.peers.length === 0 ? "calls go to the domain that each names" : `calls go to ${names}`;
}

/** The lines of an upstream target. */
export function upstreamLines(peer: PeerFacts, status: RunningStatus, reader: Reader): string[] {
  const { state, name } = peer;
  const seen = stateWords(peer, status.now, reader);
  const text = status.force === "auto" ? `${seen}${consequence(peer, status)}` : `taken to be ${state}; seen: ${seen}`;
  return [...wrapped(`Upstream ${name}${addressText(peer)}: ${text}`, reader.width), ...longInvites(peer, reader)];
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
  const used = channels === undefined ? counted(calls, "call") : `${calls} of ${counted(channels, "channel")} in use`;
  const text = `Gateway ${name}: ${stateWords(gateway, status.now, reader)}, ${used}`;
  return [...wrapped(text, reader.width), ...longInvites(gateway, reader)];
}

function longInvites({ long_invites: found }: PeerFacts, { width }: Reader): string[] {
  if (found === undefined) return [];
  const longest =
    found.answered_octets === 0 ? "" : ` The longest request that was answered lately had ${found.answered_octets}.`;
  return [`  ${doubtful("WARNING")}: ${longInvitesText(found)}${longest}`, `  ${LONG_INVITES_CURE}`].flatMap((line) =>
    wrapped(line, width),
  );
}

/** Of a peer that the file has by name; what it is called begins with its host. */
function addressText({ name, addresses = [] }: PeerFacts): string {
  const others = addresses.filter((address) => !name.startsWith(hostText(address)));
  return others.length === 0 ? "" : ` (${others.join(", ")})`;
}
