/** Changes values of a field that is a list: lines without a changed value leave as they came, octet for octet. */
import type { Request, Response } from "./message.ts";
import type { Splice } from "./splice.ts";
import { splitList } from "./text.ts";

/**
 * Puts `values` in place of the field's values, one for one in the order of `list(id)`; undefined takes a value off, and a
 * line with it that has no other.
 * @param behind a value to add behind the last one; on a line of its own, unless the last line is rewritten anyway
 * @param name what a new line is called
 */
export function rewriteValues(
  message: Request | Response,
  splice: Splice,
  id: number,
  name: string,
  values: readonly (string | undefined)[],
  behind?: string,
): void {
  let added = behind;
  let place = 0;
  for (let index = message.indexOf(id); index >= 0; ) {
    const before = splitList(message.value(index));
    const left: string[] = [];
    let isChanged = false;
    for (const value of before) {
      const now = values[place];
      place += 1;
      if (now !== undefined) left.push(now);
      if (now !== value) isChanged = true;
    }
    const next = message.indexOf(id, index + 1);
    if (next < 0 && isChanged && left.length > 0 && added !== undefined) {
      left.push(added);
      added = undefined;
    }
    if (isChanged && left.length > 0) {
      splice.replace(message.valueStart(index), message.valueEnd(index), left.join(", "));
    } else if (isChanged) {
      splice.remove(message.fieldStart(index), message.fieldStart(index + 1));
    }
    if (next < 0 && added !== undefined) splice.insert(message.fieldStart(index + 1), `${name}: ${added}\r\n`);
    index = next;
  }
}

/** All fields with this identifier become one line, or none. */
export function rewriteList(
  message: Request | Response,
  splice: Splice,
  id: number,
  name: string,
  values: readonly string[],
): void {
  const first = message.indexOf(id);
  const line = values.length === 0 ? "" : `${name}: ${values.join(", ")}\r\n`;
  if (first < 0) splice.insert(message.fields.end, line);
  for (let index = first; index >= 0; index = message.indexOf(id, index + 1)) {
    splice.replace(message.fieldStart(index), message.fieldStart(index + 1), index === first ? line : "");
  }
}
