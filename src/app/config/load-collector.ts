/** Where something is sent that is no SIP: an IP address and a port. A name would have to be asked for amid an outage. */
import { ipVersion, isUnicast } from "../../base/ip-range.ts";
import { hostText, splitHostPort } from "../../message/uri.ts";
import type { Place, Reader } from "./reader.ts";

export interface Collector {
  /** IPv6 without brackets. */
  readonly address: string;
  readonly port: number;
}

/**
 * @param standard the port where the text names none
 * @param lead what stands before the address in the file
 */
export function loadCollector(
  reader: Reader,
  place: Place,
  text: string,
  standard: number,
  lead = "",
): Collector | undefined {
  const end = splitHostPort(ipVersion(text) === 6 ? hostText(text) : text);
  if (end !== undefined && ipVersion(end.host) !== 0 && isUnicast(end.host)) {
    return { address: end.host, port: end.port ?? standard };
  }
  const example = `${lead}10.10.9.1`;
  reader.fault(place, `"${lead}${text}" must have an IP address, such as ${example} or ${example}:${standard}`);
  return undefined;
}
