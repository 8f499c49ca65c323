/** What a file says, key by key, for a reload to tell what has changed. */
import { fnv } from "../../base/fnv.ts";

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
  } else if (path !== "") found.set(path, fnv(JSON.stringify(value) ?? "") >>> 0);
}
