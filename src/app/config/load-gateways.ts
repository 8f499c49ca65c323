/** The file's `gateways`. */
import { ipVersion } from "../../base/ip-range.ts";
import { uriPort } from "../../message/uri.ts";
import type { Gateway } from "../../policy/site.ts";
import { readUri } from "./read-uri.ts";
import type { Place, Reader } from "./reader.ts";

export function loadGateways(reader: Reader, place: Place): Gateway[] {
  const gateways: Gateway[] = [];
  for (const item of reader.items(place)) {
    const isLong = reader.isMapping(item);
    const fields = isLong ? reader.fields(item, ["uri"]) : undefined;
    const where = isLong ? reader.required(fields, "uri", "sip:10.10.1.3", (found) => found) : item;
    const uri = where === undefined ? undefined : readUri(reader, where, "sip:10.10.1.3");
    if (uri === undefined || where === undefined) continue;
    if (ipVersion(uri.host) === 0) {
      reader.fault(where, `"${uri.text}" must name the gateway by its IP address: DNS is gone when it is needed`);
    } else if (gateways.some((one) => one.uri.host === uri.host && uriPort(one.uri) === uriPort(uri))) {
      reader.fault(where, `${uri.text} is listed twice; remove one`);
    } else {
      gateways.push({ uri });
    }
  }
  return gateways;
}
