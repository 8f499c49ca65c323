/** The file's `hunt_groups`: who rings when a gateway's call comes. */
import { plainNumber } from "../../policy/dialled-number.ts";
import type { HuntGroup, Member } from "../../policy/site.ts";
import { fieldsOf } from "./fields.ts";
import { choice, duration, list, names, number, type Rows, uri } from "./key-kinds.ts";
import type { WordsOf } from "./key-words.ts";
import { loadNumber } from "./load-extensions.ts";
import { readUri } from "./read-uri.ts";
import type { Place, Reader } from "./reader.ts";
import { section } from "./section.ts";

const KEYS = {
  hunt_groups: names,
  "hunt_groups.NAME.members": list(uri),
  "hunt_groups.NAME.strategy": choice("parallel", ["parallel", "serial", "round-robin"]),
  "hunt_groups.NAME.decline": choice("member", ["member", "group"]),
  "hunt_groups.NAME.ring": duration("30s", "1s", "180s"),
  "hunt_groups.NAME.overflow": number,
} as const satisfies Rows;

export function words(): WordsOf<typeof KEYS> {
  return {
    hunt_groups: { default: "none", words: "called number, or `default`, → who rings" },
    "hunt_groups.NAME.members": "extensions, which ring where they are registered, or SIP URIs of phones, IPv4 or IPv6",
    "hunt_groups.NAME.strategy":
      "`parallel`: all ring at once; `serial`: one after the other; `round-robin`: the same, each call beginning with the next",
    "hunt_groups.NAME.decline":
      "what a phone's 603 means (its reject key, do not disturb), and its 606 and 607: `member`: this member is out, with all its phones, and the others ring on; `group`: the whole group is refused (RFC 3261 §16.7). 600 and 604 always speak for all",
    "hunt_groups.NAME.ring":
      "how long the group rings, or with `serial` and `round-robin` each member; then the caller gets 480",
    "hunt_groups.NAME.overflow": {
      default: "none",
      words: "another group, an extension or an outside number for calls that nobody takes",
    },
  };
}

export const HUNT_GROUPS = section(KEYS, (reader, top) => {
  return top.optional("hunt_groups", (place) => loadHuntGroups(reader, place)) ?? [];
});

function loadHuntGroups(reader: Reader, place: Place): HuntGroup[] {
  return reader.entries(place).map((entry) => {
    const fields = fieldsOf(reader, entry.place, KEYS, "hunt_groups.NAME");
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

/** An extension, which rings where it is registered, or the URI of a phone. */
function loadMember(reader: Reader, place: Place): Member | undefined {
  const text = reader.text(place, 'an extension, such as "201", or the URI of a phone');
  if (text === undefined) return undefined;
  return text.includes(":") ? readUri(reader, place, "sip:201@10.222.237.21") : loadNumber(reader, place);
}
