/** The file's `journal`: how much of what happens is kept in memory. */
import { longFormOf } from "./fields.ts";
import { choice, type Rows, restart, text } from "./key-kinds.ts";
import type { PagesOf, WordsOf } from "./key-words.ts";
import type { Place, Reader } from "./reader.ts";
import { section } from "./section.ts";

const KEYS = {
  journal: restart(choice(undefined, ["off"])),
  "journal.memory": restart(text("2MB")),
} as const satisfies Rows;

const LEAST_OCTETS = 100_000;
const MOST_OCTETS = 256_000_000;
const UNITS: Readonly<Record<string, number>> = { kB: 1_000, MB: 1_000_000 };
const EXPECTED = "a size from 100kB to 256MB, such as 2MB";

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
        "What branchline keeps in memory of the last messages, decisions, changes of state and dropped messages, for traces and for all that shows what happens. Nothing of it is written to disk.",
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
  return { memory_octets: isOff ? 0 : octetsOf(fields.text("memory", (found) => sizeText(reader, found))) };
}

/** Undefined, and a fault, where it is no size. */
function sizeText(reader: Reader, place: Place): string | undefined {
  const found = reader.text(place, EXPECTED);
  if (found === undefined) return undefined;
  const octets = octetsOf(found);
  if (octets >= LEAST_OCTETS && octets <= MOST_OCTETS) return found;
  reader.fault(place, `must be ${EXPECTED}`);
  return undefined;
}

/** NaN for what isn't a size. */
function octetsOf(size: string): number {
  const [, digits = "", unit = ""] = /^(\d{1,9}) ?(kB|MB)$/.exec(size) ?? [];
  return digits === "" ? Number.NaN : Number(digits) * (UNITS[unit] ?? Number.NaN);
}
