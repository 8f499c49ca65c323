import * as native from "native";

const STANDARD_OUTPUT = 1;

/** Prints a line of JSON in ASCII: what isn't is escaped. */
export function printJson(value: unknown): void {
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  const line = `${JSON.stringify(value).replace(/[\u007f-\uffff]/g, escaped)}\n`;
  // A full pipe takes nothing for a while.
  for (let at = 0; at < line.length; ) at += Math.max(0, native.writeText(STANDARD_OUTPUT, line.slice(at)));
}
