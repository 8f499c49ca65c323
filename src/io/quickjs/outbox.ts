/** What waits to be written to a stream, one character an octet. */

/** The head is cut from the text only this often: a kernel that takes little would have all of it copied each time. */
const CUT_CHARACTERS = 65_536;

export class Outbox {
  /** How many wait. */
  octets = 0;
  private readonly texts: string[] = [];
  /** Characters of the first text that are gone already. */
  private gone = 0;

  add(text: string): void {
    if (text === "") return;
    this.texts.push(text);
    this.octets += text.length;
  }

  /** The next ones; "" when there are none. */
  head(): string {
    return (this.texts[0] ?? "").slice(this.gone, this.gone + CUT_CHARACTERS);
  }

  /** The kernel has taken these first octets of the head. */
  drop(octets: number): void {
    this.octets -= octets;
    this.gone += octets;
    if (this.gone < (this.texts[0] ?? "").length) return;
    this.texts.shift();
    this.gone = 0;
  }
}
