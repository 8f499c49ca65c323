/** Names and numbers of people, replaced by others that are the same throughout a report. Addresses of machines stay. */
import { isQuantity } from "./quantities.ts";
import { emergencyNumbersIn, withoutWords } from "./vocabulary.ts";

/**
 * What a text is: "yaml" is a configuration file; "json" and "records" tell of calls and phones; "prose" names people only whom
 * others of the texts name as well; "machine" names nobody.
 */
export type TextKind = "yaml" | "json" | "records" | "prose" | "machine";

/** The user part of a URI or an address-of-record, before its password and host. */
const USER = /((?:\bsips?:)?)\b([\w.+*#%~!$&'()-]{1,64})(:[^\s@"'<>,]{0,64})?@(?=[\w[*])/g;
const TEL = /\btel:(\+?[\d().*#-]{2,64})/g;
/** A number that stands alone in its quotes, or behind such words. */
const QUOTED = /"(\+?[\d*#]{2,64})"/g;
const NAMED = /\b(?:to|to=|from=|extension|number=|caller|member|REGISTERED:) ?(\+?[\d*#]{2,64})(?![\w:]|\.\w)/g;
/** More digits than a port has are a number that somebody has dialled. */
const LONG = /(?:^|[^\w.:/+-])(\+?\d{6,64})(?![\w:/-]|\.\w)/gm;
/** An element of a list in YAML, or a key; and keys whose values are numbers of people. */
const LISTED = /(?:^|[[{,])[ \t]{0,64}(?:-[ \t]{1,8})?(\+?[\d*#]{2,64})(?=[ \t]{0,64}(?:[,\]}#]|:[ \t]|$))/gm;
const VALUE = /\b(?:members|overflow|busy|no_answer|[\d*#]{2,64}): {1,8}(\+?[\d*#]{2,64})(?![\w.:])/g;
const YAML = [QUOTED, LONG, LISTED, VALUE];
const RECORDS = [QUOTED, NAMED, LONG];
/** Parts of words that a dot joins are one: an address of a machine, a version, a name. */
const WORD = /[\w+*#-]{1,128}(?:\.[\w+*#-]{1,128}){0,32}/g;
/** The user part of a Contact often begins so: "202-0x556edbb510d0". */
const BEGINNING = /^(\+?[\d*#]{2,64})-(?=.*[A-Za-z])/;
/** Words of our own that URIs have as their user part. */
const OURS = ["anonymous", "branchline", "extension", "gateway", "ping", "upstream"];
/** Fields of JSON that name people wherever they stand; of a call, its two ends do as well. */
const FIELDS = ["extension", "member", "number", "registered"];
const ENDS = ["from", "to"];

export class Anonymizer {
  private readonly names = new Map<string, string>();
  /** Numbers that belong to no person, in all texts. */
  private readonly common = new Set<string>();

  /** Learns who there is: all texts are looked at before the first is written. */
  learn(text: string, kind: TextKind): void {
    if (kind === "machine") return;
    const data = kind === "json" ? parsed(text) : undefined;
    if (data !== undefined) this.learnData(data);
    else this.learnText(text, kind);
  }

  /** The text with all that has been learned replaced. */
  replace(text: string, kind: TextKind): string {
    if (kind === "machine") return text;
    const data = kind === "json" ? parsed(text) : undefined;
    if (data === undefined) return this.replaceText(text);
    const replaced = (_: string, value: unknown) => (typeof value === "string" ? this.replaceValue(value) : value);
    return `${JSON.stringify(data, replaced, 2)}\n`;
  }

  private learnText(text: string, kind: TextKind): void {
    for (const found of all(text, USER)) this.nameOf(found[2] ?? "");
    for (const found of all(text, TEL)) this.nameOf(found[1] ?? "");
    if (kind === "prose") return;
    if (kind === "yaml") for (const number of emergencyNumbersIn(text)) this.common.add(number);
    const lean = kind === "yaml" ? withoutWords(text) : text;
    // A long number in a comment is somebody's all the same.
    for (const pattern of kind === "yaml" ? YAML : RECORDS) this.learnNumbers(pattern === LONG ? text : lean, pattern);
  }

  private learnNumbers(text: string, pattern: RegExp): void {
    for (const found of all(text, pattern)) {
      const number = found[1] ?? "";
      const at = found.index + found[0].lastIndexOf(number);
      if (!isNumber(number) || !isQuantity(number, at, text)) this.nameOf(number);
    }
  }

  private learnData(data: unknown): void {
    if (typeof data === "string") this.learnValue(data);
    if (typeof data !== "object" || data === null) return;
    for (const [key, value] of Object.entries(data)) {
      const isEnd = ENDS.includes(key) && "call_id" in data;
      if (typeof value === "string" && (isEnd || FIELDS.includes(key)) && /^[\w+*#-]{1,128}$/.test(value)) {
        this.nameOf(value);
      } else this.learnData(value);
    }
  }

  private learnValue(value: string): void {
    if (/^\+?[\d*#]{2,64}$/.test(value)) this.nameOf(value);
    else this.learnText(value, "records");
  }

  private replaceValue(value: string): string {
    return this.known(value) ?? this.replaceText(value);
  }

  private replaceText(text: string): string {
    return text
      .replace(USER, (_, scheme: string, user: string, password = "") => {
        return `${scheme}${this.nameOf(user)}${password === "" ? "" : ":***"}@`;
      })
      .replace(TEL, (_, number: string) => `tel:${this.nameOf(number)}`)
      .replace(WORD, (word, at: number, whole: string) => this.wordFor(word, at, whole));
  }

  private wordFor(word: string, at: number, whole: string): string {
    if (isNumber(word) && isQuantity(word, at, whole)) return word;
    const name = this.known(word);
    if (name !== undefined) return name;
    const [, number] = BEGINNING.exec(word) ?? [];
    return number !== undefined && this.known(number) !== undefined ? this.nameOf(word) : word;
  }

  private known(user: string): string | undefined {
    return this.common.has(user) ? undefined : this.names.get(user);
  }

  private nameOf(user: string): string {
    if (this.common.has(user)) return user;
    const known = this.names.get(user);
    if (known !== undefined) return known;
    // One of ours already.
    if (/^user-\d+$/.test(user) || OURS.includes(user)) return user;
    const name = `user-${this.names.size + 1}`;
    this.names.set(user, name);
    return name;
  }
}

function isNumber(word: string): boolean {
  return /^\d+$/.test(word);
}

/** Undefined: it isn't whole JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function all(text: string, pattern: RegExp): RegExpExecArray[] {
  const found: RegExpExecArray[] = [];
  const own = new RegExp(pattern.source, pattern.flags);
  for (let one = own.exec(text); one !== null; one = own.exec(text)) found.push(one);
  return found;
}
