/** What upstream sends to a Contact that we hid goes to the phone behind it, which gets its own URI back. */
import { hostText, parseSipUri } from "../../message/uri.ts";
import { nameFlow } from "../../transport/flow.ts";
import { decision } from "../plan.ts";
import type { RoutingRule } from "../situation.ts";
import { isBarred, isOutside, NO_DIALLING_OUT } from "./outside.ts";

export const contact: RoutingRule = (facts, situation) => {
  const { uri, host, origin } = facts;
  const { tokens, registrar } = situation;
  if (uri?.user === undefined || host !== "us") return undefined;
  const phone = tokens.readContact(uri.user);
  if (phone === undefined) return undefined;
  const { flow, user } = phone;
  const requestUri = registrar.contactOf(flow, user) ?? `sip:${user}@${hostText(flow.address)}:${flow.port}`;
  const own = parseSipUri(requestUri);
  // A token has no end: where gateway and phone share a port, the registration tells that it is a phone.
  if (isBarred({ ...facts, uri: own }, flow, situation)) {
    if (isOutside(origin)) return undefined;
    return decision("contact", "upstream may not dial out", NO_DIALLING_OUT);
  }
  const target = { requestUri, nextHop: nameFlow(flow) };
  const what = `phone at ${flow.address}`;
  return decision("contact", `our Contact stands for ${flow.address}`, { kind: "fork", what, targets: [target] });
};
