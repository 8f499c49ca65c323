/** The file's `limits`: how much each source may ask. */

import { NO_LIMIT, type Rate } from "../../base/token-bucket.ts";
import type { LimitSettings } from "../../policy/site.ts";
import { fieldsOf } from "./fields.ts";
import { keysBelow } from "./keys.ts";
import type { Place, Reader } from "./reader.ts";

type Limited = "limits.per_source" | "limits.strangers";

/** "none", or a mapping of which each key can be "none" too. */
export function loadLimits(reader: Reader, place: Place | undefined): LimitSettings {
  if (isNone(reader, place, "limits")) return { perSource: NO_LIMIT, strangers: NO_LIMIT };
  const fields = fieldsOf(reader, place, "limits");
  return {
    perSource: loadRate(reader, fields.get("per_source"), "limits.per_source"),
    strangers: loadRate(reader, fields.get("strangers"), "limits.strangers"),
  };
}

/** A higher rate alone raises the burst to at least that rate too. */
function loadRate(reader: Reader, place: Place | undefined, branch: Limited): Rate {
  if (isNone(reader, place, branch)) return NO_LIMIT;
  const fields = fieldsOf(reader, place, branch);
  const rate = fields.count("rate");
  return { rate, burst: fields.count("burst", Math.max(rate, fields.standard("burst"))) };
}

/** Whatever else is no mapping is a fault. */
function isNone(reader: Reader, place: Place | undefined, branch: "limits" | Limited): boolean {
  if (place === undefined || reader.isMapping(place)) return false;
  const expected = `none or a mapping with the keys ${keysBelow(branch).join(", ")}`;
  const text = reader.text(place, expected);
  if (text !== undefined && text !== "none") reader.fault(place, `must be ${expected}`);
  return true;
}
