/** Phones that have their outbound proxy by name, and how what they say about it must not reach the PBX. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { uriIn } from "../../sip/message.ts";
import type { SipMessage } from "../../sip/sip-message.ts";
import { DnsServer } from "../../support/dns-server.ts";
import type { Endpoint } from "./addresses.ts";
import { defer } from "./cleanup.ts";
import type { Names } from "./phone.ts";
import { temporaryFolder } from "./temporary-folder.ts";

export const DOMAIN = "pbx.example.com";
export const OUR_NAME = "branch.example.com";

/**
 * The names of both, as a DNS server and as a file. It closes when the test ends.
 * @param host where the DNS server is
 */
export async function nameService(proxy: Endpoint, pbx: Endpoint, host: string): Promise<Names> {
  const dns = await DnsServer.open(host);
  defer(() => dns.close());
  dns.zone.set(DOMAIN, [{ type: "A", address: pbx.host }]);
  dns.zone.set(OUR_NAME, [{ type: "A", address: proxy.host }]);
  const hosts = join(temporaryFolder(), "hosts");
  writeFileSync(hosts, `127.0.0.1 localhost\n${pbx.host} ${DOMAIN}\n${proxy.host} ${OUR_NAME}\n`);
  return { outbound: OUR_NAME, hosts, dns: dns.address };
}

/** A first request came to the PBX without any Route, and one within a call with the PBX's own on top. */
export function expectNoRouteOfOurs(requests: readonly SipMessage[], pbx: Endpoint): void {
  for (const request of requests) {
    const hosts = request.list("route").map((route) => uriIn(route).replace(/^.*@|^sip:|;.*$/g, ""));
    expect(hosts, request.wire).not.toContain(OUR_NAME);
    if (request.tagOf("to") === "") expect(hosts, request.wire).toEqual([]);
    // An ACK to a refusal belongs to no call.
    else if (hosts.length > 0) expect(hosts[0], request.wire).toBe(pbx.host);
  }
}
