/** A decision as facts: what will be done, step by step, and what follows when a step fails. */
import type { Reply } from "../message/reply.ts";
import { type Condition, meets, NO_TARGETS, phrasesOf } from "../proxy/plan/condition.ts";
import { isContinuation, isNamed } from "../proxy/plan/walk.ts";
import type { Continuation, ForkStage, Named, Onward, Stage, Target } from "../proxy/router.ts";

/** Deeper, plans don't go: a gateway is a step. */
const DEPTH_MAX = 40;

/** What the parts of a plan come to that are left open until their time has come. Nothing of it acts. */
export interface Rehearsal {
  /** What a continuation comes to, as far as that depends on no outcome. */
  stages(continuation: Continuation): readonly Stage[] | undefined;
  /** @param source of a fork that comes behind all that have been asked for before */
  targets(source: Named): readonly Target[];
  /** Why there was nobody to ask when targets were last asked for; "": nobody need be. */
  unasked(): string | undefined;
  /** Undefined where the answer can't be told without giving it. */
  reply(source: Named): Reply | undefined;
  /** What that answer leaves out, and why. */
  leftOut(source: Named): readonly string[];
}

/** One step of a plan, as `explain --json` prints it. */
export type Step =
  | {
      readonly kind: "ask";
      /** "upstream pbx.example.com", "extension 202", "gateway 10.10.1.3"; undefined: where the message itself leads. */
      readonly what?: string | undefined;
      /** Whether one of them can take a call at the moment. */
      readonly can_take: boolean;
      /** Why it can't: "full: 7 of 8 channels taken, 1 reserved". */
      readonly unasked?: string | undefined;
      /** The Request-URIs that they are asked with, where those aren't the caller's. */
      readonly uris: readonly string[];
      /** The caller as they see it, where that isn't its own identity. */
      readonly shown_as: readonly string[];
      /** How long a first response is waited for. */
      readonly first_response_ms?: number | undefined;
      /** It shares that time with the targets before it; what it has at least. */
      readonly first_response_least_ms?: number | undefined;
      /** How long they may ring. */
      readonly ring_ms?: number | undefined;
      readonly sequels: readonly Sequel[];
    }
  | { readonly kind: "notice"; readonly status: 181 | 182; readonly reason: string; readonly hold_ms: number }
  | { readonly kind: "pause"; readonly what?: string | undefined }
  | {
      readonly kind: "reply";
      readonly what?: string | undefined;
      readonly reply?: ReplyFacts | undefined;
      /** Gateways that it doesn't name, and why: "gateway gsm is full: 4 of 4 channels taken". */
      readonly left_out?: readonly string[] | undefined;
    };

/** What follows when a step ends in one of these ways. */
export interface Sequel {
  readonly when: readonly Condition[];
  readonly steps: readonly Step[];
}

export interface ReplyFacts {
  readonly status: number;
  readonly reason?: string | undefined;
  /** Whole header fields. */
  readonly headers: readonly string[];
}

/** The steps of a plan. Some continuations take turns: rehearse only with a policy made for it. */
export function explain(plan: readonly Stage[], rehearsal: Rehearsal): readonly Step[] {
  const known = new Map<string, readonly Stage[] | undefined>();
  // A list that takes turns is asked once.
  const stages = (continuation: Continuation) => {
    const key = JSON.stringify(continuation);
    if (!known.has(key)) known.set(key, rehearsal.stages(continuation));
    return known.get(key);
  };
  const once: Rehearsal = {
    stages,
    targets: (source) => rehearsal.targets(source),
    unasked: () => rehearsal.unasked(),
    reply: (source) => rehearsal.reply(source),
    leftOut: (source) => rehearsal.leftOut(source),
  };
  return stepsOf(plan, 1, once);
}

function stepsOf(plan: readonly Stage[], depth: number, rehearsal: Rehearsal): readonly Step[] {
  const [stage, ...rest] = plan;
  if (stage === undefined || depth > DEPTH_MAX) return [];
  switch (stage.kind) {
    case "reply": {
      const reply = isNamed(stage.reply) ? rehearsal.reply(stage.reply) : stage.reply;
      const left = isNamed(stage.reply) ? rehearsal.leftOut(stage.reply) : [];
      const left_out = left.length > 0 ? left : undefined;
      return [{ kind: "reply", what: stage.what, reply: reply && replyFacts(reply), left_out }];
    }
    case "notice": {
      const { kind, status = 181, reason, hold_ms } = stage;
      return [{ kind, status, reason, hold_ms }, ...stepsOf(rest, depth + 1, rehearsal)];
    }
    case "pause":
      return [{ kind: "pause", what: stage.what }, ...stepsOf(rest, depth + 1, rehearsal)];
    default:
      return askSteps(stage, rest, depth, rehearsal);
  }
}

function askSteps(stage: ForkStage, rest: readonly Stage[], depth: number, rehearsal: Rehearsal): readonly Step[] {
  const targets = isNamed(stage.targets) ? rehearsal.targets(stage.targets) : stage.targets;
  const unasked = isNamed(stage.targets) && targets.length === 0 ? rehearsal.unasked() : undefined;
  if (unasked === "") {
    const next = (stage.on ?? []).some(({ when, go }) => go === "next" && meets(NO_TARGETS, when));
    return next ? stepsOf(rest, depth + 1, rehearsal) : [];
  }
  const step: Step = {
    kind: "ask",
    what: stage.what,
    can_take: targets.length > 0,
    unasked,
    uris: targets.flatMap(({ requestUri }) => requestUri ?? []),
    shown_as: targets.flatMap(({ assertedIdentity }) => assertedIdentity ?? []),
    first_response_ms: stage.fr_timer_ms,
    first_response_least_ms: stage.fr_least_ms,
    ring_ms: stage.ring_ms,
    sequels: sequelsOf(stage, rest, depth, rehearsal),
  };
  return [step];
}

/** What follows a fork; what several outcomes lead to is told once, and an outcome that an earlier sequel has met isn't told again. */
function sequelsOf(stage: ForkStage, rest: readonly Stage[], depth: number, rehearsal: Rehearsal): readonly Sequel[] {
  const found = new Map<string, { readonly when: Condition[]; readonly steps: readonly Step[] }>();
  const said = new Set<string>();
  for (const { when, go } of stage.on ?? []) {
    const phrases = phrasesOf(when).filter((phrase) => !said.has(phrase));
    const plan = phrases.length === 0 ? undefined : planOf(go, rest, rehearsal);
    if (plan === undefined) continue;
    for (const phrase of phrases) said.add(phrase);
    const steps = stepsOf(plan, depth + 1, rehearsal);
    if (steps.length === 0) continue;
    const key = JSON.stringify(steps);
    const before = found.get(key);
    if (before === undefined) found.set(key, { when: [when], steps });
    else before.when.push(when);
  }
  return [...found.values()];
}

function planOf(go: Onward, rest: readonly Stage[], { stages }: Rehearsal): readonly Stage[] | undefined {
  if (go === "next") return rest;
  return isContinuation(go) ? stages(go) : go;
}

function replyFacts({ status, reason, headers }: Reply): ReplyFacts {
  return { status, reason, headers: (headers ?? "").split("\r\n").filter((line) => line !== "") };
}
