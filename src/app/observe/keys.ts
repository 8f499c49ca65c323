/** Keys of a terminal, from the octets that it sends for them (ECMA-48, and what xterm and others have made of it). */

export type Key = "up" | "down" | "page up" | "page down" | "home" | "end" | "enter" | "escape" | "raw" | "quit";

/** Without the Escape in front of those that have several characters. */
const KEYS: Readonly<Record<string, Key>> = {
  "[A": "up",
  OA: "up",
  k: "up",
  "[B": "down",
  OB: "down",
  j: "down",
  "[5~": "page up",
  "[6~": "page down",
  " ": "page down",
  "[H": "home",
  OH: "home",
  "[1~": "home",
  g: "home",
  "[F": "end",
  OF: "end",
  "[4~": "end",
  G: "end",
  "\r": "enter",
  "\n": "enter",
  "\u001b": "escape",
  r: "raw",
  q: "quit",
  // Ctrl-C
  "\u0003": "quit",
};
const ESCAPE = "\u001b";
/** What an Escape begins; without its last character, it is the beginning of one. */
const SEQUENCE = /^(?:\[[ -?]*[@-~]|O[@-~])/;
const BEGINNING = /^(?:\[[ -?]{0,16}|O)?$/;

/**
 * @param octets what has come since the last key
 * @param isAll nothing more follows at once: what may be the beginning of a key is none
 * @returns keys, without those that mean nothing, and the beginning of one that isn't there as a whole
 */
export function keysOf(octets: string, isAll: boolean): { readonly keys: readonly Key[]; readonly rest: string } {
  const keys: Key[] = [];
  for (let at = 0; at < octets.length; ) {
    const isEscape = octets[at] === ESCAPE;
    const behind = octets.slice(at + 1);
    if (isEscape && !isAll && BEGINNING.test(behind)) return { keys, rest: octets.slice(at) };
    const sequence = isEscape ? SEQUENCE.exec(behind)?.[0] : undefined;
    const key = KEYS[sequence ?? octets[at] ?? ""];
    if (key !== undefined) keys.push(key);
    at += 1 + (sequence ?? "").length;
  }
  return { keys, rest: "" };
}
