/** The keys whose change needs a restart: the rows say which, a reload refuses them by name. */
import type { Rows } from "./key-kinds.ts";
import type { AnySection } from "./section.ts";

/**
 * The keys of a table that are marked so, in its order. A mapping stands for all its keys where none of them is live; a short form
 * of a mapping that has live keys is none of them.
 */
export function lastingKeys(rows: Rows): string[] {
  const paths = Object.keys(rows);
  const isLasting = (path: string) => rows[path]?.effect === "restart";
  const isWhole = (path: string) =>
    isLasting(path) && paths.every((one) => !one.startsWith(`${path}.`) || isLasting(one));
  const whole = paths.filter(isWhole);
  return whole.filter((path) => !whole.some((above) => path.startsWith(`${above}.`)));
}

/**
 * What each of these keys has become, as text: so files that say the same in other words are alike.
 * @param parts what has been loaded, by the names of the sections; a part of it is called as its key
 * @throws when it isn't
 */
export function lastingParts(
  sections: Readonly<Record<string, Pick<AnySection, "keys">>>,
  parts: Readonly<Record<string, unknown>>,
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [name, { keys }] of Object.entries(sections)) {
    for (const path of lastingKeys(keys)) found.set(path, JSON.stringify(partAt(path, parts[name])) ?? "");
  }
  return found;
}

function partAt(path: string, loaded: unknown): unknown {
  let part = loaded;
  for (const key of path.split(".").slice(1)) {
    if (typeof part !== "object" || part === null) return part;
    if (!(key in part)) throw new Error(`no part of the section is called as the key ${path}`);
    part = (part as Readonly<Record<string, unknown>>)[key];
  }
  return part;
}
