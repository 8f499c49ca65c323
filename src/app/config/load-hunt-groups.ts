/** The file's `hunt_groups`: who rings when a gateway's call comes. */
import type { HuntGroup, Member } from "../../policy/site.ts";
import { fieldsOf } from "./fields.ts";
import { choice, duration, list, names, number, type Rows, required, uri } from "./key-kinds.ts";
import type { PagesOf, WordsOf } from "./key-words.ts";
import { loadNumber, numberFrom } from "./load-extensions.ts";
import { readUri } from "./read-uri.ts";
import type { Place, Reader } from "./reader.ts";
import { section } from "./section.ts";

const MEMBERS = '["201", "sip:202@10.222.237.22"]';

const KEYS = {
  hunt_groups: names,
  "hunt_groups.NAME.members": required(list(uri), MEMBERS),
  "hunt_groups.NAME.strategy": choice("parallel", ["parallel", "serial", "round-robin"]),
  "hunt_groups.NAME.decline": choice("member", ["member", "group"]),
  "hunt_groups.NAME.ring": duration("30s", "1s", "180s"),
  "hunt_groups.NAME.overflow": number,
} as const satisfies Rows;

export function words(): WordsOf<typeof KEYS> {
  return {
    hunt_groups: { default: "none", words: "Called number, or `default`, then a mapping with the keys below." },
    "hunt_groups.NAME.members": {
      kind: "extension or SIP URI, or list of them",
      pattern: "^\\s*([\\w.+*#-]+\\s*$|[sS][iI][pP]:\\S)",
      words:
        "The phones that ring. An extension rings where it is registered. A phone may also be named by its SIP URI.",
    },
    "hunt_groups.NAME.strategy":
      "`parallel`: all members ring at once. `serial`: one after the other. `round-robin`: the same, and each call begins with the next member.",
    "hunt_groups.NAME.decline":
      "What a phone's 603, 606 or 607 means. Phones send these for the reject key or do not disturb. `member`: this member stops ringing, and the others ring on. `group`: the whole group has refused (RFC 3261 §16.7). 600 and 604 always refuse for the whole group.",
    "hunt_groups.NAME.ring":
      "How long the group rings. With `serial` and `round-robin`: how long each member rings. Then the caller gets 480.",
    "hunt_groups.NAME.overflow": {
      default: "none",
      words: "Where a call goes when no member takes it: another group, an extension or an outside number.",
    },
  };
}

export function pages(): PagesOf<typeof KEYS> {
  return {
    hunt_groups: {
      about:
        "The phones that ring when a gateway calls, by the number that the gateway calls. The group `default` is for each other number. In an outage, a phone that calls the number of a group rings the group too; its own phone doesn't ring.",
      example: `hunt_groups:
  default:
    members: ["201", "sip:202@10.222.237.22"]
    ring: 20s
  "5550150": {members: ["203", "204"], strategy: round-robin, overflow: "201"}`,
    },
  };
}

export const HUNT_GROUPS = section(KEYS, (reader, top) => {
  return top.optional("hunt_groups", (place) => loadHuntGroups(reader, place)) ?? [];
});

function loadHuntGroups(reader: Reader, place: Place): HuntGroup[] {
  return reader.entries(place).map((entry) => {
    const fields = fieldsOf(reader, entry.place, KEYS, "hunt_groups.NAME");
    const members = fields.required("members", (found) => {
      const items = reader.items(found);
      if (items.length === 0) reader.fault(found, "is empty; name at least one phone");
      return items.flatMap((item) => loadMember(reader, item) ?? []);
    });
    return {
      name: numberFrom(reader, entry.place, entry.key),
      members: members ?? [],
      strategy: fields.choice("strategy"),
      decline: fields.choice("decline"),
      ring_ms: fields.duration_ms("ring"),
      overflow: fields.optional("overflow", (found) => loadNumber(reader, found)),
    };
  });
}

/** An extension, which rings where it is registered, or the URI of a phone. */
function loadMember(reader: Reader, place: Place): Member | undefined {
  const text = reader.text(place, 'an extension, such as "201", or the URI of a phone');
  if (text === undefined) return undefined;
  return text.includes(":") ? readUri(reader, place, "sip:201@10.222.237.21") : loadNumber(reader, place);
}
