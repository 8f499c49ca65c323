/** A decision in words: what will be done, step by step, and what follows when a step fails. */
import type { Reply } from "../message/reply.ts";
import { hostText } from "../message/uri.ts";
import { headOf, phrasesOf } from "../proxy/plan/condition.ts";
import { isContinuation, isNamed } from "../proxy/plan/walk.ts";
import type { Continuation, ForkStage, Named, Onward, RoutingDecision, Stage, Target } from "../proxy/router.ts";
import type { Origin } from "./origin.ts";
import type { HostMeaning, RequestFacts } from "./request-facts.ts";

/** Deeper, plans don't go: a gateway is a step. */
const DEPTH_MAX = 40;

/** What the parts of a plan come to that are left open until their time has come. Nothing of it acts. */
export interface Rehearsal {
  /** What a continuation comes to, as far as that depends on no outcome. */
  stages(continuation: Continuation): readonly Stage[] | undefined;
  /** @param source of a fork that comes behind all that have been asked for before */
  targets(source: Named): readonly Target[];
  /** Undefined where the answer can't be told without giving it. */
  reply(source: Named): Reply | undefined;
}

/** The lines of an explanation. Some continuations take turns: rehearse only with a policy made for it. */
export function explain({ rule, why, plan }: RoutingDecision, rehearsal: Rehearsal): string[] {
  const known = new Map<string, readonly Stage[] | undefined>();
  // What takes turns is asked once.
  const stages = (continuation: Continuation) => {
    const key = JSON.stringify(continuation);
    if (!known.has(key)) known.set(key, rehearsal.stages(continuation));
    return known.get(key);
  };
  const once: Rehearsal = {
    stages,
    targets: (source) => rehearsal.targets(source),
    reply: (source) => rehearsal.reply(source),
  };
  return [`Rule ${rule}: ${why}.`, ...stepsOf(plan, { number: 1, indent: "" }, once)];
}

const ORIGINS: Readonly<Record<Origin, string>> = {
  localnet: "a phone",
  gateway: "a gateway",
  upstream: "upstream",
  domain: "a domain that a phone has called",
  stranger: "a stranger",
};
const HOSTS: Readonly<Record<HostMeaning, string>> = {
  us: "is this router",
  gateway: "is a gateway",
  home: "is upstream",
  phone: "is a phone's address",
  elsewhere: "is none of this site's",
  none: "is none: the URI has none",
};

/** What has been found out about a call, in one line. */
export function factsLine({ origin, host, uri, number, emergency }: RequestFacts): string {
  const called = number === "" ? "no number" : `the number is ${number}`;
  const help = emergency === undefined ? "" : `, an emergency number, for gateways ${emergency}`;
  return `The caller is ${ORIGINS[origin]}; the host${uri === undefined ? "" : ` ${hostText(uri.host)}`} ${HOSTS[host]}; ${called}${help}.`;
}

/** Where a step stands in the text. */
interface Line {
  readonly number: number;
  readonly indent: string;
}

function stepsOf(plan: readonly Stage[], line: Line, rehearsal: Rehearsal): string[] {
  const [stage, ...rest] = plan;
  if (stage === undefined || line.number > DEPTH_MAX) return [];
  const step = `${line.indent}${line.number}. `;
  const others = () => stepsOf(rest, { ...line, number: line.number + 1 }, rehearsal);
  if (stage.kind === "reply") {
    const reply = isNamed(stage.reply) ? rehearsal.reply(stage.reply) : stage.reply;
    return [`${step}${reply === undefined ? (stage.what ?? "answers") : answerWords(reply)}`];
  }
  if (stage.kind === "notice") {
    return [`${step}tells the caller 181 "${stage.reason}" and waits ${stage.hold_ms} ms`, ...others()];
  }
  if (stage.kind === "pause") return [`${step}makes room: ${stage.what ?? ""}`, ...others()];
  return [`${step}${forkWords(stage, rehearsal)}`, ...sequelsOf(stage, rest, line, rehearsal)];
}

/** What follows a fork; what several outcomes lead to is said once. */
function sequelsOf(stage: ForkStage, rest: readonly Stage[], line: Line, rehearsal: Rehearsal): string[] {
  const within = { number: line.number + 1, indent: `${line.indent}   ` };
  const phrasesFor = new Map<string, string[]>();
  const said = new Set<string>();
  for (const { when, go } of stage.on ?? []) {
    const phrases = phrasesOf(when).filter((phrase) => !said.has(phrase));
    const plan = phrases.length === 0 ? undefined : planOf(go, rest, rehearsal);
    if (plan === undefined) continue;
    for (const phrase of phrases) said.add(phrase);
    const text = stepsOf(plan, within, rehearsal).join("\n");
    if (text !== "") phrasesFor.set(text, [...(phrasesFor.get(text) ?? []), ...phrases]);
  }
  return [...phrasesFor].flatMap(([text, phrases]) => [`${within.indent}${headOf(phrases)}:`, text]);
}

function planOf(go: Onward, rest: readonly Stage[], { stages }: Rehearsal): readonly Stage[] | undefined {
  if (go === "next") return rest;
  return isContinuation(go) ? stages(go) : go;
}

function forkWords(stage: ForkStage, rehearsal: Rehearsal): string {
  const targets = isNamed(stage.targets) ? rehearsal.targets(stage.targets) : stage.targets;
  const what = stage.what ?? "where the message itself leads";
  if (targets.length === 0) return `would ask ${what}, which can take no call at the moment`;
  const patience = stage.fr_timer_ms === undefined ? "" : `, and waits ${stage.fr_timer_ms} ms for a first sign`;
  const ring = stage.ring_ms === undefined ? "" : `, and lets it ring for ${stage.ring_ms / 1_000} s`;
  return `asks ${what}${uriWords(targets)}${patience}${ring}`;
}

function uriWords(targets: readonly Target[]): string {
  const uris = targets.flatMap(({ requestUri }) => requestUri ?? []);
  const identity = targets.flatMap(({ assertedIdentity }) => assertedIdentity ?? []);
  const caller = identity.length === 0 ? "" : `, the caller shown as ${identity.join(", ")}`;
  return uris.length === 0 ? "" : ` for ${uris.join(", ")}${caller}`;
}

function answerWords({ status, reason, headers }: Reply): string {
  const lines = (headers ?? "").split("\r\n").filter((line) => line !== "");
  return `answers ${[`${status}${reason === undefined ? "" : ` ${reason}`}`, ...lines].join(", ")}`;
}
