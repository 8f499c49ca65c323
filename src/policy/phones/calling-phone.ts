/** Which phone a request comes from. */
import type { Request } from "../../message/message.ts";
import { type Flow, isSameFlow } from "../../transport/flow.ts";
import { callerOf, userOf } from "./address-of-record.ts";
import type { AddressOfRecord, Bindings } from "./bindings.ts";

/**
 * From names the caller. Where it names nobody who is registered, as in an anonymous call, the phone is known by the way that the request
 * has come: several, if one device has registered several numbers.
 */
export function callingPhones(
  request: Request,
  source: Flow,
  bindings: Pick<Bindings, "findUser" | "allAt">,
): readonly AddressOfRecord[] {
  const named = bindings.findUser(userOf(callerOf(request)));
  if (named !== undefined) return [named];
  return bindings.allAt(source.address).filter((one) => one.bindings.some(({ flow }) => isSameFlow(flow, source)));
}
