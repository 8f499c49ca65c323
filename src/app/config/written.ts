/** What a file says, key by key, for a reload to tell what has changed. */

/** FNV-1a, 32 bits. */
const OFFSET = 0x811c9dc5;
const PRIME = 0x01000193;

/** The values of the file by key: mappings are gone through, lists and empty mappings are values. */
export function writtenKeys(value: unknown): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  collect(value, "", found);
  return found;
}

function collect(value: unknown, path: string, found: Map<string, number>): void {
  const isMapping = typeof value === "object" && value !== null && !Array.isArray(value);
  if (isMapping && (path === "" || Object.keys(value).length > 0)) {
    for (const [key, below] of Object.entries(value)) collect(below, path === "" ? key : `${path}.${key}`, found);
  } else if (path !== "") found.set(path, hashOf(JSON.stringify(value) ?? ""));
}

function hashOf(text: string): number {
  let hash = OFFSET;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), PRIME);
  return hash >>> 0;
}
