/** The file's `registration`: "path" or "contact", or a mapping. */

import { canonicalAddress, ipVersion, isUnicast } from "../../base/ip-range.ts";
import type { ClusterSettings } from "../../cluster/settings.ts";
import { hostText, parseSipUri, type SipUri } from "../../message/uri.ts";
import type { CopySettings, RegistrationSettings, Site } from "../../policy/site.ts";
import type { OwnListener } from "../../transport/own-listener.ts";
import { fieldsOf, longFormOf, type Places, readChoice } from "./fields.ts";
import { choice, count, duration, flag, list, mapping, type Rows, text, uri } from "./key-kinds.ts";
import type { PagesOf, WordsOf } from "./key-words.ts";
import { readUri } from "./read-uri.ts";
import type { Place, Reader } from "./reader.ts";
import { section } from "./section.ts";

const MODE = choice("path", ["path", "contact"]);

const KEYS = {
  registration: MODE,
  "registration.mode": MODE,
  "registration.expires_cap": duration("300s", "20s", "24h"),
  "registration.survival_expires": duration("60s", "10s", "1h"),
  "registration.local_after": duration("3s", "500ms", "32s"),
  "registration.unknown": choice("known", ["known", "localnet", "none"]),
  "registration.pace": count(10, 1, 1_000),
  "registration.throttle": flag(false),
  "registration.copies": mapping,
  "registration.copies.to": list(uri),
  "registration.copies.from": list(text()),
} as const satisfies Rows;

export function words(): WordsOf<typeof KEYS> {
  return {
    registration: "The mode, `path` or `contact`, or a mapping with the keys below.",
    "registration.mode":
      "How upstream finds the phones. `path`: by a Path header (RFC 3327). `contact`: upstream gets branchline's address as each phone's Contact, for a PBX that doesn't support Path; the phone gets its own Contact back.",
    "registration.expires_cap":
      "The longest expiry that branchline tells a phone, so that branchline hears of each phone often enough.",
    "registration.survival_expires":
      "The expiry that branchline tells phones in an outage, less a random part of up to 15 %. While upstream is recovering, the expiry is 60 to 100 % of 36 s, or of this value if it is shorter.",
    "registration.local_after":
      "How long upstream may leave a known phone's REGISTER unanswered. Then branchline answers the REGISTER. Several targets share this time as they share `upstream.fr_timer`.",
    "registration.unknown":
      "The phones whose REGISTER is answered in an outage. `known`: phones seen before, by source address or instance. `localnet`: all phones in `localnet`. branchline asks no phone for a password, because only upstream could check it. `none`: no phone.",
    "registration.pace":
      "The most REGISTERs a second that branchline forwards to upstream after an outage, answers to challenges among them. branchline begins with one every three seconds, since other branches return at the same time. It goes faster while upstream answers as quickly as usual, and slower when upstream answers late, with 503 or not at all. A phone that has to wait gets 200 for 22 to 36 s, or, if `registration.unknown` refuses it in an outage, 503 with a Retry-After of 8 to 20 s. In a branch of at most 10 phones, one known phone whose Contact upstream doesn't know, such as a phone that was restarted, goes before its turn.",
    "registration.throttle": "`true` lets branchline answer refreshes that upstream doesn't need yet.",
    "registration.copies":
      "Phones that branchline and a proxy of another make tell each other of, as the two halves of a pair. Two branchlines have `cluster` for it.",
    "registration.copies.to": {
      default: "none",
      words:
        "Where each REGISTER that a phone has got 2xx for is copied to, with `Path` and `Sock-Info`: an OpenSIPS, a Kamailio or another branchline. Write an address, such as `sip:10.222.237.3`. If it doesn't answer, the phone notices nothing.",
    },
    "registration.copies.from": {
      kind: "address, or list of them",
      default: "none",
      words:
        "Addresses from which a REGISTER is such a copy. Its phone can be called here until the copy expires, in 2 h at most. branchline believes the sender's address alone: let no other machine of the network send from that address. The phone must be in `localnet`.",
    },
  };
}

export function pages(): PagesOf<typeof KEYS> {
  return {
    registration: {
      about: "How phones are registered at upstream, and what happens to their registrations in an outage.",
      example: "registration: {mode: contact, expires_cap: 120s}",
    },
  };
}

export const REGISTRATION = section(KEYS, (reader, top) => loadRegistration(reader, top.get("registration")));

export function loadRegistration(reader: Reader, place: Place | undefined): RegistrationSettings {
  const fields = longFormOf(reader, place, KEYS, "registration");
  return {
    mode: fields.isThere ? fields.choice("mode") : readChoice(reader, place, KEYS.registration),
    expires_cap_ms: fields.duration_ms("expires_cap"),
    survival_expires_ms: fields.duration_ms("survival_expires"),
    local_after_ms: fields.duration_ms("local_after"),
    unknown: fields.choice("unknown"),
    pace: fields.count("pace"),
    throttle: fields.flag("throttle"),
    copies: loadCopies(reader, fields.get("copies")),
  };
}

const NO_COPIES: CopySettings = { to: [], from: [] };
const TO_EXAMPLE = "sip:10.222.237.3";

function loadCopies(reader: Reader, place: Place | undefined): CopySettings {
  if (place === undefined) return NO_COPIES;
  const fields = fieldsOf(reader, place, KEYS, "registration.copies");
  const to = fields.optional("to", (found) => reader.items(found).flatMap((one) => loadTo(reader, one))) ?? [];
  const from = fields.optional("from", (found) => reader.items(found).flatMap((one) => loadFrom(reader, one))) ?? [];
  return { to, from };
}

function loadTo(reader: Reader, place: Place): SipUri[] {
  const written = reader.text(place, `a SIP URI with an address, such as ${TO_EXAMPLE}`);
  if (written === undefined) return [];
  if (ipVersion(written) !== 0) {
    const meant = parseSipUri(`sip:${hostText(written)}`);
    if (meant !== undefined) return [meant];
  }
  const found = readUri(reader, place, TO_EXAMPLE);
  if (found === undefined) return [];
  if (ipVersion(found.host) !== 0 && isUnicast(found.host) && found.user === undefined) return [found];
  reader.fault(place, `"${found.text}" must be a SIP URI with an address and no user, such as ${TO_EXAMPLE}`);
  return [];
}

function loadFrom(reader: Reader, place: Place): string[] {
  const expected = "an IP address, such as 10.222.237.3";
  const written = reader.text(place, expected);
  if (written === undefined) return [];
  const address = canonicalAddress(written);
  if (ipVersion(address) !== 0 && isUnicast(address)) return [address];
  reader.fault(place, `"${written}" must be ${expected}`);
  return [];
}

/** The other half of a pair is none of those that the file has other words for. */
export function checkCopies(
  reader: Reader,
  fields: Places<"registration">,
  listeners: readonly OwnListener[],
  { registration: { copies }, upstream, gateways }: Site,
  cluster: ClusterSettings | undefined,
): void {
  const place = fields.get("registration");
  if (place === undefined) return;
  const halves = [...copies.to.map((one) => one.host), ...copies.from];
  for (const host of new Set(halves)) {
    const address = canonicalAddress(host);
    const member = cluster?.members.find((one) => one.address === address);
    if (member !== undefined) {
      reader.fault(
        place,
        `copies to or from ${address}, which is member ${member.name}; members of cluster know each other's phones without copies, so remove this address`,
      );
      continue;
    }
    const isOurs = listeners.some(({ settings }) => canonicalAddress(settings.at) === address);
    const isUpstream = upstream.targets.some((one) => one.host === address);
    const isGateway = gateways.some((one) => one.uri.host === address);
    const what = isOurs ? "an address of listen" : isUpstream ? "upstream" : isGateway ? "a gateway" : undefined;
    if (what === undefined) continue;
    reader.fault(place, `copies to or from ${address}, which is ${what}; write the other half's own address`);
  }
}
