/** What upstream sends to a Contact that we hid goes to the phone behind it, which gets its own URI back. */
import { hostText, parseSipUri } from "../../message/uri.ts";
import { endsAtGateway, isOutside } from "../dialling.ts";
import { decision } from "../plan.ts";
import type { RoutingRule } from "../situation.ts";

export const contact: RoutingRule = ({ uri, host, origin }, situation) => {
  const { tokens, registrar } = situation;
  if (uri?.user === undefined || host !== "us") return undefined;
  const phone = tokens.readContact(uri.user);
  if (phone === undefined) return undefined;
  const { flow, user } = phone;
  const requestUri = registrar.contactOf(flow, user) ?? `sip:${user}@${hostText(flow.address)}:${flow.port}`;
  if (isOutside(origin) && endsAtGateway(parseSipUri(requestUri), flow, situation)) return undefined;
  const target = { requestUri, nextHop: flow };
  const what = `phone at ${flow.address}`;
  return decision("contact", `our Contact stands for ${flow.address}`, { kind: "fork", what, targets: [target] });
};
