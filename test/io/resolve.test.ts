/** What commands find out about a name: what DNS has said, and about what it was silent. */
import { afterEach, expect, test } from "vitest";
import { resolve } from "../../src/io/node/resolve.ts";
import { OwnListener } from "../../src/transport/own-listener.ts";
import { DnsServer, type Manner } from "../support/dns-server.ts";

const HOST = "pbx.hq.example";
/** Long enough for a server on loopback, and less than one try of a question. */
const LIMIT_ms = 1_400;
const LISTENER = new OwnListener(0, { at: "127.0.0.1", version: 4, protocol: "udp", port: 5060, advertise: undefined });

let server: DnsServer | undefined;

afterEach(async () => {
  await server?.close();
});

async function ask(manners: Readonly<Record<string, Manner>>, hasAddress: boolean, port?: number) {
  const dns = await DnsServer.open();
  server = dns;
  dns.zone.set(HOST, hasAddress ? [{ type: "A", address: "192.0.2.7" }] : []);
  for (const [type, manner] of Object.entries(manners)) dns.manners.set(type, manner);
  const found = await resolve([LISTENER], { host: HOST, port, protocol: undefined }, [dns.address], LIMIT_ms);
  return { ...found, addresses: found.addresses?.map(({ address }) => address) };
}

test.each<[string, Record<string, Manner>, boolean, readonly string[] | undefined, readonly string[]]>([
  ["A is answered, NAPTR and SRV aren't", { NAPTR: "silent", SRV: "silent" }, true, ["192.0.2.7"], ["NAPTR", "SRV"]],
  ["A isn't answered, NAPTR and SRV are", { A: "silent" }, true, undefined, ["A"]],
  ["A fails at the server", { A: "servfail" }, true, undefined, ["A"]],
  [
    "A has no address, NAPTR and SRV aren't answered",
    { NAPTR: "silent", SRV: "silent" },
    false,
    undefined,
    ["NAPTR", "SRV"],
  ],
  ["all is answered, without an address", {}, false, [], []],
  ["all is answered", {}, true, ["192.0.2.7"], []],
  ["nothing is answered", { A: "silent", NAPTR: "silent", SRV: "silent" }, true, undefined, ["A", "NAPTR", "SRV"]],
])("%s", async (_, manners, hasAddress, addresses, silent) => {
  expect(await ask(manners, hasAddress)).toMatchObject({ addresses, silent, asked: ["A", "NAPTR", "SRV"] });
});

test("a target with a port is asked for by A alone", async () => {
  expect(await ask({ A: "silent" }, true, 5060)).toMatchObject({ addresses: undefined, silent: ["A"], asked: ["A"] });
});

test("where SRV leads to a name whose address isn't answered, no address is claimed to be missing", async () => {
  const dns = await DnsServer.open();
  server = dns;
  dns.zone.set(`_sip._udp.${HOST}`, [{ type: "SRV", srv: [1, 1, 5060, "a.hq.example"] }]);
  dns.manners.set("A", "silent");
  const found = await resolve(
    [LISTENER],
    { host: HOST, port: undefined, protocol: undefined },
    [dns.address],
    LIMIT_ms,
  );
  expect(found).toMatchObject({ addresses: undefined, silent: ["A"] });
});
