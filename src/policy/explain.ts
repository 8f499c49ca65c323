/** A decision in words: what will be done, step by step, and what follows when a step fails. */
import type { Reply } from "../message/reply.ts";
import type { ForkStage, RoutingDecision, Stage, Target } from "../proxy/router.ts";

/** Deeper, plans don't go: a gateway is a step. */
const DEPTH_MAX = 40;

/** How forks end that matter to plans. */
const OUTCOMES = [
  { words: "says nothing or can't be reached", isSilent: true, status: 408 },
  { words: "is busy", isSilent: false, status: 486 },
  { words: "answers 503", isSilent: false, status: 503 },
  { words: "isn't answered", isSilent: false, status: 480 },
] as const;

/** The lines of an explanation. Some decisions take turns: explain only those of a policy made for it. */
export function explain({ rule, why, plan }: RoutingDecision, now_ms: number): string[] {
  return [`Rule ${rule}: ${why}.`, ...stepsOf(plan, 1, "", 0, now_ms)];
}

function stepsOf(plan: readonly Stage[], number: number, indent: string, depth: number, now_ms: number): string[] {
  const [stage, ...rest] = plan;
  if (stage === undefined || depth > DEPTH_MAX) return [];
  const step = `${indent}${number}. `;
  if (stage.kind === "reply") {
    return [`${step}${answerWords(typeof stage.reply === "function" ? stage.reply(now_ms) : stage.reply)}`];
  }
  const others = (steps: readonly Stage[]) => stepsOf(steps, number + 1, indent, depth + 1, now_ms);
  if (stage.kind === "notice") {
    return [`${step}tells the caller 181 "${stage.reason}" and waits ${stage.hold_ms} ms`, ...others(rest)];
  }
  if (stage.kind === "pause") return [`${step}makes room: ${stage.what ?? ""}`, ...others(rest)];
  return [`${step}${forkWords(stage, now_ms)}`, ...sequels(stage, rest, number, indent, depth, now_ms)];
}

/** What follows a fork; what several outcomes lead to is said once. */
function sequels(
  stage: ForkStage,
  rest: readonly Stage[],
  number: number,
  indent: string,
  depth: number,
  now_ms: number,
): string[] {
  const wordsFor = new Map<string, string[]>();
  const textOf = (steps: readonly Stage[]) => stepsOf(steps, number + 1, `${indent}   `, depth + 1, now_ms).join("\n");
  let onwards: string | undefined;
  for (const { words, isSilent, status } of OUTCOMES) {
    const next = stage.nextOn?.({ isSilent, best: { status, response: undefined } }) ?? false;
    if (next === false) continue;
    if (next === true) onwards ??= textOf(rest);
    const text = next === true ? (onwards ?? "") : textOf(next);
    if (text !== "") wordsFor.set(text, [...(wordsFor.get(text) ?? []), words]);
  }
  return [...wordsFor].flatMap(([text, words]) => {
    const all = words.length === OUTCOMES.length;
    return [`${indent}   ${all ? "Unless it takes the call" : `When it ${words.join(" or ")}`}:`, text];
  });
}

function forkWords(stage: ForkStage, now_ms: number): string {
  const targets = typeof stage.targets === "function" ? stage.targets(now_ms) : stage.targets;
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
