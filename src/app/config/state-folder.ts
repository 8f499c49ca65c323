/** The state folder of a file that may be faulty: what commands need to find the branchline that runs with it. */

const FOLDER = "folder";

/**
 * What the file says of `state`, read line by line, so that a fault elsewhere does no harm; undefined: nothing, or nothing
 * that is a path. @param text of a configuration file, or of whatever else is there
 */
export function stateFolderIn(text: string): string | undefined {
  const lines = text.split(/\r\n|\r|\n/);
  const index = lines.findIndex((line) => /^\ufeff?(["']?)state\1[ \t]*:/.test(line));
  const line = lines[index];
  if (line === undefined) return undefined;
  const value = line.slice(line.indexOf(":") + 1).trim();
  if (value.startsWith("{"))
    return folderWithin(
      value
        .slice(1)
        .replace(/\}[^}]*$/, "")
        .split(","),
    );
  const short = scalar(value);
  if (short !== undefined) return short;
  const rest = lines.slice(index + 1);
  const end = rest.findIndex((one) => /^[^\s#]/.test(one));
  return folderWithin(end < 0 ? rest : rest.slice(0, end));
}

function folderWithin(pairs: readonly string[]): string | undefined {
  for (const pair of pairs) {
    const [, key, value = ""] = /^\s*["']?(\w+)["']?\s*:\s*(.*)$/.exec(pair) ?? [];
    if (key === FOLDER) return scalar(value);
  }
  return undefined;
}

/** A plain or quoted value without its comment; undefined where there is none. */
function scalar(value: string): string | undefined {
  const quoted = /^"((?:[^"\\]|\\.)*)"|^'((?:[^']|'')*)'/.exec(value);
  if (quoted !== null) {
    const [, double, single] = quoted;
    return double === undefined ? single?.replace(/''/g, "'") : double.replace(/\\(["\\/])/g, "$1");
  }
  const plain = value.replace(/(^|\s)#.*$/, "").trim();
  return plain === "" || /^[[\]{}&*!|>%@`"']/.test(plain) ? undefined : plain;
}
