/** The names of addresses-of-record in their canonical form, by which they are kept and compared (RFC 3261 §10.3 item 5). */
import type { Request } from "../../message/message.ts";
import type { SipUri } from "../../message/uri.ts";

/** What stays escaped beside controls and spaces, since it would begin another part of the name, or end it. */
const STAYS_ESCAPED = '%:@<>"';

/** "user@domain": escapes read, password and parameters gone, the domain in lower case and without a dot at its end. */
export function addressOfRecord({ user = "", host }: SipUri): string {
  return `${plainUser(user)}@${host}`;
}

let lastNamed: { readonly request: Request; readonly name: string } | undefined;

/** The address-of-record that a REGISTER is about; "" when To has no SIP URI. The rule and the registrar ask several times in a row. */
export function nameOf(request: Request): string {
  if (lastNamed?.request !== request) {
    const { toUri } = request;
    lastNamed = { request, name: toUri === undefined ? "" : addressOfRecord(toUri) };
  }
  return lastNamed.name;
}

/** The address-of-record of the phone that has sent a request; "" when From has no SIP URI. */
export function callerOf(request: Request): string {
  const { fromUri } = request;
  return fromUri === undefined ? "" : addressOfRecord(fromUri);
}

/** The user of an address-of-record. */
export function userOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf("@")));
}

/** A user part without its password, and with each escape read that names an ordinary character: its own canonical form. */
function plainUser(user: string): string {
  const colon = user.indexOf(":");
  const name = colon < 0 ? user : user.slice(0, colon);
  if (!name.includes("%")) return name;
  return name.replace(/%([0-9A-Fa-f]{2})/g, (escaped, digits: string) => {
    const code = Number.parseInt(digits, 16);
    const character = String.fromCharCode(code);
    const isOrdinary = code > 0x20 && code !== 0x7f && !STAYS_ESCAPED.includes(character);
    return isOrdinary ? character : escaped.toUpperCase();
  });
}
