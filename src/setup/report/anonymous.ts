/** Names and numbers of people, replaced by others that are the same throughout a report. Addresses of machines stay. */

/** The user part of a URI or an address-of-record, before its password and host. */
const USER = /((?:\bsips?:)?)\b([\w.+*#%~!$&'()-]{1,64})(:[^\s@"'<>,]{0,64})?@(?=[\w[*])/g;
const TEL = /\btel:(\+?[\d().*#-]{2,64})/g;
/** A number that stands alone in its quotes, or behind such words; a status or a duration doesn't. */
const QUOTED = /"(\+?[\d*#]{2,64})"/g;
const NAMED = /(\b(?:to|to=|extension|number=|for=|caller|member|REGISTERED:) ?)(\+?[\d*#]{2,64})(?![\w.:])/g;
/** More digits than a port has are a number that somebody has dialled. */
const LONG = /(^|[^\w.:/+-])(\+?\d{6,64})(?![\w.:/-]|\s*(?:kB|MB|bytes|ms|s)\b)/gm;
/** Other things whose number has three digits. */
const STATUS = /^[1-6]\d\d$/;

export class Anonymizer {
  private readonly names = new Map<string, string>();

  /** Learns who there is: all texts are looked at before the first is written. */
  learn(text: string): void {
    for (const pattern of [USER, NAMED, LONG]) for (const found of all(text, pattern)) this.nameOf(found[2] ?? "");
    for (const pattern of [TEL, QUOTED]) for (const found of all(text, pattern)) this.nameOf(found[1] ?? "");
  }

  /** The text with all that has been learned replaced. */
  replace(text: string): string {
    const users = text.replace(USER, (_, scheme: string, user: string, password = "") => {
      return `${scheme}${this.nameOf(user)}${password === "" ? "" : ":***"}@`;
    });
    return users
      .replace(TEL, (_, number: string) => `tel:${this.nameOf(number)}`)
      .replace(QUOTED, (_, number: string) => `"${this.nameOf(number)}"`)
      .replace(NAMED, (_, word: string, number: string) => `${word}${this.nameOf(number)}`)
      .replace(LONG, (_, before: string, number: string) => `${before}${this.nameOf(number)}`)
      .replace(/[\w+*#-]{1,128}/g, (word) => (STATUS.test(word) ? word : (this.names.get(word) ?? word)));
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

function all(text: string, pattern: RegExp): RegExpExecArray[] {
  const found: RegExpExecArray[] = [];
  const own = new RegExp(pattern.source, pattern.flags);
  for (let one = own.exec(text); one !== null; one = own.exec(text)) found.push(one);
  return found;
}
