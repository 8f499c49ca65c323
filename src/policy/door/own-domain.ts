/** Our own host is our own domain: what a phone calls there is meant for upstream, or for this site. */
import { hostText } from "../../message/uri.ts";
import type { Target } from "../../proxy/router.ts";
import type { Hop } from "../../transport/locator.ts";
import type { RequestFacts } from "../request-facts.ts";

/** Parameters that say how to reach us. */
const OURS = /^\s*(transport|maddr|lr|ttl)\s*(=|$)/i;

/** The Request-URI under upstream's host, its user as it came; nothing where the host isn't ours. */
export function underUpstream({ host, uri }: RequestFacts, hop: Hop): Partial<Target> {
  if (host !== "us" || uri?.user === undefined) return {};
  const port = hop.port === undefined ? "" : `:${hop.port}`;
  const parameters = uri.parameters.split(";").filter((part) => !OURS.test(part));
  return { requestUri: `${uri.scheme}:${uri.user}@${hostText(hop.host)}${port}${parameters.join(";")}` };
}
