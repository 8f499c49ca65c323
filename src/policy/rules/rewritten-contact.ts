/**
 * A PBX that mends NAT by the source address of what it gets writes our address in the place of a phone's: the user and the
 * parameters of the phone's Contact are what is left of it.
 */
import { parseSipUri, type SipUri } from "../../message/uri.ts";
import type { AddressOfRecord, Binding } from "../phones/bindings.ts";
import type { RequestFacts } from "../request-facts.ts";
import type { Situation } from "../situation.ts";

/**
 * The bindings that a Request-URI with our own host means: those whose Contact has its user, the ones with the same parameters
 * first; else those of the only address-of-record with that user.
 * @param keptSince_ms bindings that expired before this don't count
 */
export function phonesBehindUs(
  { number, uri }: RequestFacts,
  { registrar: { bindings } }: Situation,
  keptSince_ms: number,
): Binding[] {
  const live = (list: readonly AddressOfRecord[]) =>
    list.flatMap((address) => address.bindings.filter(({ expires_ms }) => expires_ms > keptSince_ms));
  const named = live(bindings.allByContactUser(number)).filter(
    ({ contact }) => parseSipUri(contact)?.user === uri?.user,
  );
  const same = named.filter(({ contact }) => isSameButHost(parseSipUri(contact), uri));
  if (same.length > 0) return same;
  if (named.length > 0) return named;
  const addresses = bindings.allByUser(number);
  return addresses.length === 1 ? live(addresses) : [];
}

function isSameButHost(a: SipUri | undefined, b: SipUri | undefined): boolean {
  return a !== undefined && b !== undefined && a.parameters === b.parameters;
}
