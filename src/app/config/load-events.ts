/** The file's `events`: where it is told what becomes of upstream, of gateways, and of emergency calls. */
import { hostText } from "../../message/uri.ts";
import { longFormOf } from "./fields.ts";
import { type Rows, restart, text } from "./key-kinds.ts";
import type { PagesOf, WordsOf } from "./key-words.ts";
import { type Collector, loadCollector } from "./load-collector.ts";
import type { Place, Reader } from "./reader.ts";
import { type Surroundings, section } from "./section.ts";
import { octetsOf, sizeText, spokenSize } from "./sizes.ts";

const SYSLOG_PORT = 514;
/** On disk; the file is put aside when it has a fifth of that. */
export const DISK = text("1MB");

const KEYS = {
  events: restart(text()),
  "events.file": restart(text()),
  "events.disk": restart(DISK),
  "events.syslog": restart(text()),
} as const satisfies Rows;

export const DISK_WORDS = {
  kind: "size, such as 1MB or 500kB",
  words:
    "The room on disk that the file and older ones beside it take at the most, from 100kB to 1000MB. A file that has a fifth of it is renamed: `FILE.1` is the newest of four.",
};

export function words(): WordsOf<typeof KEYS> {
  const kind = "path of a file";
  return {
    events: { kind, words: "The file, or a mapping with the keys below." },
    "events.file": {
      kind,
      default: "none",
      words:
        "The file that gets a line of JSON for each event, relative to the configuration file. Other users may not read it.",
    },
    "events.disk": DISK_WORDS,
    "events.syslog": {
      kind: "`udp:ADDRESS:PORT` or `tcp:ADDRESS:PORT`",
      default: "none",
      words: `The syslog server that gets a message for each event (RFC 5424); the port may be left out if it is ${SYSLOG_PORT}. By \`tcp\`, an event waits for up to 24 h until the server takes it, and the last 200 events wait. By \`udp\`, an event is sent once.`,
    },
  };
}

export function pages(): PagesOf<typeof KEYS> {
  return {
    events: {
      about:
        "Writes the events of this site to a file, to a syslog server, or to both: upstream or a gateway is down or up again, an emergency call has begun, readiness is lost or regained. [events.md](events.md) has their fields. For a command or a webhook see `hooks`. The log doesn't depend on it.",
      example: "events: {file: state/events.jsonl, syslog: tcp:10.10.9.1}",
    },
  };
}

/** A file, and the room on disk for it and those beside it. */
export interface LinesFile {
  readonly file: string;
  readonly disk_octets: number;
}

export function loadDisk(reader: Reader, place: Place): string | undefined {
  return sizeText(reader, place, "100kB", "1000MB", "1MB");
}

export interface EventsSettings {
  readonly file: LinesFile | undefined;
  readonly syslog: (Collector & { readonly by: "udp" | "tcp" }) | undefined;
}

export const EVENTS = section(KEYS, (reader, top, around) => loadEvents(reader, top.get("events"), around), says);

function loadEvents(
  reader: Reader,
  place: Place | undefined,
  { resolvePath }: Surroundings,
): EventsSettings | undefined {
  if (place === undefined) return undefined;
  const path = (found: Place) => reader.text(found, "the path of a file");
  const fields = longFormOf(reader, place, KEYS, "events");
  const file = fields.isThere ? fields.text("file", path) : path(place);
  const disk_octets = octetsOf(fields.text("disk", (found) => loadDisk(reader, found)));
  const syslog = fields.optional("syslog", (found) => loadSyslog(reader, found));
  if (fields.isThere && fields.get("file") === undefined && fields.get("syslog") === undefined) {
    reader.fault(place, "has neither file nor syslog; add one, such as file: state/events.jsonl");
  }
  return { file: file === undefined ? undefined : { file: resolvePath(file), disk_octets }, syslog };
}

function loadSyslog(reader: Reader, place: Place): EventsSettings["syslog"] {
  const expected = "udp: or tcp: and an IP address, such as udp:10.10.9.1 or tcp:10.10.9.1:6514";
  const named = reader.text(place, expected);
  if (named === undefined) return undefined;
  const [, by, rest = ""] = /^(udp|tcp):(.+)$/.exec(named) ?? [];
  if (by !== "udp" && by !== "tcp") {
    reader.fault(place, `"${named}" must be ${expected}`);
    return undefined;
  }
  const to = loadCollector(reader, place, rest, SYSLOG_PORT, `${by}:`);
  return to === undefined ? undefined : { ...to, by };
}

function says(events: EventsSettings | undefined): readonly string[] {
  const { file, syslog } = events ?? {};
  return [
    ...(file === undefined
      ? []
      : [`Writes events to ${file.file}, with at most ${spokenSize(file.disk_octets)} on disk.`]),
    ...(syslog === undefined
      ? []
      : [`Sends events to the syslog server at ${syslog.by}:${hostText(syslog.address)}:${syslog.port}.`]),
  ];
}
