/** The file's `limits`: how much each source may ask. */
import { NO_LIMIT, type Rate } from "../../base/token-bucket.ts";
import type { LimitSettings } from "../../policy/site.ts";
import { fieldsOf } from "./fields.ts";
import { choice, count, type Rows, under } from "./key-kinds.ts";
import { keysBelow } from "./key-paths.ts";
import type { PagesOf, WordsOf } from "./key-words.ts";
import type { Place, Reader } from "./reader.ts";
import { section } from "./section.ts";

const KEYS = {
  limits: choice(undefined, ["none"]),
  // What a whole office behind one address may ask.
  "limits.per_source": choice(undefined, ["none"]),
  "limits.per_source.rate": count(200, 1, 100_000),
  "limits.per_source.burst": count(2_000, 1, 1_000_000),
  // More than an honest stranger ever asks.
  "limits.strangers": choice(undefined, ["none"]),
  "limits.strangers.rate": count(10, 1, 100_000),
  "limits.strangers.burst": count(50, 1, 1_000_000),
} as const satisfies Rows;

export function words(): WordsOf<typeof KEYS> {
  const rate = (what: string, rest: string) => ({
    rate: `${what} a second.`,
    burst: `${what} at once, ${rest}. A rate above the default raises it to the rate.`,
  });
  return {
    limits: {
      default: "the limits below",
      words: "`none` removes all limits. Otherwise a mapping with the keys below.",
    },
    "limits.per_source": {
      default: "`{rate: 200, burst: 2000}`",
      words:
        "The limit of each address in `localnet`, for new requests. Above the limit, some requests get 503 with Retry-After, and the rest get no answer; emergency calls and BYEs pass. branchline reads up to ten times as many messages of all kinds from one address. A call centre behind one address may need more. `none` is no limit.",
    },
    ...under("limits.per_source", rate("New requests", "after a rest")),
    "limits.strangers": {
      default: "`{rate: 10, burst: 50}`",
      words:
        "The limit of each stranger's address, for messages; an IPv6 network of 64 bits counts as one address. The limit of all strangers together is twenty times as high. Gateways and upstream have no limit. A sender that shows one of branchline's tokens, or answers one of branchline's requests, counts as a phone. `none` is no limit.",
    },
    ...under("limits.strangers", rate("Messages", "after a rest")),
  };
}

export function pages(): PagesOf<typeof KEYS> {
  return {
    limits: {
      about: "How many requests one source address may send, so that a flood can't stop calls.",
      example: "limits: {per_source: {rate: 1000, burst: 5000}}",
    },
  };
}

export const LIMITS = section(KEYS, (reader, top) => loadLimits(reader, top.get("limits")));

type Limited = "limits.per_source" | "limits.strangers";

/** "none", or a mapping of which each key can be "none" too. */
function loadLimits(reader: Reader, place: Place | undefined): LimitSettings {
  if (isNone(reader, place, "limits")) return { perSource: NO_LIMIT, strangers: NO_LIMIT };
  const fields = fieldsOf(reader, place, KEYS, "limits");
  return {
    perSource: loadRate(reader, fields.get("per_source"), "limits.per_source"),
    strangers: loadRate(reader, fields.get("strangers"), "limits.strangers"),
  };
}

/** A higher rate alone raises the burst to at least that rate too. */
function loadRate(reader: Reader, place: Place | undefined, branch: Limited): Rate {
  if (isNone(reader, place, branch)) return NO_LIMIT;
  const fields = fieldsOf(reader, place, KEYS, branch);
  const rate = fields.count("rate");
  return { rate, burst: fields.count("burst", Math.max(rate, fields.standard("burst"))) };
}

/** Any other value that is no mapping is a fault. */
function isNone(reader: Reader, place: Place | undefined, branch: "limits" | Limited): boolean {
  if (place === undefined || reader.isMapping(place)) return false;
  const expected = `none or a mapping with the keys ${keysBelow(KEYS, branch).join(", ")}`;
  const text = reader.text(place, expected);
  if (text !== undefined && text !== "none") reader.fault(place, `must be ${expected}`);
  return true;
}
