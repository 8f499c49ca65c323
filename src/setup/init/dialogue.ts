/** The questions of `branchline init`, one after the other, and what becomes of an answer. */

import { ipVersion } from "../../base/ip-range.ts";
import { DEFAULT_PROTOCOL, PROTOCOLS } from "../../transport/flow.ts";
import { type Draft, faultsOf, type Given, type Key } from "./draft.ts";
import { type Facts, propose } from "./proposal.ts";

export interface Question {
  readonly key: Key;
  readonly text: string;
  /** On the command line. */
  readonly flag: string;
  /** What an empty answer means. */
  readonly proposed: readonly string[];
}

/** A larger draft, or what is wrong with the answer. */
export type Outcome = { readonly draft: Draft } | { readonly fault: string };

/** In this order: later proposals build on earlier answers. */
const QUESTIONS: readonly (readonly [Key, string, string])[] = [
  ["localnet", "--localnet", "The phones' networks"],
  ["upstream", "--upstream", "The PBX, as phones have it as SIP server"],
  ["gateways", "--gateway", "The PSTN gateway's address"],
  ["members", "--members", "Extensions that ring when it brings a call"],
  ["emergency", "--emergency", "Emergency numbers, which go there in any case"],
  ["listen", "--listen", "This router's addresses towards all of them"],
];

export interface Stand {
  readonly draft: Draft;
  /** The next one that nobody has answered; undefined: there is none. */
  readonly question?: Question;
  /** What is wrong with an answer that was given beforehand. */
  readonly fault?: string;
}

/**
 * Answers as many questions as can be without asking.
 * @param isTrusting whether what was found is right where nothing was given
 */
export function settle(draft: Draft, facts: Facts, given: Given, isTrusting: boolean): Stand {
  const question = nextQuestion(draft, facts);
  if (question === undefined) return { draft };
  const text = given[question.key] ?? (isTrusting ? "" : undefined);
  if (text === undefined) return { draft, question };
  const outcome = answer(draft, question, text);
  if ("draft" in outcome) return settle(outcome.draft, facts, given, isTrusting);
  return { draft, question, fault: `${question.flag}: ${outcome.fault}` };
}

/** The flags without which nobody can be spared the questions. */
export function missingFlags(given: Given): string[] {
  const isAsked = (key: Key) => key !== "emergency" && !(key === "members" && given.gateways === "none");
  return QUESTIONS.flatMap(([key, flag]) => (given[key] === undefined && isAsked(key) ? [flag] : []));
}

/** A question as the terminal shows it, with what an empty answer means. */
export function promptOf({ key, text, flag, proposed }: Question): string {
  const offer = proposed.join(" ") || (isNeeded(key) ? "?" : "none");
  return `${text} (${flag}) [${offer}]: `;
}

/** Without these there is no file. */
function isNeeded(key: Key): boolean {
  return key === "localnet" || key === "listen";
}

/** Undefined when all has been answered. */
function nextQuestion(draft: Draft, facts: Facts): Question | undefined {
  const isAsked = ([key]: readonly [Key, ...unknown[]]) =>
    draft[key] === undefined && !((key === "members" || key === "emergency") && draft.gateways?.length === 0);
  const found = QUESTIONS.find(isAsked);
  if (found === undefined) return undefined;
  const [key, flag, text] = found;
  return { key, flag, text, proposed: propose(key, facts, draft) };
}

/** @param given as it was typed: words apart by white space or commas; "": what was proposed; "none" */
export function answer(draft: Draft, { key, proposed }: Question, given: string): Outcome {
  const words = given.split(/[\s,]+/).filter((word) => word !== "");
  const values =
    words.length === 0 ? proposed : words.join() === "none" ? [] : words.map((word) => complete(key, word));
  if (values.length === 0 && isNeeded(key))
    return { fault: `name at least one, such as 10.222.237.${key === "localnet" ? "0/24" : 1}` };
  const next = { ...draft, [key]: values };
  const [fault] = faultsOf(next);
  return fault === undefined ? { draft: next } : { fault };
}

/** What stands before an address. */
const SCHEME = new RegExp(`^(?:(sips?|${PROTOCOLS.join("|")}):)?(.*)$`, "i");

/** Adds what everybody leaves out: schemes, brackets. */
function complete(key: Key, word: string): string {
  const [, scheme = "", rest = ""] = SCHEME.exec(word) ?? [];
  const [, user = "", host = "", more = ""] = /^(.*@)?([^;@]*)(.*)$/.exec(rest) ?? [];
  const version = ipVersion(host);
  const at = `${user}${version === 6 ? `[${host}]` : host}${more}`;
  if (key === "listen") return `${scheme || DEFAULT_PROTOCOL}:${at}`;
  const isUri =
    key === "upstream" || key === "gateways" || (key === "members" && (scheme + user !== "" || version !== 0));
  if (!isUri) return word;
  const transport = scheme.toLowerCase().replace("sips", "tls");
  return `sip:${/^(sip)?$/.test(transport) ? at : `${at.replace(/;transport=[^;]*/gi, "")};transport=${transport}`}`;
}
