/** Whether upstream and the gateways answer: for the branchline that runs, or else for OPTIONS of doctor's own. */

import type { Config } from "../../app/config/config.ts";
import { spell } from "../../app/config/durations.ts";
import { callsGo, evidenceWords } from "../../app/words/peer-words.ts";
import type { Response } from "../../message/message.ts";
import { parse } from "../../message/parse.ts";
import { hostText } from "../../message/uri.ts";
import { peerName } from "../../policy/peers/peer.ts";
import { judgeProbe } from "../../policy/peers/probe-verdict.ts";
import { takesCalls, whereCallsGo } from "../../policy/peers/state-words.ts";
import type { PeerStatus } from "../../policy/status.ts";
import { TRANSPORTS } from "../../transport/flow.ts";
import { hopOf } from "../../transport/locator.ts";
import {
  type Facts,
  type FindingFacts,
  fault,
  NEEDS_FILE,
  NEEDS_ROOT,
  ok,
  type PeerFact,
  type Severity,
  skipped,
  type Verdict,
  warning,
} from "./facts.ts";
import { notSeen } from "./running.ts";

/** Whether upstream answers OPTIONS. */
export function upstream(facts: Facts, config: Config): Verdict[] {
  const { targets } = config.site.upstream;
  const asked = facts.peers.filter(({ role }) => role === "upstream");
  const all = facts.status?.upstream ?? [];
  const isAsked = (name: string) => asked.some(({ alias }) => alias === name);
  // The phones' own domains; targets whose names DNS doesn't know now; all of them when the file can't be read.
  const others = all
    .filter(({ name }) => !isAsked(name))
    .map((seen) => seenOnly(seen, callsText(seen, facts, all, config)));
  const lost = targets
    .map((uri) => peerName(hopOf(uri)))
    .filter((name) => !isAsked(name) && !all.some((seen) => seen.name === name))
    .map((name) => fault(`${name} has no address that could be asked: no call goes there`, [], { peer: name }));
  const verdicts = [...asked.map((peer) => judgePeer(peer, facts, config)), ...others, ...lost];
  if (verdicts.length > 0) return verdicts;
  return [skipped(facts.fileFaults.length > 0 ? NEEDS_FILE : "the file names no upstream to ask")];
}

/** Whether the gateways answer OPTIONS. */
export function gateways(facts: Facts, config: Config): Verdict[] {
  if (config.site.gateways.length === 0) return [warning("there is no gateway: in an outage no phone can call out")];
  const asked = facts.peers.filter(({ role }) => role === "gateway");
  return asked.map((peer) => judgePeer(peer, facts, config));
}

/** The response in what has come back, if it is one. */
export function answerOf({ answer }: Pick<PeerFact, "answer">): Response | undefined {
  const parsed = answer === undefined ? undefined : parse(answer);
  return parsed?.kind === "response" ? parsed : undefined;
}

/** The peer as the branchline that runs sees it; undefined: it doesn't know the peer, or none runs. */
export function seenBy({ status }: Pick<Facts, "status">, { role, alias }: PeerFact): PeerStatus | undefined {
  const all: readonly PeerStatus[] = (role === "upstream" ? status?.upstream : status?.gateways) ?? [];
  return all.find(({ name }) => name === alias);
}

/** Whether it answers the branchline that runs, or, where none does, doctor. */
export function isAnswering(facts: Facts, peer: PeerFact): boolean {
  const seen = seenBy(facts, peer);
  return seen === undefined ? answerOf(peer) !== undefined : seen.observed === "up";
}

function judgePeer(peer: PeerFact, facts: Facts, config: Config): Verdict {
  // Our key is root's alone.
  const isBarred = !facts.isRoot && TRANSPORTS[peer.to.protocol].isSecure && peer.error.includes("EACCES");
  const judged = judgeOwn(peer, config, harmOf(peer, facts, config));
  const own = isBarred ? skipped(NEEDS_ROOT, judged.facts) : judged;
  const seen = seenBy(facts, peer);
  if (!facts.isRunning) return own;
  if (facts.status === undefined) {
    if (own.severity !== "ok") return own;
    return skipped(`${own.text}; how the running branchline sees it: ${notSeen(facts).text}`, own.facts);
  }
  const { name } = peer;
  if (seen === undefined) {
    if (own.severity !== "ok") return own;
    const cure = ["branchline reload"];
    return warning(`${own.text}, but the running branchline doesn't know ${name}`, cure, own.facts);
  }
  const facts_ = { ...own.facts, ...factsOf(seen) };
  const harm = harmOf(peer, facts, config);
  const { severity, text } = seenWords(seen, peer.role, `${harm}${probingText(seen, peer, config)}`);
  if (severity !== "ok") {
    const also = `doctor's own OPTIONS ${outcomeOf(peer)}`;
    return { severity, text: `${whereOf(peer)} ${text}; ${also}`, cure: own.cure, facts: facts_ };
  }
  const isSole = facts.peers.filter(({ role, alias }) => role === peer.role && alias === peer.alias).length === 1;
  if (answerOf(peer) === undefined && isSole) {
    const why = `, although doctor's own OPTIONS ${outcomeOf(peer)}`;
    return ok(`${whereOf(peer)} answers the running branchline${why}`, facts_);
  }
  return { ...own, facts: facts_ };
}

/** A target that only the branchline that runs knows. */
function seenOnly(seen: PeerStatus, harm: string): Verdict {
  const { severity, text } = seenWords(seen, "upstream", harm);
  const told = severity === "ok" ? "answers the running branchline" : text;
  return { severity, text: `${seen.name} ${told}`, cure: [], facts: { peer: seen.name, ...factsOf(seen) } };
}

function factsOf({ state, observed, probe_failure }: PeerStatus): FindingFacts {
  return { state, observed_state: observed, probe_failure: probe_failure ?? null };
}

/** What its state means. */
function seenWords(
  { state, observed, probe_failure }: PeerStatus,
  role: PeerFact["role"],
  harm: string,
): { severity: Severity; text: string } {
  const why = probe_failure === undefined ? "" : ` (${evidenceWords("probe failed", probe_failure)})`;
  if (state !== observed) {
    const text = `is forced ${state}, and would be ${observed}${why}: ${harm}`;
    return { severity: "warning", text };
  }
  if (state === "up") return { severity: "ok", text: "is up" };
  if (role === "upstream") {
    return {
      severity: state === "down" ? "fault" : "warning",
      text: `is ${state} for the running branchline${why}: ${harm}`,
    };
  }
  // It may not know OPTIONS.
  const isSilent = probe_failure === undefined || probe_failure === "silence";
  const text = `is ${state} for the running branchline${why}: ${harm}${isSilent ? NO_OPTIONS : ""}`;
  const isDead = !takesCalls(state) && (probe_failure === "refused" || probe_failure === "unreachable");
  return { severity: isDead ? "fault" : "warning", text };
}

/** How often a peer is asked that may be gone. */
function probingText({ state, observed }: PeerStatus, peer: PeerFact, config: Config): string {
  if (state !== "suspect" || observed !== state) return "";
  return `, probing every ${spell(rulesFor(peer, config).probe.suspect_interval_ms)}`;
}

const NO_OPTIONS = " (ignore this if the gateway doesn't support OPTIONS)";

/** What follows while it doesn't answer. */
function harmOf(peer: PeerFact, facts: Facts, config: Config): string {
  const count = config.site.gateways.length;
  if (peer.role === "gateway") {
    return count > 1 ? "calls try it after the other gateways" : "in an outage calls may find no way out";
  }
  const others = facts.peers.filter(({ role, alias }) => role === "upstream" && alias !== peer.alias);
  const all = facts.status?.upstream ?? others.map((one) => ({ state: lives(one, config) ? "up" : "down" }));
  return callsText(seenBy(facts, peer) ?? { state: "down" }, facts, all, config);
}

/** Where calls go: the branchline that runs says it of those that its target doesn't take. */
function callsText(
  seen: Pick<PeerStatus, "state">,
  { status }: Facts,
  all: readonly Pick<PeerStatus, "state">[],
  { site }: Config,
): string {
  if (status?.calls_go_to !== undefined && !takesCalls(seen.state)) return callsGo(status);
  return whereCallsGo(seen, all, site.gateways.length);
}

/** Whether branchline would take the answer for a sign of life. */
function lives(peer: PeerFact, config: Config): boolean {
  const answer = answerOf(peer);
  const rules = rulesFor(peer, config);
  return answer !== undefined && judgeProbe(rules, answer.status) === "life" && peer.took_ms <= rules.probe.timeout_ms;
}

/** What an OPTIONS of doctor's own has shown. */
function judgeOwn(peer: PeerFact, config: Config, harm: string): Verdict {
  const where = whereOf(peer);
  const answer = answerOf(peer);
  const known = ownFacts(peer, answer);
  if (answer === undefined) {
    const ping = `ping -c 3 ${peer.local === undefined ? "" : `-I ${peer.local} `}${peer.to.address}`;
    const text = `${where} doesn't answer OPTIONS${fromText(peer)}: ${whyNot(peer)}; ${harm}`;
    if (peer.role === "gateway" && isSilent(peer)) return warning(`${text}${NO_OPTIONS}`, [ping], known);
    return fault(text, [ping], known);
  }
  const told = `${where} answers OPTIONS${fromText(peer)} with ${answer.status} in ${peer.took_ms} ms`;
  if (answer.status === 503) return warning(`${told}: nothing behind it can take calls; ${harm}`, [], known);
  const rules = rulesFor(peer, config);
  const key = peer.role === "upstream" ? "upstream.probe" : "gateway_probe";
  if (judgeProbe(rules, answer.status) !== "life") {
    const cure = `# ${key}: {alive_codes: [${answer.status}]}, or what it wants to see: user, from`;
    return warning(`${told}, which isn't a sign of life for this file: it counts as down; ${harm}`, [cure], known);
  }
  const { timeout_ms } = rules.probe;
  if (peer.took_ms <= timeout_ms) return ok(told, known);
  const cure = `# ${key}: {timeout: ${spell(Math.ceil(peer.took_ms / 1_000) * 2_000)}}`;
  const late = `${told}, and a probe waits for ${spell(timeout_ms)} only: it counts as down; ${harm}`;
  return warning(late, [cure], known);
}

function ownFacts(peer: PeerFact, answer: Response | undefined): FindingFacts {
  const { name, to, local, local_port, listener, took_ms } = peer;
  return {
    peer: name,
    address: to.address,
    port: to.port,
    transport: to.protocol,
    listen: listener ?? null,
    local_address: local ?? null,
    local_port: local_port ?? null,
    status: answer?.status ?? null,
    took_ms,
  };
}

function whereOf({ name, to }: PeerFact): string {
  return `${name} (${to.address}:${to.port}, ${to.protocol})`;
}

function fromText({ local, local_port }: PeerFact): string {
  return local === undefined ? "" : ` from ${hostText(local)}:${local_port ?? 0}`;
}

function whyNot({ answer, error }: PeerFact): string {
  if (answer !== undefined) return "what came is no SIP answer";
  const code = /\b(?:ECONNREFUSED|ENETUNREACH|EHOSTUNREACH|EADDRNOTAVAIL)\b/.exec(error)?.[0];
  return code === undefined ? error : `${WHY[code] ?? code} (${code})`;
}

const WHY: Readonly<Record<string, string>> = {
  ECONNREFUSED: "refused, no program listens there",
  ENETUNREACH: "this router has no route there",
  EHOSTUNREACH: "unreachable",
  EADDRNOTAVAIL: "this router doesn't have the address of listen",
};

function outcomeOf(peer: PeerFact): string {
  const answer = answerOf(peer);
  if (answer === undefined) return `${fromText(peer).trim()} isn't answered: ${whyNot(peer)}`.trim();
  return `${fromText(peer).trim()} is answered with ${answer.status} in ${peer.took_ms} ms`.trim();
}

/** Nothing has come back, which a gateway that doesn't know OPTIONS does too. */
function isSilent({ answer, error }: PeerFact): boolean {
  return answer === undefined && error.startsWith("no answer");
}

/** By what the proxy judges this peer's answers. */
function rulesFor({ role, name }: PeerFact, { site }: Config) {
  const { upstream: above, gateways: beside, gatewaySettings } = site;
  if (role === "upstream") return { deadCodes: above.deadCodes, probe: above.ownProbes.get(name) ?? above.probe };
  return { deadCodes: [], probe: beside.find(({ uri }) => uri.text === name)?.probe ?? gatewaySettings.probe };
}
