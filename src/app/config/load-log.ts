/** The file's `log`: the least important lines that are written. */
import { choice, type Rows } from "./key-kinds.ts";
import type { WordsOf } from "./key-words.ts";
import { section } from "./section.ts";

const KEYS = {
  log: choice("info", ["error", "warn", "info", "debug"]),
} as const satisfies Rows;

export function words(): WordsOf<typeof KEYS> {
  return {
    log: "`error`, `warn`, `info`, `debug`; lines go to standard error with syslog priorities",
  };
}

export const LOG = section(KEYS, (_, top) => top.choice("log"));
