/** The file's `outage_answers`: what requests other than calls and REGISTERs get in an outage. */
import type { OutageAnswers } from "../../policy/rules/other-request.ts";
import { count, names, type Rows } from "./key-kinds.ts";
import type { PagesOf, WordsOf } from "./key-words.ts";
import type { Place, Reader } from "./reader.ts";
import { section } from "./section.ts";

const KEYS = {
  outage_answers: names,
  "outage_answers.NAME": count(undefined, 200, 699),
} as const satisfies Rows;

export function words(): WordsOf<typeof KEYS> {
  return {
    outage_answers: { default: "none", words: "Event package or method, then the status." },
    "outage_answers.NAME": "The final status for requests of this method, or for SUBSCRIBEs to this event package.",
  };
}

export function pages(): PagesOf<typeof KEYS> {
  return {
    outage_answers: {
      about:
        "What SUBSCRIBE, PUBLISH, MESSAGE and other requests get in an outage. Requests without an entry get 480 with Retry-After.",
      example: "outage_answers: {SUBSCRIBE: 489, presence: 200}",
    },
  };
}

export const OUTAGE_ANSWERS = section(
  KEYS,
  (reader, top): OutageAnswers =>
    top.optional("outage_answers", (place) => loadOutageAnswers(reader, place)) ?? new Map(),
  says,
);

function says(answers: OutageAnswers): string[] {
  const each = [...answers].map(([asked, status]) => `${asked} gets ${status}`);
  return each.length === 0 ? [] : [`In an outage, ${each.join(", ")}.`];
}

/** Event package or method → status. */
function loadOutageAnswers(reader: Reader, place: Place): OutageAnswers {
  const answers = new Map<string, number>();
  for (const { key, place: entry } of reader.entries(place)) {
    const status = reader.count(entry, KEYS["outage_answers.NAME"]);
    if (status !== undefined) answers.set(key, status);
  }
  return answers;
}
