/**
 * `branchline init` with a person: question after question, each `none` that costs calls asked back, and at the end all answers at once,
 * from which the way back leads to each of them. It waits for nothing: lines come in, and what is to be said goes out.
 */
import type { SipUri } from "../../message/uri.ts";
import type { Draft, Given, Key } from "./answers.ts";
import { answer, KEYS, promptOf, type Question, questionOf, ROWS, settle } from "./dialogue.ts";
import type { Facts } from "./proposal.ts";
import type { Ways } from "./ways.ts";

type Place =
  | { readonly at: "question"; readonly question: Question }
  | { readonly at: "doubt"; readonly question: Question; readonly draft: Draft; readonly text: string }
  | { readonly at: "looking"; readonly wanted: readonly SipUri[] }
  | { readonly at: "review" | "written" | "cancelled" };

/** What the proposal for `listen` is made of. */
const OF_THE_WAYS: readonly Key[] = ["localnet", "upstream", "gateways"];

export class Conversation {
  draft: Draft = {};
  facts: Facts;
  /** What is wrong with a flag: nothing can be asked then. */
  fault: string | undefined = undefined;
  private given: Given;
  private readonly file: string;
  private place: Place = { at: "review" };
  /** Whether a person has answered anything: what flags alone say isn't shown again. */
  private hasAsked = false;
  /** Questions to which "none" has been taken back. */
  private readonly doubted = new Set<Key>();

  /** @param file where the answers will go, as the last question names it */
  constructor(facts: Facts, given: Given, file: string) {
    this.facts = facts;
    this.given = given;
    this.file = file;
    this.goOn();
  }

  /** Not asking any more: the file is to be written, or not. */
  get isOver(): boolean {
    return this.fault !== undefined || this.place.at === "written" || this.place.at === "cancelled";
  }

  /** All answers are shown, and may still be changed. */
  get isReviewing(): boolean {
    return this.place.at === "review";
  }

  get isCancelled(): boolean {
    return this.place.at !== "written";
  }

  /** URIs to look for before the next question: {@link learn} brings what was found. */
  get wanted(): readonly SipUri[] {
    return this.place.at === "looking" ? this.place.wanted : [];
  }

  /** What was found. */
  learn(found: Ways): void {
    this.facts = { ...this.facts, ways: new Map([...(this.facts.ways ?? []), ...found]) };
    this.goOn();
  }

  /** What to show before the next line is typed. */
  get prompt(): string {
    const { place } = this;
    switch (place.at) {
      case "question":
        return promptOf(place.question);
      case "doubt":
        return `${place.text} Really none? [y/N] `;
      case "review":
        return `\n${reviewText(this.draft)}Write ${this.file}? [Y/n, or the number of an answer to change] `;
      default:
        return "";
    }
  }

  /** @returns what to say to it; "": nothing, the next prompt says all */
  take(line: string): string {
    const { place } = this;
    if (place.at === "question") return this.takeAnswer(place.question, line);
    if (place.at === "doubt") return this.takeDoubt(place, line);
    if (place.at === "review") return this.takeVerdict(line.trim());
    return "";
  }

  private takeAnswer(question: Question, line: string): string {
    const outcome = answer(this.draft, question, line);
    if ("fault" in outcome) return `  ${outcome.fault}\n`;
    this.hasAsked = true;
    const { draft, doubt } = outcome;
    if (doubt === undefined) this.accept(draft, question.key);
    else this.place = { at: "doubt", question, draft, text: doubt };
    return "";
  }

  private takeDoubt({ question, draft }: Place & { readonly at: "doubt" }, line: string): string {
    const { key, flag } = question;
    if (/^\s*y/i.test(line)) this.accept(draft, key);
    else if (this.doubted.has(key)) {
      this.fault = `Cancelled, no file written. If there is none, say so: branchline init ${flag} none`;
    } else {
      this.doubted.add(key);
      this.place = { at: "question", question };
    }
    return "";
  }

  private takeVerdict(line: string): string {
    const key = answered(this.draft)[Number(line) - 1];
    if (/^(y.*)?$/i.test(line)) this.place = { at: "written" };
    else if (/^n/i.test(line)) this.place = { at: "cancelled" };
    else if (key === undefined) return `  Type y, n or a number from 1 to ${answered(this.draft).length}.\n`;
    else this.reopen(key);
    return "";
  }

  /** Asks once more; an empty line leaves the answer as it was. */
  private reopen(key: Key): void {
    const { [key]: before = [], ...draft } = this.draft;
    this.given = { ...this.given, [key]: undefined };
    const question = questionOf(key, this.facts, draft, true);
    this.draft = draft;
    this.place = { at: "question", question: before.length === 0 ? question : { ...question, proposed: before } };
  }

  /** Takes a new answer; those that depend on it are asked anew, or aren't wanted any more. */
  private accept(draft: Draft, key: Key): void {
    const isOutdated = (one: Key) =>
      (one === "listen" && OF_THE_WAYS.includes(key)) ||
      ((one === "members" || one === "emergency") && draft.gateways?.length === 0);
    this.draft = Object.fromEntries(Object.entries(draft).filter(([one]) => !isOutdated(one as Key)));
    this.goOn();
  }

  private goOn(): void {
    const { draft, question, fault, wanted } = settle(this.draft, this.facts, this.given, false);
    this.draft = draft;
    this.fault = fault;
    if (wanted !== undefined) this.place = { at: "looking", wanted };
    else if (question !== undefined) this.place = { at: "question", question };
    else this.place = { at: this.hasAsked ? "review" : "written" };
  }
}

function answered(draft: Draft): Key[] {
  return KEYS.filter((key) => draft[key] !== undefined);
}

/** All answers, a numbered line each. */
function reviewText(draft: Draft): string {
  const lines = answered(draft).map((key, index) => {
    const values = draft[key] ?? [];
    return `  ${index + 1}  ${ROWS[key].short.padEnd(18)} ${values.join(" ") || "none"}\n`;
  });
  return lines.join("");
}
