/** Names and Contacts of phones as a file or another member of a cluster tells them: believed no more than a REGISTER. */

import { isText } from "../../message/plain-data.ts";
import { hostText, parseSipUri } from "../../message/uri.ts";
import { addressOfRecord } from "./address-of-record.ts";
import { readContact } from "./register-wishes.ts";

/** The parameters of a Contact as a REGISTER could have brought it, and as we can write it in one; undefined for any other. */
export function contactParameters(uri: string, parameters: string): string | undefined {
  if (!isText(uri) || !isText(parameters)) return undefined;
  const read = readContact(`<${uri}>${parameters}`, 0);
  return read?.isWhole === true && read.wish.uri === uri ? read.wish.parameters : undefined;
}

/** The name of an address-of-record in its canonical form: older versions have kept it as it came. */
export function canonicalName(name: string): string | undefined {
  const at = name.lastIndexOf("@");
  const host = hostText(name.slice(at + 1));
  const uri = at < 0 ? undefined : parseSipUri(at === 0 ? `sip:${host}` : `sip:${name.slice(0, at)}@${host}`);
  return uri === undefined || uri.port !== undefined || uri.parameters + uri.headers !== ""
    ? undefined
    : addressOfRecord(uri);
}
