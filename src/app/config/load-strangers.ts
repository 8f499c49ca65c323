/** The file's `strangers`: what they get. */
import { choice, type Rows } from "./key-kinds.ts";
import type { WordsOf } from "./key-words.ts";
import { section } from "./section.ts";

const KEYS = {
  strangers: choice("auto", ["auto", "drop", "reject"]),
} as const satisfies Rows;

export function words(): WordsOf<typeof KEYS> {
  return {
    strangers:
      "who is neither phone, gateway nor upstream gets: `drop` nothing, `reject` 403, `auto` 403 on an address within `localnet` and nothing on any other",
  };
}

export const STRANGERS = section(KEYS, (_, top) => top.choice("strangers"));
