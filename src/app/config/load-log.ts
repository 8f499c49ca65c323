/** The file's `log`: the least important lines that are written. */
import { choice, type Rows } from "./key-kinds.ts";
import type { PagesOf, WordsOf } from "./key-words.ts";
import { section } from "./section.ts";

const KEYS = {
  log: choice("info", ["error", "warn", "info", "debug"]),
} as const satisfies Rows;

export function words(): WordsOf<typeof KEYS> {
  return {
    log: "The least important level that is logged.",
  };
}

export function pages(): PagesOf<typeof KEYS> {
  return {
    log: {
      about: "The level of the log. Lines go to standard error, with syslog priorities.",
      example: "log: debug",
    },
  };
}

export const LOG = section(KEYS, (_, top) => top.choice("log"));
