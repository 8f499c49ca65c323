/** The addresses of all parties on loopback. Phones and upstream differ in address, because a proxy tells them apart by it. */
import { type Address, hostPort } from "../sip/address.ts";

export { type Address, hostPort } from "../sip/address.ts";
export { DOMAIN } from "../sip/build.ts";

export const PROXY: Address = { host: "127.0.0.1", port: 5060 };
export const UPSTREAM: Address = { host: "127.0.0.3", port: 5070 };
export const GATEWAY: Address = { host: "127.0.0.4", port: 5090 };
/** Of members that all have the proxy's address, each in a network of its own. */
export const MEMBER_HOSTS: readonly string[] = [1, 2, 3].map((network) => `10.9.${network}.2`);
/** Where the proxy serves its page. */
export const HTTP: Address = { host: "127.0.0.1", port: 8080 };
export const PHONES_SUBNET = "127.0.2.0/24";

/** A branch's worth of phones, each with an address of its own, so that limits per source see a branch and not one flood. */
export const PHONES: readonly Address[] = Array.from({ length: 50 }, (_, index) => ({
  host: `127.0.2.${index + 1}`,
  port: 5062,
}));

/** The URIs of the phones that ring when the gateway calls; the first one answers. */
export const RINGING: readonly string[] = PHONES.slice(0, 5).map(
  (phone, index) => `sip:${401 + index}@${hostPort(phone)}`,
);
