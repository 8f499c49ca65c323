/** The file's `survival`: what a call hears while upstream is down. */
import type { SurvivalSettings } from "../../policy/site.ts";
import { fieldsOf } from "./fields.ts";
import { choice, duration, type Rows, text } from "./key-kinds.ts";
import type { PagesOf, WordsOf } from "./key-words.ts";
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
      "How a call reaches the gateway. `302` and `380` redirect the phone to the gateways, the best one first. `relay` forwards the call to the gateways in turn. `auto` works like `302`. For a phone that hasn't called the gateway within 3 s after the 302, `auto` works like `relay` from then on.",
    "survival.notice": "The reason phrase of the 181, which some phones display.",
    "survival.notice_hold":
      "The time from the 181 to the answer. A call that requires 100rel gets no 181 and isn't held.",
  };
}

export function pages(): PagesOf<typeof KEYS> {
  return {
    survival: {
      about: "What a phone's call gets while upstream is `down` or silent: a notice, then a way to the gateway.",
      example: "survival: {answer: relay, notice: Link to headquarters is down, notice_hold: 0s}",
    },
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
