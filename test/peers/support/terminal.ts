/** A person at a terminal: what runs there has one of its own, by `script`. */
import { Child, type ChildOptions } from "./child.ts";
import { pathOf } from "./peers.ts";

/**
 * Runs a command on a terminal; what is typed comes to it as keys, and how it ends is how the child ends.
 * @param command words that a shell needs no quotes for
 */
export function onTerminal(command: readonly string[], options: Omit<ChildOptions, "stdin"> = {}): Child {
  return new Child(pathOf("script"), ["-qec", inPlaceOfShell(command.join(" ")), "/dev/null"], {
    ...options,
    stdin: "pipe",
  });
}

/**
 * `script` starts a shell. Debian's own, unlike bash, stays beside what it runs, and ends by a Ctrl-C that its child has
 * survived.
 */
function inPlaceOfShell(command: string): string {
  return `exec ${command}`;
}
