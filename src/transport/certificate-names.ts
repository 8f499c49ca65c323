/**
 * Whether a certificate belongs to the domain that we meant to reach: RFC 5922 §7.1 and §7.2. That RFC knows no wildcards,
 * but hosted PBXs have certificates with one: they count where the file says so, with the limits of RFC 6125 §6.4.3.
 */
import { canonicalAddress, ipVersion } from "../base/ip-range.ts";
import { splitList } from "../message/text.ts";
import { parseSipUri } from "../message/uri.ts";

/**
 * @param domain the host of the URI, as it was before DNS
 * @param alternativeNames "DNS:example.com, URI:sip:example.com, IP Address:192.0.2.1", or undefined
 * @param commonName counts only where there are no alternative names
 * @param wildcards whether "*" may stand for the whole leftmost label of a host
 */
export function isNamedBy(
  domain: string,
  alternativeNames: string | undefined,
  commonName: string | undefined,
  wildcards = false,
): boolean {
  if (alternativeNames === undefined || alternativeNames === "") return isHost(commonName, domain, wildcards);
  return splitList(alternativeNames).some((entry) => {
    const colon = entry.indexOf(":");
    const kind = entry.slice(0, colon);
    const value = entry.slice(colon + 1);
    if (kind === "DNS") return isHost(value, domain, wildcards);
    if (kind === "IP Address") return ipVersion(domain) !== 0 && canonicalAddress(value) === canonicalAddress(domain);
    if (kind !== "URI") return false;
    const uri = parseSipUri(value);
    return uri?.scheme === "sip" && uri.user === undefined && isDomain(uri.host, domain);
  });
}

function isDomain(name: string | undefined, domain: string): boolean {
  return name !== undefined && ipVersion(domain) === 0 && name.toLowerCase() === domain.toLowerCase();
}

function isHost(name: string | undefined, domain: string, wildcards: boolean): boolean {
  return isDomain(name, domain) || (wildcards && name !== undefined && isCovered(name, domain));
}

/** Whether `name` is "*" before what follows the first label of `domain`, which must be two labels at least. */
function isCovered(name: string, domain: string): boolean {
  const dot = domain.indexOf(".");
  const behind = domain.slice(dot + 1);
  const labels = behind.split(".");
  const hasParent = dot > 0 && labels.length >= 2 && labels.every((label) => label !== "");
  return hasParent && name.startsWith("*.") && isDomain(name.slice(2), behind) && ipVersion(domain) === 0;
}
