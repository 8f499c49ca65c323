/** The file's `state`: a folder, or a mapping. */
import { longFormOf } from "./fields.ts";
import { duration, type Rows, restart, text } from "./key-kinds.ts";
import type { PagesOf, WordsOf } from "./key-words.ts";
import type { Place, Reader } from "./reader.ts";
import { section } from "./section.ts";

const KEYS = {
  state: restart(text("state")),
  "state.folder": restart(text("state")),
  // Flash wears out: five minutes of refreshes are all that a power cut may cost.
  "state.interval": duration("5m", "1s", "24h"),
} as const satisfies Rows;

export function words(): WordsOf<typeof KEYS> {
  const kind = "path of a folder";
  return {
    state: { kind, words: "The folder, relative to the configuration file, or a mapping with the keys below." },
    "state.folder": { kind, words: "The folder, as in the short form." },
    "state.interval":
      "The least time between two writes of bindings that bring nothing new, because flash wears out. A phone that is new or has moved is written within 5 s, and so is the outcome of a call. Each of the two files has 60 such early writes, and 6 more each hour. After these, news is written within the interval. After a power cut, a phone that was registered at the last write counts as refreshed since, for `registration.expires_cap` at most.",
  };
}

export function pages(): PagesOf<typeof KEYS> {
  return {
    state: {
      about:
        "Where branchline keeps the secret of its tokens, the phones' bindings and the last calls. A folder is for one branchline: a second one is refused. Commands reach the running branchline by a socket in this folder.",
      example: "state: {folder: /var/lib/branchline, interval: 10m}",
    },
  };
}

export const STATE = section(KEYS, (reader, top, { resolvePath }) => loadState(reader, top.get("state"), resolvePath));

export interface StateSettings {
  /** Where the secret, the bindings and the last calls are kept. */
  readonly folder: string;
  /** Bindings that bring nothing new are written so often at the most. */
  readonly interval_ms: number;
}

function loadState(reader: Reader, place: Place | undefined, resolvePath: (path: string) => string): StateSettings {
  const read = (found: Place) => reader.text(found, "the path of a folder");
  const fields = longFormOf(reader, place, KEYS, "state");
  const shortForm = place === undefined || fields.isThere ? undefined : read(place);
  return { folder: resolvePath(shortForm ?? fields.text("folder", read)), interval_ms: fields.duration_ms("interval") };
}
