/** What runs branchline in tests: Node with the bundle, or a binary that needs neither. */
import { basename, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** What goes to routers that have a Node. */
export const BUNDLE = fileURLToPath(new URL("../../dist/branchline.js", import.meta.url));

/** A command whose further words are branchline's. */
export interface Program {
  readonly command: string;
  /** Words before those of branchline. */
  readonly first: readonly string[];
  /** The Node that runs the bundle; undefined for a binary. */
  readonly node: string | undefined;
}

/** @param flags of Node's own */
export function byNode(node: string, flags: readonly string[] = []): Program {
  return { command: node, first: [...flags, BUNDLE], node };
}

/** @param emulator a program that runs it, with its own words */
export function binary(path: string, emulator: readonly string[] = []): Program {
  const [command = path, ...first] = [...emulator, path];
  return { command, first, node: undefined };
}

/** The one that tests run: $BRANCHLINE_BINARY, or the bundle under $BRANCHLINE_NODE, or under the Node that runs the tests. */
export const PROGRAM: Program = chosen(process.env["BRANCHLINE_BINARY"], process.env["BRANCHLINE_NODE"]);

function chosen(path = "", node = ""): Program {
  return path === "" ? byNode(node || process.execPath) : binary(resolve(path));
}

/**
 * Its words before branchline's own, for commands that are put together.
 * @param file where what goes to routers lies now; default: where it was built
 */
export function wordsOf(program: Program, file = fileOf(program)): readonly string[] {
  return [program.command, ...program.first].slice(0, -1).concat(file);
}

/** What goes to routers: the bundle, or the binary. */
export function fileOf({ command, first }: Program): string {
  return first[first.length - 1] ?? command;
}

/** What `branchline version` says that runs it. */
export function engineOf({ node }: Program): RegExp {
  return node === undefined ? /QuickJS \d{4}-\d\d-\d\d/ : /Node \d+\.\d+\.\d+/;
}

/** For titles: "bundle", or the binary's name. */
export function nameOf(program: Program): string {
  return program.node === undefined ? basename(fileOf(program)) : "bundle";
}
