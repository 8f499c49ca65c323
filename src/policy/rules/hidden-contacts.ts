/** `registration: contact`: in the answer to a REGISTER, phones must find their own Contacts again. */
import { CONTACT } from "../../message/header-names.ts";
import type { Response } from "../../message/message.ts";
import { parseNameAddr } from "../../message/name-addr.ts";
import { parse } from "../../message/parse.ts";
import { rewriteValues } from "../../message/rewrite-list.ts";
import { Splice } from "../../message/splice.ts";
import { hostText, parseSipUri } from "../../message/uri.ts";
import type { OwnAddresses } from "../../proxy/own-addresses.ts";
import type { RoutedRequest } from "../../proxy/router.ts";
import type { Tokens } from "../../proxy/tokens.ts";
import { type Flow, isSameFlow } from "../../transport/flow.ts";
import type { Situation } from "../situation.ts";

/** The response with each Contact that is ours replaced by the phone's own. */
export function showContacts(
  response: Response,
  routed: RoutedRequest,
  { own, tokens, registrar }: Pick<Situation, "own" | "tokens" | "registrar">,
): Response {
  if (response.indexOf(CONTACT) < 0) return response;
  const originalOf = (flow: Flow, user: string) => ownContact(routed, flow, user) ?? registrar.contactOf(flow, user);
  const values = response.list(CONTACT).map((value) => shown(value, own, tokens, originalOf));
  const splice = new Splice(response.wire);
  rewriteValues(response, splice, CONTACT, "Contact", values);
  const changed = parse(splice.build());
  return changed.kind === "response" ? changed : response;
}

type FindOriginal = (flow: Flow, user: string) => string | undefined;

function shown(value: string, own: OwnAddresses, tokens: Tokens, originalOf: FindOriginal): string {
  const contact = parseNameAddr(value);
  const uri = contact === undefined ? undefined : parseSipUri(contact.uri);
  if (contact === undefined || uri?.user === undefined || !own.hasUri(uri)) return value;
  const phone = tokens.readContact(uri.user);
  if (phone === undefined) return value;
  const { flow, user } = phone;
  const original = originalOf(flow, user) ?? `sip:${user}@${hostText(flow.address)}:${flow.port}`;
  return `<${original}>${contact.parameters}`;
}

/** The Contact that the REGISTER itself carries for this user. */
function ownContact({ request, source }: RoutedRequest, flow: Flow, user: string): string | undefined {
  if (!isSameFlow(flow, source)) return undefined;
  const uris = request.list(CONTACT).map((value) => parseNameAddr(value)?.uri ?? "");
  return uris.find((uri) => parseSipUri(uri)?.user === user);
}
