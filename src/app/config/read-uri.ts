/** SIP URIs and phrases in the file. */

import { parseSipUri, type SipUri, uriParameter } from "../../message/uri.ts";
import { DIALLED } from "../../transport/flow.ts";
import { hopOf } from "../../transport/locator.ts";
import type { Place, Reader } from "./reader.ts";
import { listed } from "./suggestions.ts";

export function readUri(reader: Reader, place: Place, example: string): SipUri | undefined {
  const text = reader.text(place, `a SIP URI, such as ${example}`);
  if (text === undefined) return undefined;
  const uri = parseSipUri(text);
  if (uri?.scheme === "sips") {
    reader.fault(place, `"${text}" wants TLS; write it as sip: with ;transport=tls`);
    return undefined;
  }
  if (uri === undefined) {
    reader.fault(place, `"${text}" is not a SIP URI; write it like ${example}`);
    return undefined;
  }
  const transport = uriParameter(uri, "transport");
  if (transport !== undefined && !DIALLED.some((one) => one === hopOf(uri).protocol)) {
    reader.fault(place, `"${text}" wants ${transport}; branchline calls by ${listed(DIALLED, "and")}`);
    return undefined;
  }
  return uri;
}

/**
 * A text of one line.
 * @param use what it becomes
 */
export function readPhrase(reader: Reader, place: Place, use: string): string | undefined {
  const text = reader.text(place, "a text of one line");
  if (text !== undefined && /[\r\n]/.test(text)) {
    reader.fault(place, `must be one line: it becomes ${use}`);
    return undefined;
  }
  return text;
}
