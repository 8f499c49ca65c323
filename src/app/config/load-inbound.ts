/** The file's `inbound`: where a gateway's calls go first. */
import type { InboundSettings } from "../../policy/site.ts";
import { longFormOf, readChoice } from "./fields.ts";
import { choice, duration, type Rows } from "./key-kinds.ts";
import type { WordsOf } from "./key-words.ts";
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
    inbound:
      "calls from a gateway: `hunt` rings the group at once, `upstream-first` asks upstream before; or a mapping",
    "inbound.order": "as above",
    "inbound.timer": "how long upstream may stay silent then; its 408, 480 and 503 lead to the group as well",
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
