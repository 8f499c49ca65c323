/** The file's `inbound`: where a gateway's calls go first. */
import type { InboundSettings } from "../../policy/site.ts";
import { longFormOf, readChoice } from "./fields.ts";
import { choice, duration, type Rows } from "./key-kinds.ts";
import type { PagesOf, WordsOf } from "./key-words.ts";
import type { Place, Reader } from "./reader.ts";
import { section } from "./section.ts";

const ORDER = choice("hunt", ["hunt", "upstream-first"]);

const KEYS = {
  inbound: ORDER,
  "inbound.order": ORDER,
  // As long as a phone's own call waits for upstream.
  "inbound.timer": duration("4s", "100ms", "32s"),
} as const satisfies Rows;

export function words(): WordsOf<typeof KEYS> {
  return {
    inbound: "The order, or a mapping with the keys below.",
    "inbound.order":
      "`hunt` rings the hunt group at once. `upstream-first` asks upstream first, so that the PBX's menus and opening hours work.",
    "inbound.timer":
      "How long upstream may leave a call from a gateway unanswered. Then the hunt group rings. The group also rings when upstream answers 401, 403, 407, 408, 480, 503 or 3xx. Several targets share this time as they share `upstream.fr_timer`.",
  };
}

export function pages(): PagesOf<typeof KEYS> {
  return {
    inbound: {
      about: "Where calls from a gateway go first.",
      example: "inbound: {order: upstream-first, timer: 3s}",
    },
  };
}

export const INBOUND = section(KEYS, (reader, top) => loadInbound(reader, top.get("inbound")));

/** "hunt", "upstream-first", or a mapping. */
function loadInbound(reader: Reader, place: Place | undefined): InboundSettings {
  const fields = longFormOf(reader, place, KEYS, "inbound");
  return {
    order: fields.isThere ? fields.choice("order") : readChoice(reader, place, KEYS.inbound),
    timer_ms: fields.duration_ms("timer"),
  };
}
