/** Whether upstream and the gateways answer: for the branchline that runs, or else for OPTIONS of doctor's own. */

import type { Config } from "../../app/config/config.ts";
import { spell } from "../../app/config/durations.ts";
import type { PeerFacts } from "../../app/status-facts.ts";
import { callsGo, callsOnly, reasonWords } from "../../app/words/peer-words.ts";
import { peerName } from "../../policy/peers/peer-parts.ts";
import { takesCalls, whereCallsGo } from "../../policy/peers/state-words.ts";
import { missingWays } from "../../policy/peers/ways.ts";
import type { PeerStatus } from "../../policy/status.ts";
import { TRANSPORTS } from "../../transport/flow.ts";
import { hopOf } from "../../transport/locator.ts";
import { cureWithout, hostOf, whyWithout, withoutDns } from "./dns.ts";
import {
  type Cure,
  cureFrom,
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
import { answerOf, judgeOwn, lives, NO_OPTIONS, outcomeOf, rulesFor, startCure, whereOf } from "./own-options.ts";
import { recordRoutes } from "./record-route.ts";
import { forceCure, notSeen } from "./running.ts";

/** Whether upstream answers OPTIONS. */
export function upstream(facts: Facts, config: Config): Verdict[] {
  const { targets } = config.site.upstream;
  const asked = facts.peers.filter(({ role }) => role === "upstream");
  const all = facts.status?.upstream ?? [];
  const isAsked = (name: string) => asked.some(({ alias }) => alias === name);
  // The phones' own domains; targets whose names DNS doesn't know now; all of them when the file can't be read.
  const others = all
    .filter(({ name }) => !isAsked(name))
    .map((seen) => seenOnly(seen, facts, callsText(seen, facts, all, config)));
  const lost = targets
    .map(hopOf)
    .map((hop) => ({ name: peerName(hop), host: hop.host }))
    .filter(({ name }) => !isAsked(name) && !all.some((seen) => seen.name === name))
    .map(({ name, host }) => {
      const cure = cureWithout(
        host,
        facts.names.filter((one) => one.name === host),
      );
      return fault(`${whyLost(name, host, facts)}: no call goes there`, cure, { peer: name });
    });
  const verdicts = [...asked.map((peer) => judgePeer(peer, facts, config)), ...others, ...lost];
  if (verdicts.length > 0) return verdicts;
  return [skipped(facts.fileFaults.length > 0 ? NEEDS_FILE : "the file names no upstream to ask")];
}

/** Why a target couldn't be asked at all. */
function whyLost(name: string, host: string, { names }: Facts): string {
  const all = names.filter((one) => one.name === host);
  return all.length === 0 ? `${name} has no address that could be asked` : whyWithout(host, all);
}

/** Whether the gateways answer OPTIONS. */
export function gateways(facts: Facts, config: Config): Verdict[] {
  if (config.site.gateways.length === 0) {
    return [
      warning("there is no gateway: in an outage no phone can call out", ["# gateways: [sip:ADDRESS] in the file"]),
    ];
  }
  const asked = facts.peers.filter(({ role }) => role === "gateway");
  return [...asked.map((peer) => judgePeer(peer, facts, config)), ...recordRoutes(facts)];
}

/** The peer as the branchline that runs sees it; undefined: it doesn't know the peer, or none runs. */
export function seenBy({ status }: Pick<Facts, "status">, { role, alias }: PeerFact): PeerFacts | undefined {
  const all: readonly PeerFacts[] = (role === "upstream" ? status?.upstream : status?.gateways) ?? [];
  return all.find(({ name }) => name === alias);
}

/** Whether it answers the branchline that runs, or, where none does, doctor. */
export function isAnswering(facts: Facts, peer: PeerFact): boolean {
  const seen = seenBy(facts, peer);
  return seen === undefined ? answerOf(peer) !== undefined : seen.observed === "up";
}

function judgePeer(asked: PeerFact, facts: Facts, config: Config): Verdict {
  const [missing] = missingWays(config.listeners, [{ ...asked, peer: asked.alias }], facts.addresses);
  const peer = { ...asked, away: missing?.away ?? undefined };
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
    const told = `${own.text}, but the running branchline doesn't know ${name}`;
    return warning(told, ["branchline reload"], own.facts);
  }
  const facts_ = { ...own.facts, ...factsOf(seen) };
  const harm = harmOf(peer, facts, config);
  const { severity, text } = seenWords(seen, peer.role, `${harm}${probingText(seen, peer, config)}`);
  if (severity !== "ok") {
    const also = `doctor's own OPTIONS ${outcomeOf(peer)}`;
    const cure = cureOf(seen, facts, own.cure);
    return { severity, text: `${whereOf(peer)} ${text}; ${also}`, cure, facts: facts_ };
  }
  if (seen.answers_options === false) {
    return ok(`${whereOf(peer)} ${callsOnly(seen.call_answered_s)}`, facts_);
  }
  const isSole = facts.peers.filter(({ role, alias }) => role === peer.role && alias === peer.alias).length === 1;
  if (answerOf(peer) === undefined && isSole) {
    const why = `, although doctor's own OPTIONS ${outcomeOf(peer)}`;
    return ok(`${whereOf(peer)} answers the running branchline${why}`, facts_);
  }
  // An answer that wouldn't count, while branchline's own probes are answered well.
  const isMild = own.severity === "fault" && answerOf(peer) !== undefined;
  return { ...own, severity: isMild ? "warning" : own.severity, facts: facts_ };
}

/** A target that only the branchline that runs knows. */
function seenOnly(seen: PeerStatus, facts: Facts, harm: string): Verdict {
  const { severity, text } = seenWords(seen, "upstream", harm);
  const told = severity === "ok" ? "answers the running branchline" : text;
  const [address] = seen.addresses ?? [];
  const byName = withoutDns(hostOf(seen.name), seen.probe_failure === "dns_silent");
  const byAddress = seen.probe_failure === "refused" ? startCure("upstream", seen.name) : `ping -c 3 ${address}`;
  const cure = severity === "ok" ? [] : cureOf(seen, facts, address === undefined ? byName : [byAddress]);
  return { severity, text: `${seen.name} ${told}`, cure, facts: { peer: seen.name, ...factsOf(seen) } };
}

/**
 * What helps with a peer that isn't up for the branchline that runs.
 * @param own what helps with what doctor's own OPTIONS have shown; empty: they were answered
 */
function cureOf({ state, observed }: PeerStatus, { status }: Facts, own: readonly string[]): Cure {
  if (state !== observed) return [...own, forceCure(status)];
  if (own.length > 0) return cureFrom(own, "");
  if (state === "recovering") return ["# wait: calls go there again after upstream.hold"];
  return ["branchline status --verbose"];
}

function factsOf({ state, observed, probe_failure }: PeerStatus): FindingFacts {
  return { state, observed_state: observed, probe_failure: probe_failure ?? null };
}

/** What its state means. */
function seenWords(seen: PeerStatus, role: PeerFact["role"], harm: string): { severity: Severity; text: string } {
  const { state, observed, probe_failure } = seen;
  const reason = reasonWords(seen);
  const why = reason === undefined ? "" : ` (${reason})`;
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
  const isDead = !takesCalls(state) && DEAD_FAILURES.includes(probe_failure ?? "");
  return { severity: isDead ? "fault" : "warning", text };
}

/** What shows that there is nothing to ask, whatever it would understand. */
const DEAD_FAILURES: readonly (string | number)[] = ["refused", "unreachable", "dns_silent", "no_address"];

/** How often a peer is asked that may be gone. */
function probingText({ state, observed }: PeerStatus, peer: PeerFact, config: Config): string {
  if (state !== "suspect" || observed !== state) return "";
  return `, probing every ${spell(rulesFor(peer, config).probe.suspect_interval_ms)}`;
}

/** What follows while it doesn't answer. */
function harmOf(peer: PeerFact, facts: Facts, config: Config): string {
  const count = config.site.gateways.length;
  if (peer.role === "gateway") {
    return count > 1 ? "calls try it after the other gateways" : "in an outage calls may find no way out";
  }
  const others = facts.peers.filter(({ role, alias }) => role === "upstream" && alias !== peer.alias);
  const all = facts.status?.upstream ?? others.map((one) => ({ state: lives(one, config) ? "up" : "down" }));
  const state = lives(peer, config) ? "up" : "down";
  return callsText(seenBy(facts, peer) ?? { state }, facts, all, config);
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
