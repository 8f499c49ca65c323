/** Names and numbers of people, replaced by others that are the same throughout a report. Addresses of machines stay. */

/** The user part of a URI or an address-of-record, before its password and host. */
const USER = /((?:\bsips?:)?)\b([\w.+*#%~!$&'()-]{1,64})(:[^\s@"'<>,]{0,64})?@(?=[\w[*])/g;
const TEL = /\btel:(\+?[\d().*#-]{2,64})/g;
/** A number that stands alone in its quotes, or behind such words; a status or a duration doesn't. */
const QUOTED = /"(\+?[\d*#]{2,64})"/g;
const NAMED = /(\b(?:to|to=|extension|number=|for=|caller|member|REGISTERED:) ?)(\+?[\d*#]{2,64})(?![\w.:])/g;
/** More digits than a port has are a number that somebody has dialled. */
const LONG = /(^|[^\w.:/+-])(\+?\d{6,64})(?![\w.:/-]|\s*(?:kB|MB|bytes|ms|s)\b)/gm;
/** An element of a list in YAML, or a key. */
const LISTED = /((?:^|[[{,])[ \t]{0,64}(?:-[ \t]{1,8})?)(\+?[\d*#]{2,64})(?=[ \t]{0,64}(?:[,\]}#]|:[ \t]|$))/gm;
/** A number like those of final responses, and what stands around it where it is one. */
const STATUS = /^[1-6]\d\d$/;
const STATUS_WORD = /(?:status["']?[=: ] ?|\banswers? |\bcode )$/;
const BEFORE_STATUS = /(?:> |: |\()$/;
const AFTER_STATUS = /^(?: [A-Z][a-z]|[,)>]| >|$)/;

export class Anonymizer {
  private readonly names = new Map<string, string>();

  /**
   * Learns who there is: all texts are looked at before the first is written.
   * @param isYaml it is a configuration file
   */
  learn(text: string, isYaml = false): void {
    for (const pattern of [USER, NAMED, LONG, ...(isYaml ? [LISTED] : [])])
      for (const found of all(text, pattern)) this.nameOf(found[2] ?? "");
    for (const pattern of [TEL, QUOTED]) for (const found of all(text, pattern)) this.nameOf(found[1] ?? "");
  }

  /** The text with all that has been learned replaced. */
  replace(text: string, isYaml = false): string {
    const listed = isYaml
      ? text.replace(LISTED, (_, before: string, number: string) => before + this.nameOf(number))
      : text;
    const users = listed.replace(USER, (_, scheme: string, user: string, password = "") => {
      return `${scheme}${this.nameOf(user)}${password === "" ? "" : ":***"}@`;
    });
    return users
      .replace(TEL, (_, number: string) => `tel:${this.nameOf(number)}`)
      .replace(QUOTED, (_, number: string) => `"${this.nameOf(number)}"`)
      .replace(NAMED, (_, word: string, number: string) => `${word}${this.nameOf(number)}`)
      .replace(LONG, (_, before: string, number: string) => `${before}${this.nameOf(number)}`)
      .replace(/[\w+*#-]{1,128}/g, (word, at: number, whole: string) => {
        const name = this.names.get(word);
        return name === undefined || isStatus(word, at, whole) ? word : name;
      });
  }

  private nameOf(user: string): string {
    const known = this.names.get(user);
    if (known !== undefined) return known;
    // One of ours already.
    if (/^user-\d+$/.test(user)) return user;
    const name = `user-${this.names.size + 1}`;
    this.names.set(user, name);
    return name;
  }
}

/** Whether a number is the status of a response there, and nobody's extension. */
function isStatus(word: string, at: number, whole: string): boolean {
  if (!STATUS.test(word)) return false;
  const before = whole.slice(Math.max(0, at - 12), at);
  const after = whole.slice(at + word.length, at + word.length + 8).split("\n")[0] ?? "";
  if (STATUS_WORD.test(before) || after.startsWith(" after ")) return true;
  return BEFORE_STATUS.test(before) && AFTER_STATUS.test(after);
}

function all(text: string, pattern: RegExp): RegExpExecArray[] {
  const found: RegExpExecArray[] = [];
  const own = new RegExp(pattern.source, pattern.flags);
  for (let one = own.exec(text); one !== null; one = own.exec(text)) found.push(one);
  return found;
}
