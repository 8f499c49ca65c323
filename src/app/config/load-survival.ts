/** The file's `survival`, `inbound`, `outage_answers` and `hunt_groups`. */
import type { HuntGroup, InboundSettings, Member, OutageAnswers, SurvivalSettings } from "../../policy/site.ts";
import { INBOUND, RING_ms, SURVIVAL } from "./config.ts";
import { loadNumber } from "./load-extensions.ts";
import { readPhrase, readUri } from "./read-uri.ts";
import { type Place, type Reader, SECOND_ms } from "./reader.ts";

const STRATEGIES = ["parallel", "serial", "round-robin"] as const;
const ORDERS = ["hunt", "upstream-first"] as const;

export function loadSurvival(reader: Reader, place: Place | undefined): SurvivalSettings {
  const fields = place === undefined ? undefined : reader.fields(place, ["answer", "notice", "notice_hold"]);
  const answers = [302, 380, "relay", "auto"] as const;
  const notice = reader.optional(fields, "notice", (found) => readPhrase(reader, found));
  return {
    answer: reader.optional(fields, "answer", (found) => reader.choice(found, answers)) ?? SURVIVAL.answer,
    notice: notice ?? SURVIVAL.notice,
    notice_hold_ms: reader.duration(fields, "notice_hold", 0, 30 * SECOND_ms) ?? SURVIVAL.notice_hold_ms,
  };
}

export function loadHuntGroups(reader: Reader, place: Place): HuntGroup[] {
  return reader.entries(place).map((entry) => {
    const fields = reader.fields(entry.place, ["members", "strategy", "ring", "overflow"]);
    const strategy = reader.optional(fields, "strategy", (found) => reader.choice(found, STRATEGIES));
    const members = reader.required(fields, "members", '["201", "sip:202@10.222.237.22"]', (found) => {
      const items = reader.items(found);
      if (items.length === 0) reader.fault(found, "is empty; name at least one phone");
      return items.flatMap((item) => loadMember(reader, item) ?? []);
    });
    const ring_ms = reader.duration(fields, "ring", SECOND_ms, 180 * SECOND_ms) ?? RING_ms;
    const overflow = reader.optional(fields, "overflow", (found) => loadNumber(reader, found));
    return { name: entry.key, members: members ?? [], strategy: strategy ?? "parallel", ring_ms, overflow };
  });
}

/** "hunt", "upstream-first", or a mapping. */
export function loadInbound(reader: Reader, place: Place | undefined): InboundSettings {
  if (place === undefined) return INBOUND;
  if (!reader.isMapping(place)) return { ...INBOUND, order: reader.choice(place, ORDERS) ?? INBOUND.order };
  const fields = reader.fields(place, ["order", "timer"]);
  return {
    order: reader.optional(fields, "order", (found) => reader.choice(found, ORDERS)) ?? INBOUND.order,
    timer_ms: reader.duration(fields, "timer", 100, 32 * SECOND_ms) ?? INBOUND.timer_ms,
  };
}

/** Event package or method → status. */
export function loadOutageAnswers(reader: Reader, place: Place): OutageAnswers {
  const answers = new Map<string, number>();
  for (const { key, place: entry } of reader.entries(place)) {
    const status = reader.count(entry, 200, 699);
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
