/** Addresses for a site that speaks IPv6: a namespace, since loopback has but one such address. */
import { Namespace } from "./namespace.ts";
import type { Places } from "./torture-rig.ts";

export function ipv6Places(): Places {
  const space = Namespace.create("torture");
  const hosts = { proxy: "fd00:9::1", phone: "fd00:9::21", upstream: "2001:db8:fe::10" };
  for (const host of Object.values(hosts)) space.addAddress(`${host}/128`);
  const at = (host: string) => ({ host, port: 5060 });
  return { proxy: at(hosts.proxy), phone: at(hosts.phone), upstream: at(hosts.upstream), namespace: space.name };
}
