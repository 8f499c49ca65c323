/**
 * Public GRUUs (RFC 5627): a registrar gives a phone a URI in its own domain, "sip:201@pbx.example.com;gr=INSTANCE", and the
 * phone puts it into its Contact. A request to such a Contact must not depend on whether the registrar lives.
 */
import { uriParameter } from "../../message/uri.ts";
import type { RoutedRequest, Target } from "../../proxy/router.ts";
import { addressOfRecord } from "./address-of-record.ts";
import { targetOf } from "./binding.ts";
import type { Bindings } from "./bindings.ts";

/** The phone here that the Request-URI means, if it is the GRUU of one and no Route is left that goes before it. */
export function gruuTarget({ uri, routes }: RoutedRequest, bindings: Bindings): Target | undefined {
  if (uri?.user === undefined || routes.remaining.length > 0) return undefined;
  const instance = bare(uriParameter(uri, "gr") ?? "");
  if (instance === "") return undefined;
  const address = bindings.find(addressOfRecord(uri));
  const binding = address?.bindings.find((one) => bare(one.instance) === instance);
  return binding && targetOf(binding);
}

/** +sip.instance is a quoted URN in angle brackets, gr the URN alone. */
function bare(instance: string): string {
  return instance.replace(/["<>]/g, "").toLowerCase();
}
