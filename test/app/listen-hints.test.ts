/** Addresses of listen that this router doesn't have. */
import { expect, test } from "vitest";
import { hints } from "./files.ts";

const net = "localnet: [10.222.237.0/24]\n";
const there = ["eth0", "eth1"];
const own = ["127.0.0.1", "10.50.0.1", "10.99.0.1", "2001:db8:7::1", "fe80::1"];

test.each([
  [
    "listen: [udp:10.50.0.1, udp:10.99.0.9]",
    "1:25 listen[1]: names 10.99.0.9, which isn't here now; did you mean 10.99.0.1?",
  ],
  [
    "listen: [udp:10.50.0.1, tcp:192.0.2.7]",
    "1:25 listen[1]: names 192.0.2.7, which isn't here now; there are 10.50.0.1, 10.99.0.1",
  ],
  ["listen: [udp:10.99.0.11]", "1:10 listen[0]: names 10.99.0.11, which isn't here now; did you mean 10.99.0.1?"],
  [
    'listen: ["udp:[2001:db8:7::9]"]',
    "1:10 listen[0]: names 2001:db8:7::9, which isn't here now; did you mean 2001:db8:7::1?",
  ],
])("%s: an address that isn't here is a hint too", (line, hint) => {
  expect(hints(`${line}\n${net}`, there, own)).toEqual([hint]);
  expect(hints(`${line}\n${net}`, undefined)).toEqual([]);
});

test.each([
  ["is the router's, however it is spelled", "listen: [udp:10.50.0.1, udp:127.0.0.9, 'udp:[2001:DB8:7:0::1]']"],
  ["is another router's, as all the others are", "listen: [udp:192.168.7.1, udp:203.0.113.2]"],
])("an address is no hint where it %s", (_, line) => {
  expect(hints(`${line}\n${net}`, there, own)).toEqual([]);
});
