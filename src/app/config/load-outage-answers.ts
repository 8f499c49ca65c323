/** The file's `outage_answers`: what requests other than calls and REGISTERs get in an outage. */
import type { OutageAnswers } from "../../policy/site.ts";
import { count, names, type Rows } from "./key-kinds.ts";
import { ABOVE, type WordsOf } from "./key-words.ts";
import type { Place, Reader } from "./reader.ts";
import { section } from "./section.ts";

const KEYS = {
  outage_answers: names,
  "outage_answers.NAME": count(undefined, 200, 699),
} as const satisfies Rows;

export function words(): WordsOf<typeof KEYS> {
  return {
    outage_answers: {
      default: "none",
      words:
        "event package or method → status that SUBSCRIBE, PUBLISH, MESSAGE and others get in an outage: `{SUBSCRIBE: 489, presence: 200}`; 480 with Retry-After for all that isn't named",
    },
    "outage_answers.NAME": ABOVE,
  };
}

export const OUTAGE_ANSWERS = section(KEYS, (reader, top): OutageAnswers => {
  return top.optional("outage_answers", (place) => loadOutageAnswers(reader, place)) ?? new Map();
});

/** Event package or method → status. */
function loadOutageAnswers(reader: Reader, place: Place): OutageAnswers {
  const answers = new Map<string, number>();
  const { least, most } = KEYS["outage_answers.NAME"];
  for (const { key, place: entry } of reader.entries(place)) {
    const status = reader.count(entry, least, most);
    if (status !== undefined) answers.set(key, status);
  }
  return answers;
}
