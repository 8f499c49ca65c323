/** Numbers of a report that are nobody's extension, by what stands around them. */

import type { Row } from "../../app/config/key-kinds.ts";
import { KEYS } from "../../app/config/sections.ts";

/** What the surroundings are looked for in. */
const BEFORE_CHARACTERS = 300;
const AFTER_CHARACTERS = 24;

/** A number like those of final responses, and what stands around it where it is one. */
const STATUS = /^[1-6]\d\d$/;
const STATUS_WORD = /(?:status["']?[=: ] ?|\b(?:answer(?:s|ed)?|gets?|tells the caller|code)(?: with)? )$/;
const PERSON = /\b(?:extension|member|REGISTERED:|(?:members|overflow|busy|no_answer):) $/;
const YAML_NUMBER = /(?:^|[{,])[ \t]{0,64}["']?[\d*#]{2,64}["']?: {1,8}$/;
const BEFORE_STATUS = /(?:> |: |\(|^|")$/;
const AFTER_STATUS = /^(?: [A-Z][a-z]|[,)>]| >|$)/;
const STATUS_LIST = /_codes:[^\]}A-Za-z]{0,200}$/;

const UNIT =
  /^(?: (?:to|or|and) \d+)?(?: ?(?:ms|s|min|h|d|[kMG]?B|octets|bytes|seconds?|minutes?|hours?|days?|times)\b| ?%| (?:calls?|phones?|contacts?|requests?|messages?|lines?|members?|channels?|addresses|digits|more|of \d))/;
/** A part of an address, of a time, of a network or of a place in a file. */
const WITHIN_BEFORE = /(?:[\w\])]:|[\d.:]\/|\bport[ =])$/;
const WITHIN_AFTER = /^(?::\d|\/\d)/;
const SCHEME = /\b(?:sips?|tel):$/i;
/** The number of a process, and the day of a month, in a line of syslog. */
const PROCESS = /[A-Za-z]\[$/;
const DAY = /\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) {1,2}$/;
const YAML_KEY = /\b([a-z]\w{0,40}): {1,8}$/;
const LOG_FIELD = /\b([a-z]\w{0,40})=$/;

/** Keys of the configuration whose values are counts. */
const COUNTS: ReadonlySet<string> = new Set(
  Object.entries<Row>(KEYS)
    .filter(([path, { kind }]) => kind === "count" && !path.endsWith("NAME"))
    .map(([path]) => path.slice(path.lastIndexOf(".") + 1)),
);
/** Fields of the log that may be somebody's number. */
const PEOPLE: readonly string[] = ["from", "to", "number", "caller", "extension"];

/**
 * Whether a number is a quantity, a status or a part of an address there.
 * @param word digits only
 * @param at where it begins in the text
 */
export function isQuantity(word: string, at: number, whole: string): boolean {
  const end = at + word.length;
  const above = whole.slice(Math.max(0, at - BEFORE_CHARACTERS), at);
  const behind = whole.slice(end, end + AFTER_CHARACTERS);
  const line = above.slice(above.lastIndexOf("\n") + 1);
  // Long lines have been broken where the terminal ended.
  const [before, after] = [above.replace(/\s+/g, " "), behind.replace(/\s+/g, " ")];
  const [rest = ""] = behind.split("\n");
  const isYaml = YAML_NUMBER.test(line);
  if ((!isYaml && isStatus(word, before, rest, after)) || STATUS_LIST.test(above)) return true;
  if (UNIT.test(after) || WITHIN_AFTER.test(after) || DAY.test(before) || PROCESS.test(before)) return true;
  if (WITHIN_BEFORE.test(before) && !SCHEME.test(before)) return true;
  const [, field] = LOG_FIELD.exec(before) ?? [];
  if (field !== undefined) return !PEOPLE.includes(field);
  const [, key] = YAML_KEY.exec(before) ?? [];
  return key !== undefined && COUNTS.has(key);
}

function isStatus(word: string, before: string, rest: string, after: string): boolean {
  if (!STATUS.test(word) || PERSON.test(before)) return false;
  if (STATUS_WORD.test(before) || after.startsWith(" after ")) return true;
  return BEFORE_STATUS.test(before) && AFTER_STATUS.test(rest);
}
