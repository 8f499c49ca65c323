/** What OPTIONS of doctor's own have shown of upstream and the gateways. */
import type { Config } from "../../app/config/config.ts";
import { spell } from "../../app/config/durations.ts";
import type { Response } from "../../message/message.ts";
import { parse } from "../../message/parse.ts";
import { hostText } from "../../message/uri.ts";
import { judgeProbe } from "../../policy/peers/probe-verdict.ts";
import { type FindingFacts, fault, ok, type PeerFact, type Verdict, warning } from "./facts.ts";

/** The response in what has come back, if it is one. */
export function answerOf({ answer }: Pick<PeerFact, "answer">): Response | undefined {
  const parsed = answer === undefined ? undefined : parse(answer);
  return parsed?.kind === "response" ? parsed : undefined;
}

/** Of a gateway that is only silent. */
export const NO_OPTIONS = " (ignore this if the gateway doesn't support OPTIONS)";

/** Whether branchline would take the answer for a sign of life. */
export function lives(peer: PeerFact, config: Config): boolean {
  const answer = answerOf(peer);
  const rules = rulesFor(peer, config);
  return answer !== undefined && judgeProbe(rules, answer.status) === "life" && peer.took_ms <= rules.probe.timeout_ms;
}

/** What an OPTIONS of doctor's own has shown. */
export function judgeOwn(peer: PeerFact, config: Config, harm: string): Verdict {
  const { to } = peer;
  const where = whereOf(peer);
  const answer = answerOf(peer);
  const known = ownFacts(peer, answer);
  if (answer === undefined) {
    const { local = "", answeredFrom } = peer;
    if (answeredFrom.length > 0) {
      const other = answeredFrom.map(hostText).join(", ");
      const text = `${where} answers OPTIONS from ${other}, but not${fromText(peer)}, from where branchline sends: the way back to ${local} is missing; ${harm}`;
      const back = `# at the side of ${to.address}: add a route back to ${local}, or allow that address in the VPN and the firewall there`;
      return fault(text, [back], { ...known, answered_from: answeredFrom });
    }
    const cure = [cureOfSilence(peer)] as const;
    const text = `${where} doesn't answer OPTIONS${fromText(peer)}: ${whyNot(peer)}; ${harm}`;
    if (peer.role === "gateway" && isSilent(peer)) return warning(`${text}${NO_OPTIONS}`, cure, known);
    return fault(text, cure, known);
  }
  const told = `${where} answers OPTIONS${fromText(peer)} with ${answer.status} in ${peer.took_ms} ms`;
  const rules = rulesFor(peer, config);
  const key = peer.role === "upstream" ? "upstream.probe" : "gateway_probe";
  const isLife = judgeProbe(rules, answer.status) === "life";
  // No call goes to an upstream that counts as down; a gateway is tried all the same.
  const dead = peer.role === "upstream" ? fault : warning;
  if (answer.status === 503) {
    const behind = "# look at what is behind it";
    return (isLife ? warning : dead)(`${told}: nothing behind it can take calls; ${harm}`, [behind], known);
  }
  if (!isLife) {
    const cure = `# ${key}: {alive_codes: [${answer.status}]}, or what it wants to see: user, from`;
    return dead(`${told}, which isn't a sign of life for this file: it counts as down; ${harm}`, [cure], known);
  }
  const { timeout_ms } = rules.probe;
  if (peer.took_ms <= timeout_ms) return ok(told, known);
  const cure = `# ${key}: {timeout: ${spell(Math.ceil(peer.took_ms / 1_000) * 2_000)}}`;
  const late = `${told}, and a probe waits for ${spell(timeout_ms)} only: it counts as down; ${harm}`;
  return dead(late, [cure], known);
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

/** "sip:10.10.1.3 (10.10.1.3:5060, udp)". */
export function whereOf({ name, to }: PeerFact): string {
  return `${name} (${to.address}:${to.port}, ${to.protocol})`;
}

function fromText({ local, local_port, away }: PeerFact): string {
  if (local === undefined) return "";
  return ` from ${hostText(local)}:${local_port ?? 0}${away === undefined ? "" : ` (${away} of listen isn't here)`}`;
}

function whyNot({ answer, error }: PeerFact): string {
  if (answer !== undefined) return "what came is no SIP answer";
  const code = /\b(?:ECONNREFUSED|ENETUNREACH|EHOSTUNREACH|EADDRNOTAVAIL)\b/.exec(error)?.[0];
  return code === undefined ? error : `${WHY[code] ?? code} (${code})`;
}

/** What helps by what came in place of an answer: a ping only where nothing did. */
function cureOfSilence({ role, to, local, answer, error, away }: PeerFact): string {
  if (away !== undefined) return `# bring the address of ${away} back, or correct it in listen`;
  if (answer !== undefined || error.includes("ECONNREFUSED")) return startCure(role, `${to.protocol}, port ${to.port}`);
  if (/ENETUNREACH|no route/.test(error)) return `ip route get ${to.address}`;
  return `ping -c 3 ${local === undefined ? "" : `-I ${local} `}${to.address}`;
}

/** Of a machine that is there, while no SIP is at this port of it. */
export function startCure(role: PeerFact["role"], place: string): string {
  return `# start the ${role === "upstream" ? "PBX" : "gateway"}, or correct port and transport in the file (now ${place})`;
}

const WHY: Readonly<Record<string, string>> = {
  ECONNREFUSED: "refused, no program listens there",
  ENETUNREACH: "this router has no route there",
  EHOSTUNREACH: "unreachable",
  EADDRNOTAVAIL: "this router doesn't have the address of listen",
};

/** "from 10.10.1.1:5060 is answered with 200 in 3 ms". */
export function outcomeOf(peer: PeerFact): string {
  const answer = answerOf(peer);
  if (answer === undefined) {
    const { answeredFrom } = peer;
    const other = answeredFrom.length === 0 ? "" : `, while OPTIONS from ${answeredFrom.map(hostText).join(", ")} are`;
    return `${fromText(peer).trim()} isn't answered${other}: ${whyNot(peer)}`.trim();
  }
  return `${fromText(peer).trim()} is answered with ${answer.status} in ${peer.took_ms} ms`.trim();
}

/** Nothing has come back, which a gateway that doesn't know OPTIONS does too. */
function isSilent({ answer, error }: PeerFact): boolean {
  return answer === undefined && error.startsWith("no answer");
}

/** By what the proxy judges this peer's answers. */
export function rulesFor({ role, name }: PeerFact, { site }: Config) {
  const { upstream: above, gateways: beside, gatewaySettings } = site;
  if (role === "upstream") return { deadCodes: above.deadCodes, probe: above.ownProbes.get(name) ?? above.probe };
  return { deadCodes: [], probe: beside.find(({ uri }) => uri.text === name)?.probe ?? gatewaySettings.probe };
}
