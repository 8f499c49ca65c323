/** The file's `strangers`: what they get. */
import { choice, type Rows } from "./key-kinds.ts";
import type { PagesOf, WordsOf } from "./key-words.ts";
import { section } from "./section.ts";

const KEYS = {
  strangers: choice("auto", ["auto", "drop", "reject"]),
} as const satisfies Rows;

export function words(): WordsOf<typeof KEYS> {
  return {
    strangers:
      "`drop` sends nothing. `reject` sends 403. `auto` sends 403 if the request came to one of this router's addresses within `localnet`; else it sends nothing.",
  };
}

export function pages(): PagesOf<typeof KEYS> {
  return {
    strangers: {
      about: "The answer to a sender that is no phone, no gateway and not upstream.",
      example: "strangers: drop",
    },
  };
}

export const STRANGERS = section(KEYS, (_, top) => top.choice("strangers"));
