/** What the host of a URI is to this site: decided here, for Request-URIs and for the Contacts of redirects. */
import type { SipUri } from "../../message/uri.ts";
import type { HostMeaning } from "../request-facts.ts";
import type { Staff } from "../situation.ts";

/** @param isRegistrar it is the Request-URI of a REGISTER: a name that the file doesn't state to be ours is the registrar's */
export function hostMeaning(
  uri: SipUri,
  { own, gateways, upstreams, registrar: { bindings }, site }: Staff,
  isRegistrar: boolean,
): HostMeaning {
  const { host } = uri;
  if (isRegistrar ? own.isStated(uri) : own.hasUri(uri)) return "us";
  if (gateways.find(uri) !== undefined) return "gateway";
  if (upstreams.isHost(host, bindings) || bindings.hasDomain(host)) return "home";
  if (site.localnet.contains(host) || bindings.isPhoneAt(host)) return "phone";
  return "elsewhere";
}
