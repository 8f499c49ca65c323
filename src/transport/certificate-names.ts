/** Whether a certificate belongs to the domain that we meant to reach: RFC 5922 §7.1 and §7.2. */
import { canonicalAddress, ipVersion } from "../base/ip-range.ts";
import { splitList } from "../message/text.ts";
import { parseSipUri } from "../message/uri.ts";

/**
 * @param domain the host of the URI, as it was before DNS; no wildcard stands for it
 * @param alternativeNames "DNS:example.com, URI:sip:example.com, IP Address:192.0.2.1", or undefined
 * @param commonName counts only where there are no alternative names
 */
export function isNamedBy(
  domain: string,
  alternativeNames: string | undefined,
  commonName: string | undefined,
): boolean {
  if (alternativeNames === undefined || alternativeNames === "") return isDomain(commonName, domain);
  return splitList(alternativeNames).some((entry) => {
    const colon = entry.indexOf(":");
    const kind = entry.slice(0, colon);
    const value = entry.slice(colon + 1);
    if (kind === "DNS") return isDomain(value, domain);
    if (kind === "IP Address") return ipVersion(domain) !== 0 && canonicalAddress(value) === canonicalAddress(domain);
    if (kind !== "URI") return false;
    const uri = parseSipUri(value);
    return uri?.scheme === "sip" && uri.user === undefined && isDomain(uri.host, domain);
  });
}

function isDomain(name: string | undefined, domain: string): boolean {
  return name !== undefined && ipVersion(domain) === 0 && name.toLowerCase() === domain.toLowerCase();
}
