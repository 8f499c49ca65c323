/** The file's `survival`, `inbound`, `outage_answers` and `hunt_groups`. */

import { plainNumber } from "../../policy/dialled-number.ts";
import type { HuntGroup, InboundSettings, Member, OutageAnswers, SurvivalSettings } from "../../policy/site.ts";
import { fieldsOf, longFormOf, readChoice } from "./fields.ts";
import { KEYS } from "./keys.ts";
import { loadNumber } from "./load-extensions.ts";
import { readPhrase, readUri } from "./read-uri.ts";
import type { Place, Reader } from "./reader.ts";

export function loadSurvival(reader: Reader, place: Place | undefined): SurvivalSettings {
  const fields = fieldsOf(reader, place, "survival");
  return {
    answer: fields.choice("answer"),
    notice: fields.text("notice", (found) => readPhrase(reader, found)),
    notice_hold_ms: fields.duration_ms("notice_hold"),
  };
}

export function loadHuntGroups(reader: Reader, place: Place): HuntGroup[] {
  return reader.entries(place).map((entry) => {
    const fields = fieldsOf(reader, entry.place, "hunt_groups.NAME");
    const members = fields.required("members", '["201", "sip:202@10.222.237.22"]', (found) => {
      const items = reader.items(found);
      if (items.length === 0) reader.fault(found, "is empty; name at least one phone");
      return items.flatMap((item) => loadMember(reader, item) ?? []);
    });
    return {
      name: plainNumber(entry.key),
      members: members ?? [],
      strategy: fields.choice("strategy"),
      decline: fields.choice("decline"),
      ring_ms: fields.duration_ms("ring"),
      overflow: fields.optional("overflow", (found) => loadNumber(reader, found)),
    };
  });
}

/** "hunt", "upstream-first", or a mapping. */
export function loadInbound(reader: Reader, place: Place | undefined): InboundSettings {
  const fields = longFormOf(reader, place, "inbound");
  return {
    order: fields.isThere ? fields.choice("order") : readChoice(reader, place, KEYS.inbound),
    timer_ms: fields.duration_ms("timer"),
  };
}

/** Event package or method → status. */
export function loadOutageAnswers(reader: Reader, place: Place): OutageAnswers {
  const answers = new Map<string, number>();
  const { least, most } = KEYS["outage_answers.NAME"];
  for (const { key, place: entry } of reader.entries(place)) {
    const status = reader.count(entry, least, most);
    if (status !== undefined) answers.set(key, status);
  }
  return answers;
}

/** An extension, which rings where it is registered, or the URI of a phone. */
function loadMember(reader: Reader, place: Place): Member | undefined {
  const text = reader.text(place, 'an extension, such as "201", or the URI of a phone');
  if (text === undefined) return undefined;
  return text.includes(":") ? readUri(reader, place, "sip:201@10.222.237.21") : loadNumber(reader, place);
}
