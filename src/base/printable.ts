/** Peers, names and commands may say anything, and a terminal would obey it. */
export function printable(text: string): string {
  return text.replace(/[^\n -~\u00a0-\uffff]/g, "?");
}
