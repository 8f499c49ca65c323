/** The file's `journal`: how much of what happens is kept in memory. */
import { longFormOf } from "./fields.ts";
import { choice, type Rows, restart, text } from "./key-kinds.ts";
import type { PagesOf, WordsOf } from "./key-words.ts";
import type { Place, Reader } from "./reader.ts";
import { section } from "./section.ts";
import { octetsOf, sizeText } from "./sizes.ts";

const KEYS = {
  journal: restart(choice(undefined, ["off"])),
  "journal.memory": restart(text("2MB")),
} as const satisfies Rows;

export function words(): WordsOf<typeof KEYS> {
  return {
    journal: {
      default: "as below",
      words: "`off` keeps nothing. Otherwise a mapping with the key below.",
    },
    "journal.memory": {
      kind: "size, such as 2MB or 500kB",
      words:
        "The memory for the journal, from 100kB to 256MB. Calls have five eighths of it, other messages a quarter, and dropped messages an eighth: the oldest entries make room. 2MB hold about a hundred calls. The journal takes at most a twentieth of the memory that branchline may take.",
    },
  };
}

export function pages(): PagesOf<typeof KEYS> {
  return {
    journal: {
      about:
        "The memory in which branchline keeps the last messages, decisions, changes of state and dropped messages, for `branchline trace` and the ladders of the status page. branchline doesn't write it to disk.",
      example: "journal: {memory: 8MB}",
    },
  };
}

export interface JournalSettings {
  /** 0: nothing is kept. */
  readonly memory_octets: number;
}

export const JOURNAL = section(KEYS, (reader, top) => loadJournal(reader, top.get("journal")));

function loadJournal(reader: Reader, place: Place | undefined): JournalSettings {
  const fields = longFormOf(reader, place, KEYS, "journal");
  const isOff = place !== undefined && !fields.isThere && reader.choice(place, ["off"]) !== undefined;
  return {
    memory_octets: isOff
      ? 0
      : octetsOf(fields.text("memory", (found) => sizeText(reader, found, "100kB", "256MB", "2MB"))),
  };
}
