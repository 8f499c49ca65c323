/** resolv.conf and hosts as text, and how a server is written. */
import { describe, expect, test } from "vitest";
import { parseHosts, parseResolvConf } from "../../../src/transport/dns/resolver-files.ts";
import { Servers, SILENT_ms, serverOf } from "../../../src/transport/dns/servers.ts";

describe("resolv.conf", () => {
  test.each([
    ["", ["127.0.0.1"], []],
    ["nameserver 192.0.2.1\nnameserver 2001:db8::1 # office\n", ["192.0.2.1", "2001:db8::1"], []],
    [
      "; no\n# no\nnameserver fe80::1%eth0\nnameserver nonsense\nnameserver\nnameserver fe80::1%br-lan.2\n",
      ["fe80::1%eth0", "fe80::1%br-lan.2"],
      [],
    ],
    ["domain Example.COM.\nsearch a.example  b.example\r\n", ["127.0.0.1"], ["a.example", "b.example"]],
    ["search .\n", ["127.0.0.1"], []],
    ["search a b c d e f g h\n", ["127.0.0.1"], ["a", "b", "c", "d", "e", "f"]],
    ["nameserver 192.0.2.1\n".repeat(9), ["192.0.2.1", "192.0.2.1", "192.0.2.1"], []],
  ])("%j", (text, servers, search) => {
    expect(parseResolvConf(text)).toMatchObject({ servers, search });
  });

  test.each([
    ["", 1, undefined, undefined],
    ["options ndots:2 timeout:1 attempts:3", 2, 1_000, 3],
    ["options timeout:0 attempts:0 ndots:0", 0, 1_000, 1],
    ["options ndots:99", 15, undefined, undefined],
    ["options ndots:2\noptions rotate ndots:3 edns0", 3, undefined, undefined],
    ["options ndots: ndots:x timeout attempts:-1 timeout:99999999", 1, undefined, undefined],
  ])("%j", (text, ndots, timeout_ms, attempts) => {
    expect(parseResolvConf(text)).toMatchObject({ ndots, timeout_ms, attempts });
  });
});

test("hosts: comments, several names, both versions, nonsense", () => {
  const hosts = parseHosts(
    "127.0.0.1\tlocalhost # me\n::1 localhost LOOP\n#10.0.0.1 no\n10.0.0.999 no\nfe80::1%lo no\n\n",
  );
  expect([...hosts]).toEqual([
    ["localhost", ["127.0.0.1", "::1"]],
    ["loop", ["::1"]],
  ]);
});

describe("servers", () => {
  test.each([
    ["192.0.2.1", "192.0.2.1", 53],
    ["192.0.2.1:5353", "192.0.2.1", 5353],
    ["::1", "::1", 53],
    ["2001:db8::53", "2001:db8::53", 53],
    ["[::1]", "::1", 53],
    ["[::1]:5353", "::1", 5353],
    ["fe80::1%eth0", "fe80::1%eth0", 53],
    ["[fe80::1%eth0.10]:54", "fe80::1%eth0.10", 54],
  ])("%s", (text, address, port) => {
    expect(serverOf(text)).toEqual({ address, port });
  });

  test("one that has been silent comes last for a while", () => {
    const servers = new Servers();
    const texts = ["192.0.2.1", "192.0.2.2", "192.0.2.3"];
    const order = (now_ms: number) => servers.inOrder(texts, now_ms).map(({ address }) => address);
    expect(order(0)).toEqual(texts);
    servers.of(serverOf("192.0.2.1")).silentUntil_ms = SILENT_ms;
    expect(order(SILENT_ms - 1)).toEqual(["192.0.2.2", "192.0.2.3", "192.0.2.1"]);
    expect(order(SILENT_ms)).toEqual(texts);
  });
});
