/** What a call means at this site, without upstream's help. */
import { REPLACES } from "../../message/header-names.ts";
import { parseSipUri, type SipUri, uriPort } from "../../message/uri.ts";
import type { Target } from "../../proxy/router.ts";
import type { Tokens } from "../../proxy/tokens.ts";
import { plainNumber } from "../dialled-number.ts";
import { targetOf } from "../phones/binding.ts";
import type { AddressOfRecord, Binding, Bindings } from "../phones/bindings.ts";
import type { RequestFacts } from "../request-facts.ts";
import type { HuntGroup, Site } from "../site.ts";
import { findExtension, withoutSuffix } from "./extensions.ts";
import { isOwnNumber } from "./own-numbers.ts";

/**
 * "phone": that very phone, named by its own address. "group": the hunt group of this very number. "extension": all phones of a number.
 * "absent": an extension that no phone has, and where the file sends its calls, if anywhere. "outside": a number of the PSTN. "nobody":
 * it names somebody who isn't here.
 */
export type Callee =
  | { readonly kind: "phone"; readonly name: string; readonly targets: readonly Target[] }
  | { readonly kind: "group"; readonly group: HuntGroup }
  | { readonly kind: "extension"; readonly address: AddressOfRecord; readonly isBySuffix: boolean }
  | { readonly kind: "absent"; readonly forward: string | undefined }
  | { readonly kind: "outside"; readonly number: string }
  | { readonly kind: "nobody" };

const NOBODY: Callee = { kind: "nobody" };
const DIALLABLE = /^[\d*#+]+$/;

/** @param keptSince_ms bindings that expired before this don't count */
export function calleeOf(
  facts: RequestFacts,
  site: Pick<Site, "extensions" | "huntGroups" | "ownNumbers">,
  bindings: Bindings,
  keptSince_ms: number,
): Callee {
  const settings = site.extensions;
  const { number, host, uri, source, origin } = facts;
  const there = phonesNamed(facts, bindings, keptSince_ms);
  if (there.length > 0) return { kind: "phone", name: `phone at ${uri?.host ?? ""}`, targets: there };
  if (number === "") return NOBODY;
  // A phone that names a host of others means it; gateways write into every call what they have been told once.
  if (host === "elsewhere" && origin !== "gateway") return { kind: "outside", number };
  // What takes the place of a call that isn't there must not ring everybody.
  const group = host === "phone" && hasReplaces(facts) ? undefined : groupOf(number, site);
  if (group !== undefined) return { kind: "group", group };
  const address = findExtension(number, settings, bindings);
  if (address !== undefined) {
    const isBySuffix = findExtension(number, withoutSuffix(settings), bindings) === undefined;
    return { kind: "extension", address, isBySuffix };
  }
  const forward = settings.forwards.get(settings.aliases.get(number) ?? number)?.noAnswer;
  if (forward !== undefined) return { kind: "absent", forward };
  // A phone's address with another user: of a transfer it means a call that isn't there any more. Otherwise phones write
  // so what they forward to; and the caller's own address says nothing at all.
  const isTransfer = host === "phone" && hasReplaces(facts) && uri?.host !== source.address;
  if (isTransfer || (host === "phone" && !isDiallable(number))) return NOBODY;
  // The PSTN knows no extensions: there, 22 is nobody, or a service that costs money.
  return isOwnNumber(number, site) ? { kind: "absent", forward: undefined } : { kind: "outside", number };
}

/** The group of the rest is nobody's number. */
export const DEFAULT_GROUP = "default";

/** The hunt group that a dialled number names. */
export function groupOf(number: string, { huntGroups }: Pick<Site, "huntGroups">): HuntGroup | undefined {
  return number === DEFAULT_GROUP ? undefined : huntGroups.find(({ name }) => name === number);
}

/** The phones that a URI with a phone's own address means: by the user of their Contact, or of their address-of-record. */
export function phonesNamed(
  { host, uri }: Pick<RequestFacts, "host" | "uri">,
  bindings: Bindings,
  keptSince_ms: number,
): Target[] {
  if (host !== "phone" || uri === undefined) return [];
  const all = bindings.allNamed(uri);
  // Without a user it names one phone, or nobody knows which.
  const addresses = uri.user === undefined && all.length > 1 ? [] : all;
  const bound = addresses.flatMap((address) => address.bindings);
  const there = bound.filter((one) => one.expires_ms > keptSince_ms && isAt(one, uri));
  const same = there.filter(({ contact }) => contact === uri.text);
  const exact = same.length > 0 ? same : there.filter((one) => isContact(one, uri));
  return (exact.length > 0 ? exact : there).map(targetOf);
}

/**
 * The callee as people name it: the number, or the extension if the call names a phone by its Contact, or by the Contact of ours that
 * stands for it. Many phones make up the user of their Contact, such as 201-0x7f31c0.
 */
export function calledName(
  { uri, host, number, routes }: Pick<RequestFacts, "uri" | "host" | "number" | "routes">,
  bindings: Bindings,
  tokens: Pick<Tokens, "readContact">,
): string {
  const hidden = host === "us" ? tokens.readContact(uri?.user ?? "") : undefined;
  const place = hidden === undefined ? uri : { ...uri, user: hidden.user, host: hidden.flow.address };
  const isPhone = place?.user !== undefined && (host === "phone" || hidden !== undefined);
  const phone = isPhone ? bindings.findAt(place as SipUri) : undefined;
  return phone?.user ?? (number || routes.requestUri);
}

/** Whether a plain number can be dialled: no user part that only its phone knows. */
export function isDiallable(number: string): boolean {
  return DIALLABLE.test(number);
}

/** Whether it takes the place of another call (RFC 3891). */
export function hasReplaces({ request }: RequestFacts): boolean {
  return request.indexOf(REPLACES) >= 0;
}

function isAt({ flow, contact }: Binding, { host }: SipUri): boolean {
  return flow.address === host || parseSipUri(contact)?.host === host;
}

/** Its Contact, or that with the port behind a NAT that its REGISTER has come from. */
function isContact({ contact, flow }: Binding, uri: SipUri): boolean {
  const own = parseSipUri(contact);
  if (own === undefined || plainNumber(own.user ?? "") !== plainNumber(uri.user ?? "")) return false;
  const port = uriPort(uri);
  return port === uriPort(own) || (port === flow.port && uri.host === flow.address);
}
