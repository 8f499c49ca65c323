/** `branchline watch` as a machine of values: from the state of the screen, and what happens, the next state and what to ask. */
import type { ControlAnswer, ControlQuestion } from "../control.ts";
import type { RecordedCall } from "../recorded-calls.ts";
import { type Followed, followedAfter, followedCall, isOpen, traceQuestion } from "./followed.ts";
import type { Key } from "./keys.ts";
import { type Watched, watchedAfter } from "./watched.ts";

/** While a ladder is open, each third question is about the calls; the first one isn't. */
const CALLS_EACH = 3;

export interface OpenLadder extends Followed {
  /** The first line that is shown, of those that have room; beyond the last one: the end, also when it grows. */
  readonly top: number;
  readonly isRaw: boolean;
  /** The journal of the running branchline is off. */
  readonly isOff: boolean;
  /** Answers since it was opened. */
  readonly answers: number;
}

type Answer = Extract<ControlAnswer, { ok: true }>;

export interface Watch {
  readonly seen: Watched | undefined;
  /** The id of the call that is chosen; undefined: the first of the list. */
  readonly chosen: number | undefined;
  readonly ladder: OpenLadder | undefined;
  /** Why nothing is known any more. */
  readonly trouble: string | undefined;
}

/** How much the screen shows of what is scrolled. */
export interface Shown {
  /** Lines that have room. */
  readonly page: number;
  /** The highest line that can be the first. */
  readonly most: number;
}

export const WATCH: Watch = {
  seen: undefined,
  chosen: undefined,
  ladder: undefined,
  trouble: undefined,
};

/** What to ask next: one question tells of all that the screen shows. */
export function watchQuestion({ seen, ladder }: Watch): ControlQuestion {
  if (ladder !== undefined && (ladder.answers + 1) % CALLS_EACH !== 0) return ladderQuestion(ladder);
  return { command: "calls", ...(seen?.changes === undefined ? {} : { since: seen.changes }) };
}

function ladderQuestion(ladder: OpenLadder): ControlQuestion {
  return { command: "trace", ...traceQuestion([ladder]) };
}

/** @param answer to `question`, which may be older than the ladder; as text: why there is none */
export function answered(watch: Watch, question: ControlQuestion, answer: Answer | string): Watch {
  if (typeof answer === "string") return { ...watch, trouble: answer };
  const { status, calls, trace } = answer;
  const seen = watchedAfter(watch.seen, status, calls);
  const isAnew = seen?.run !== watch.seen?.run;
  let ladder = isAnew ? undefined : watch.ladder;
  if (ladder !== undefined) {
    const isMeant = JSON.stringify(question) === JSON.stringify(ladderQuestion(ladder));
    if (isMeant && trace !== undefined)
      ladder = { ...ladder, ...followedAfter(ladder, trace).followed, isOff: trace.limit === 0 };
    const { call, answers } = ladder;
    const now = seen?.calls.find(({ id }) => id === call.id) ?? call;
    ladder = { ...ladder, ...followedCall(now, ladder), answers: answers + 1 };
  }
  return { seen, chosen: isAnew ? undefined : watch.chosen, ladder, trouble: undefined };
}

/** @returns undefined: the person has seen enough */
export function pressed(watch: Watch, key: Key, shown: Shown): Watch | undefined {
  if (key === "quit") return undefined;
  return watch.ladder === undefined
    ? inList(watch, key, shown)
    : { ...watch, ladder: inLadder(watch.ladder, key, shown) };
}

function inList(watch: Watch, key: Key, { page }: Shown): Watch {
  const calls = watch.seen?.calls ?? [];
  const at = chosenAt(watch);
  const call = calls[at];
  if (key === "enter" && call !== undefined) return { ...watch, chosen: call.id, ladder: openLadder(call) };
  const next = movedTo(at, key, page, calls.length - 1);
  return next === at ? watch : { ...watch, chosen: next === 0 ? undefined : calls[next]?.id };
}

/** Where the chosen call is in the list; the first one's place where it is gone. */
export function chosenAt({ seen, chosen }: Watch): number {
  const at = (seen?.calls ?? []).findIndex(({ id }) => id === chosen);
  return Math.max(at, 0);
}

function openLadder(call: RecordedCall): OpenLadder {
  return {
    ...followedCall(call),
    top: isOpen(call) ? Number.MAX_SAFE_INTEGER : 0,
    isRaw: false,
    isOff: false,
    answers: 0,
  };
}

/** @returns undefined: back to the list */
function inLadder(ladder: OpenLadder, key: Key, { page, most }: Shown): OpenLadder | undefined {
  if (key === "escape") return undefined;
  if (key === "raw") return { ...ladder, isRaw: !ladder.isRaw };
  const top = Math.min(ladder.top, most);
  const next = movedTo(top, key, page, most);
  // At its end it stays there while it grows.
  return { ...ladder, top: next === most && next !== top ? Number.MAX_SAFE_INTEGER : next === top ? ladder.top : next };
}

function movedTo(at: number, key: Key, page: number, most: number): number {
  const steps: Readonly<Partial<Record<Key, number>>> = {
    up: -1,
    down: 1,
    "page up": -page,
    "page down": page,
    home: -most,
    end: most,
  };
  return Math.max(0, Math.min(at + (steps[key] ?? 0), most));
}
