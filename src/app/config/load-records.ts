/** The file's `records`: where a line is written for each call. */
import { longFormOf } from "./fields.ts";
import { choice, type Rows, required, restart, text } from "./key-kinds.ts";
import type { PagesOf, WordsOf } from "./key-words.ts";
import { DISK, DISK_WORDS, type LinesFile, loadDisk } from "./load-events.ts";
import type { Place, Reader } from "./reader.ts";
import { type Surroundings, section } from "./section.ts";
import { octetsOf, spokenSize } from "./sizes.ts";

const KEYS = {
  records: restart(text()),
  "records.file": required(restart(text()), "state/calls.csv"),
  "records.format": restart(choice(undefined, ["csv", "json"])),
  "records.disk": restart(DISK),
} as const satisfies Rows;

export function words(): WordsOf<typeof KEYS> {
  const kind = "path of a file";
  return {
    records: { kind, words: "The file, or a mapping with the keys below." },
    "records.file": {
      kind,
      words:
        "The file that gets a line for each call, relative to the configuration file. Other users may not read it.",
    },
    "records.format": {
      default: "`csv` for a file whose name ends in `.csv`, else `json`",
      words: "What the lines are: comma-separated values with a line of names at the top (RFC 4180), or JSON.",
    },
    "records.disk": DISK_WORDS,
  };
}

export function pages(): PagesOf<typeof KEYS> {
  return {
    records: {
      about:
        "Writes a line for each call once it is over: the caller, the number, the time, the way that the call took, and how long it lasted. [events.md](events.md) has the columns. Such files hold personal data: keep them for no longer than you may.",
      example: "records: state/calls.csv",
    },
  };
}

export interface RecordsSettings extends LinesFile {
  readonly format: "csv" | "json";
}

export const RECORDS = section(KEYS, (reader, top, around) => loadRecords(reader, top.get("records"), around), says);

function loadRecords(
  reader: Reader,
  place: Place | undefined,
  { resolvePath }: Surroundings,
): RecordsSettings | undefined {
  if (place === undefined) return undefined;
  const path = (found: Place) => reader.text(found, "the path of a file");
  const fields = longFormOf(reader, place, KEYS, "records");
  const file = fields.isThere ? fields.required("file", path) : path(place);
  const disk_octets = octetsOf(fields.text("disk", (found) => loadDisk(reader, found)));
  const named = fields.choice("format");
  if (file === undefined) return undefined;
  return { file: resolvePath(file), disk_octets, format: named ?? (file.endsWith(".csv") ? "csv" : "json") };
}

function says(records: RecordsSettings | undefined): readonly string[] {
  if (records === undefined) return [];
  const { file, format, disk_octets } = records;
  return [
    `Writes a line of ${format.toUpperCase()} for each call to ${file}, with at most ${spokenSize(disk_octets)} on disk.`,
  ];
}
