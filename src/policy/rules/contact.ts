/** What upstream sends to a Contact that we hid goes to the phone behind it, which gets its own URI back. */
import { hostText } from "../../message/uri.ts";
import { isOutside } from "../dialling.ts";
import { decision } from "../plan.ts";
import type { RoutingRule } from "../situation.ts";

export const contact: RoutingRule = ({ uri, host, origin }, { tokens, registrar, gateways }) => {
  if (uri?.user === undefined || host !== "us") return undefined;
  const phone = tokens.readContact(uri.user);
  if (phone === undefined) return undefined;
  const { flow, user } = phone;
  if (isOutside(origin) && gateways.findAddress(flow.address) !== undefined) return undefined;
  const requestUri = registrar.contactOf(flow, user) ?? `sip:${user}@${hostText(flow.address)}:${flow.port}`;
  const target = { requestUri, nextHop: flow };
  const what = `phone at ${flow.address}`;
  return decision("contact", `our Contact stands for ${flow.address}`, { kind: "fork", what, targets: [target] });
};
