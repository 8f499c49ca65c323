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
    "state.folder": { kind, words: "The folder, written like `state` without a mapping." },
    "state.interval":
      "The least time between two writes of bindings that haven't changed, because flash memory wears out. branchline writes a phone that is new or has another address within 5 s, and so the result of a call. Such early writes are limited: 60 for each of the two files, and 6 more each hour. When none is left, branchline writes within the interval. After a power cut, branchline assumes that each phone in the file has refreshed its registration since the last write, but for no longer than `registration.expires_cap`.",
  };
}

export function pages(): PagesOf<typeof KEYS> {
  return {
    state: {
      about:
        "Where branchline keeps the secret of its tokens, the phones' bindings, the last calls, the history of outages and the reports of drills. Each branchline needs a folder of its own: a second one with the same folder doesn't start. Commands reach the running branchline through a socket in this folder.",
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
