/** The file's `survival`: what a call hears while upstream is down. */
import type { SurvivalSettings } from "../../policy/site.ts";
import { fieldsOf } from "./fields.ts";
import { choice, duration, type Rows, text } from "./key-kinds.ts";
import type { WordsOf } from "./key-words.ts";
import { readPhrase } from "./read-uri.ts";
import type { Place, Reader } from "./reader.ts";
import { section } from "./section.ts";

const KEYS = {
  "survival.answer": choice(302, [302, 380, "relay", "auto"]),
  "survival.notice": text("Survival activated - please stand by"),
  "survival.notice_hold": duration("1s", "0s", "30s"),
} as const satisfies Rows;

export function words(): WordsOf<typeof KEYS> {
  return {
    "survival.answer":
      "`302`, `380`: redirect to the gateways, the best first; `relay`: forward to them in turn; `auto`: 302, but relay for a phone that hasn't come back within 3 s of its ACK",
    "survival.notice": "reason phrase of the 181",
    "survival.notice_hold": "from the 181 to the answer; a call that requires 100rel gets no 181 and isn't held",
  };
}

export const SURVIVAL = section(KEYS, (reader, top) => loadSurvival(reader, top.get("survival")));

function loadSurvival(reader: Reader, place: Place | undefined): SurvivalSettings {
  const fields = fieldsOf(reader, place, KEYS, "survival");
  return {
    answer: fields.choice("answer"),
    notice: fields.text("notice", (found) => readPhrase(reader, found)),
    notice_hold_ms: fields.duration_ms("notice_hold"),
  };
}
