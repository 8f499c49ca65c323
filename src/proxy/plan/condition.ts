/** How a fork has ended, and what a plan can make depend on it. One table has the tests and their words. */
import { bestOf, type Final } from "../best-response.ts";

/** How a fork has ended without a 2xx. */
export interface Outcome {
  /** No target has said anything: each was silent, or couldn't be reached. */
  readonly isSilent: boolean;
  /** The best final response, or what we have concluded in its place. */
  readonly best: Final;
}

export type StatusClass = 3 | 4 | 5 | 6;

/** A plain value; it is met when at least one of `silent`, `gone`, `unsaid`, `codes` and `classes` is. */
export interface Condition {
  /** No target has said anything. */
  readonly silent?: true;
  /** No target could be asked at all. */
  readonly gone?: true;
  /** No target has given a final answer, whatever else came: we have concluded how it ends. */
  readonly unsaid?: true;
  /** The best status is one of these: an answer, or our own conclusion (408, 480, 487, 503). */
  readonly codes?: readonly number[];
  /** `codes` count only in an answer without a body. */
  readonly bodyless?: true;
  /** The best status is of one of these classes. */
  readonly classes?: readonly StatusClass[];
  /** But none of these: statuses that `classes` leave out. */
  readonly except?: readonly number[];
}

/** However it ends, unless a target takes the request. */
export const ANY_FAILURE: Condition = { classes: [3, 4, 5, 6] };
export const SILENCE: Condition = { silent: true };

/** What a target's branch has come to; `final` is undefined while it is open. */
interface Branch {
  readonly final: Final | undefined;
  readonly isSilent: boolean;
}

/** How a branch has ended. `final` is an answer, a 2xx too, or what we have concluded: then `response` is undefined. */
export interface EndedBranch extends Branch {
  readonly final: Final;
}

/** The outcome of a fork that had no targets. */
export const NO_TARGETS: Outcome = { isSilent: true, best: { status: 480, response: undefined } };

/** How a fork has ended; undefined while one of its branches is open. */
export function outcomeOf(branches: readonly Branch[]): Outcome | undefined {
  const finals: Final[] = [];
  for (const { final } of branches) {
    if (final === undefined) return undefined;
    finals.push(final);
  }
  return { isSilent: branches.every(({ isSilent }) => isSilent), best: bestOf(finals) ?? NO_TARGETS.best };
}

/** Whether a fork has ended as the condition says. */
export function meets(outcome: Outcome, condition: Condition): boolean {
  return TESTS.some((test) => test.meets(outcome, condition));
}

/** The condition in words, one phrase for each way to meet it: "says nothing", "answers 503 without a body". */
export function phrasesOf(condition: Condition): readonly string[] {
  return [...new Set(TESTS.flatMap((test) => test.phrases(condition)))];
}

/** Phrases as the head of what follows: "When it says nothing or answers 503". */
export function headOf(phrases: readonly string[]): string {
  return phrases.find((phrase) => phrase.startsWith(UNLESS)) ?? `When it ${phrases.join(" or ")}`;
}

interface Test {
  meets(outcome: Outcome, condition: Condition): boolean;
  phrases(condition: Condition): readonly string[];
}

const UNREACHED = "can't be reached";
const UNLESS = "Unless it takes the call";
/** What statuses mean to the one who waits. */
const MEANINGS = [
  { words: "is busy", of: [486, 600] },
  { words: "isn't answered", of: [408, 480, 487] },
] as const satisfies readonly { words: string; of: readonly number[] }[];

const TESTS: readonly Test[] = [
  {
    meets: ({ isSilent }, { silent }) => silent === true && isSilent,
    phrases: ({ silent }) => (silent === true ? ["says nothing", UNREACHED] : []),
  },
  {
    meets: ({ best }, { gone }) => gone === true && best.status === 503 && best.response === undefined,
    phrases: ({ gone }) => (gone === true ? [UNREACHED] : []),
  },
  {
    meets: ({ best }, { unsaid }) => unsaid === true && best.response === undefined,
    phrases: ({ unsaid }) => (unsaid === true ? ["gives no final answer"] : []),
  },
  {
    meets: ({ best: { status, response } }, { codes, bodyless }) =>
      codes?.includes(status) === true && (bodyless !== true || (response?.body ?? "") === ""),
    phrases: ({ codes = [], bodyless }) =>
      bodyless === true && codes.length > 0 ? [`answers ${oneOf(codes)} without a body`] : codePhrases(codes),
  },
  {
    meets: ({ best: { status } }, { classes, except }) =>
      classes?.some((one) => one === Math.floor(status / 100)) === true && except?.includes(status) !== true,
    phrases: ({ classes = [], except = [] }) => (classes.length === 0 ? [] : [classPhrase(classes, except)]),
  },
];

function codePhrases(codes: readonly number[]): string[] {
  const phrases: string[] = [];
  for (const { words, of } of MEANINGS) {
    const here = codes.filter((code) => of.some((one) => one === code));
    if (here.length > 0) phrases.push(`${words} (${oneOf(here)})`);
  }
  const others = codes.filter((code) => !MEANINGS.some(({ of }) => of.some((one) => one === code)));
  if (others.length > 0) phrases.push(`answers ${oneOf(others)}`);
  return phrases;
}

/** 4xx and 5xx have all that we conclude ourselves: with both in, what is left out is shorter to say. */
function classPhrase(classes: readonly StatusClass[], except: readonly number[]): string {
  if (classes.includes(4) && classes.includes(5)) {
    const others = ([3, 6] as const).filter((one) => !classes.includes(one)).map((one) => `${one}xx`);
    const answers = [...others, ...except];
    return answers.length === 0 ? UNLESS : `${UNLESS} or answers ${oneOf(answers)}`;
  }
  const but = except.length === 0 ? "" : ` other than ${oneOf(except)}`;
  return `answers ${oneOf(classes.map((one) => `${one}xx`))}${but}`;
}

/** "1, 2 or 3" */
function oneOf(values: readonly (number | string)[]): string {
  const last = values[values.length - 1] ?? "";
  return values.length < 2 ? `${last}` : `${values.slice(0, -1).join(", ")} or ${last}`;
}
