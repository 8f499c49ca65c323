/** The file's `survival`: what a call hears while upstream is down. */
import { PHONE_TEXTS } from "../../policy/phones/phone-texts.ts";
import type { PhoneText, SurvivalSettings } from "../../policy/site.ts";
import { fieldsOf } from "./fields.ts";
import { choice, duration, names, type Rows, text } from "./key-kinds.ts";
import type { PagesOf, WordsOf } from "./key-words.ts";
import { readPhrase } from "./read-uri.ts";
import type { Place, Reader } from "./reader.ts";
import { section } from "./section.ts";

const REASON_PHRASE = "the reason phrase of the 181";

const KEYS = {
  "survival.answer": choice(302, [302, 380, "relay", "auto"]),
  "survival.notice": text("Survival activated - please stand by"),
  "survival.notice_hold": duration("1s", "0s", "30s"),
  "survival.makers": names,
  "survival.makers.NAME.status": choice(181, [181, 182]),
  "survival.makers.NAME.notice": text(),
  "survival.makers.NAME.called": text(),
  "survival.makers.NAME.alert_info": text(),
} as const satisfies Rows;

export function words(): WordsOf<typeof KEYS> {
  return {
    "survival.answer":
      "How a call reaches the gateway. `302` and `380` redirect the phone to the gateways, the best one first. `relay` forwards the call to the gateways in turn. `auto` works like `302`. For a phone that hasn't called the gateway within 3 s after the 302, `auto` works like `relay` from then on.",
    "survival.notice": "The reason phrase of the 181, which some phones display.",
    "survival.notice_hold":
      "The time from the 181 to the answer. A call that requires 100rel gets no 181 and isn't held.",
    "survival.makers": {
      default: "Yealink: {called: '{number} (local line)'}",
      words:
        "What the phones of a maker are told: part of their `User-Agent`, in upper or lower case, then a mapping with the keys below. The first entry that is in a phone's `User-Agent` counts. The entries of the file come before the default.",
    },
    "survival.makers.NAME.status":
      "The provisional response that carries the notice. Some phones show one of them only.",
    "survival.makers.NAME.notice": { default: "`survival.notice`", words: "The reason phrase for these phones." },
    "survival.makers.NAME.called": {
      default: "none",
      words:
        "The name of the called party that these phones show when a gateway takes the call. `{number}` stands for the dialled number. It leaves as P-Asserted-Identity and Remote-Party-ID in the gateway's responses.",
    },
    "survival.makers.NAME.alert_info": {
      default: "none",
      words: "The Alert-Info in the gateway's 180, such as `<http://127.0.0.1/>;info=local`: another ringback tone.",
    },
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
    notice: fields.text("notice", (found) => readPhrase(reader, found, REASON_PHRASE)),
    notice_hold_ms: fields.duration_ms("notice_hold"),
    makers: [...(fields.optional("makers", (found) => loadMakers(reader, found)) ?? []), ...PHONE_TEXTS],
  };
}

/** Part of a User-Agent → what such phones are told. */
function loadMakers(reader: Reader, place: Place): PhoneText[] {
  return reader.entries(place).map(({ key, place: entry }) => {
    const fields = fieldsOf(reader, entry, KEYS, "survival.makers.NAME");
    return {
      agent: key,
      status: fields.choice("status"),
      notice: fields.optional("notice", (found) => readPhrase(reader, found, REASON_PHRASE)),
      called: fields.optional("called", (found) => readPhrase(reader, found, "a display name")),
      alert_info: fields.optional("alert_info", (found) => readAlertInfo(reader, found)),
    };
  });
}

/** RFC 3261 §25.1: an absolute URI in angle brackets, and parameters; one, or several. */
function readAlertInfo(reader: Reader, place: Place): string | undefined {
  const value = readPhrase(reader, place, "a header field");
  if (value === undefined || /^<[a-z][a-z0-9+.-]*:[^\s<>"]*>\s*(?:;[^\s<>]+\s*)*(?:,\s*<.*)?$/i.test(value))
    return value;
  reader.fault(place, `"${value}" is no value of Alert-Info; write it like <http://127.0.0.1/>;info=local`);
  return undefined;
}
