/** A DNS server at a link-local address, which only means something with the interface behind it: resolv.conf of many routers. */
import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { cleanUpAfterEach, defer } from "../peers/support/cleanup.ts";
import { Namespace } from "../peers/support/namespace.ts";
import { pathOf } from "../peers/support/peers.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const HOST = "pbx.example.com";

cleanUpAfterEach();

/** Client and server in one process, within the namespace. */
const PROGRAM = `
import { NodeDns } from "./src/io/node/dns.ts";
import { DnsServer } from "./test/support/dns-server.ts";
const [folder = ""] = process.argv.slice(2);
const files = { hosts: folder + "/hosts", resolvConf: folder + "/resolv.conf" };
const server = await DnsServer.open("fe80::53%stub0", 53);
server.zone.set("${HOST}", [{ type: "A", address: "192.0.2.1" }]);
const ask = () => new Promise((resolve) => {
  const dns = new NodeDns((_question, answer) => { dns.close(); resolve(answer?.records); }, [], files);
  dns.query({ type: "A", name: "${HOST}" });
});
const first = await ask();
server.manner = "truncates";
console.log(JSON.stringify([first, await ask(), server.byTcp]));
await server.close();
`;

// Namespaces and port 53 are root's.
test.runIf(process.getuid?.() === 0)("is asked over UDP and TCP", async () => {
  const folder = await mkdtemp(join(tmpdir(), "branchline-dns-"));
  defer(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "resolv.conf"), "nameserver fe80::53%stub0\n");
  const program = join(folder, "program.mjs");
  const stdin = { contents: PROGRAM, resolveDir: ROOT, loader: "ts" as const };
  await build({ stdin, bundle: true, platform: "node", format: "esm", outfile: program, logLevel: "error" });
  const space = Namespace.create("dns");
  space.ip("link", "add", "stub0", "type", "veth", "peer", "name", "stub1");
  space.ip("link", "set", "stub1", "up");
  space.ip("link", "set", "stub0", "up");
  space.ip("address", "add", "fe80::53/64", "dev", "stub0", "nodad");
  const words = ["netns", "exec", space.name, process.execPath, program, folder];
  const said = execFileSync(pathOf("ip"), words, { encoding: "utf8" });
  expect(JSON.parse(said)).toEqual([["192.0.2.1"], ["192.0.2.1"], 1]);
});
