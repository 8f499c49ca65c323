/** What runs this program: Node, or the engine of the binary that needs none. */

/** That of the binary is none of Node's types. */
const { node, openssl, quickjs }: Partial<NodeJS.ProcessVersions> & { readonly quickjs?: string } = process.versions;

/** Whether this is the binary: its own program, and not Node's. */
export const IS_BINARY = quickjs !== undefined;

/** Name and version, such as "Node 12.22.12" or "QuickJS 2025-04-26". */
export const ENGINE = quickjs === undefined ? `Node ${node}` : `QuickJS ${quickjs}`;

/** Whether connections by TLS can be made; a Node can be built without it, too. */
export const HAS_TLS = openssl !== undefined;

/** What starts this program again, before the words of a command. */
export const OWN_COMMAND: readonly string[] = IS_BINARY ? [process.execPath] : nodeCommand();

function nodeCommand(): readonly string[] {
  // Where a loader starts Node (ER-X), the program that runs isn't Node.
  const { argv0, execPath, execArgv, argv } = process;
  return [argv0.startsWith("/") ? argv0 : execPath, ...execArgv, argv[1] ?? ""];
}

/** kB that must be available before the program starts, as `deploy/run.sh` has them: a Node takes 54 MB, the binary 4 MB, both more with each call. */
export const START_kB = IS_BINARY ? 12_288 : 81_920;
