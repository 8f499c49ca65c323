/** RFC 3261 §12.1.1: whether gateways copy our Record-Route into their 200s, as the branchline that runs has seen them. */
import { NO_RECORD_ROUTE, RECORD_ROUTE_CURE } from "../../policy/peers/answered-calls.ts";
import { type Facts, type Verdict, warning } from "./facts.ts";

/** Gateways that don't: their calls end without a BYE here. */
export function recordRoutes({ status }: Pick<Facts, "status">): Verdict[] {
  const found = (status?.gateways ?? []).filter(({ record_route }) => record_route === "missing");
  return found.map(({ name }) =>
    warning(`gateway ${name} ${NO_RECORD_ROUTE}`, [`# ${RECORD_ROUTE_CURE}`], { peer: name }),
  );
}
