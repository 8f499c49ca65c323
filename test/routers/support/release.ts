/** What goes on a router: the packages of a family, a configuration, and a phone that asks whether somebody is there. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Branchline } from "../../peers/support/branchline.ts";
import { binaryLicenses, HOST, hostBinary } from "./host-binary.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const EPOCH_S = 1_700_000_000;

export const OPKG = readFileSync(fileURLToPath(new URL("opkg.sh", import.meta.url)), "utf8");

export interface Package {
  readonly name: string;
  readonly contents: Uint8Array;
}

interface Both {
  readonly tree: Package;
  readonly ipk: Package;
}

/** The packages of build/release/FAMILY.mjs, of the bundle that has been built. */
export async function packages(family: string, version: string): Promise<Both> {
  const all = await allPackages(family, version);
  const find = (end: string) => all.find(({ name }) => name.endsWith(end)) ?? missing(family, end);
  return { tree: find(".tar.gz"), ipk: find(".ipk") };
}

/** Those with the binary, as if this machine's processor were that of a router. Its version is as long as the real one. */
export async function binaryPackages(family: string, version: string): Promise<Both> {
  const key = `${family} ${version}`;
  const known = withBinary.get(key) ?? (await packBinary(family, version));
  withBinary.set(key, known);
  return known;
}

/** Family and version → its packages: they take a while. */
const withBinary = new Map<string, Both>();

async function packBinary(family: string, version: string): Promise<Both> {
  const binaries = new Map([[HOST, await hostBinary(version)]]);
  const all = await allPackages(family, version, { binaries, licenses: await binaryLicenses() });
  const find = (end: RegExp) => all.find(({ name }) => end.test(name)) ?? missing(family, `${end}`);
  return { tree: find(new RegExp(`-${HOST}\\.tar\\.gz$`)), ipk: find(/(?<!_all)\.ipk$/) };
}

/** @param native as build/release/native.mjs has it */
export async function allPackages(family: string, version: string, native?: unknown): Promise<Package[]> {
  const module = await import(new URL(`../../../build/release/${family}.mjs`, import.meta.url).href);
  const bundle = Buffer.concat([readFileSync(Branchline.bundle), Buffer.from(`// ${version}\n`)]);
  const licenses = readFileSync(`${ROOT}dist/LICENSES`, "utf8");
  return module.packages({ version, bundle, licenses, epoch_s: EPOCH_S, root: ROOT, native });
}

function missing(family: string, end: string): never {
  throw new Error(`the release of ${family} has no ${end}`);
}

/** A branch on the loopback of a router. */
export function configuration(state: string): string {
  return `# The branch's own.
listen: [udp:127.0.0.1:5060]
localnet: [127.0.0.0/24]
upstream: sip:127.0.1.1
state: ${state}
`;
}

/** A command for Node's -e: asks by OPTIONS once, and ends with 0 for a 200. */
const ASK = `
const socket = require("dgram").createSocket("udp4");
socket.on("message", (wire) => { console.log(String(wire).split("\\r\\n")[0]); process.exit(/^SIP.2.0 200 /.test(wire) ? 0 : 1); });
socket.on("error", () => process.exit(1));
socket.bind(0, "127.0.0.7", () => {
  const { port } = socket.address();
  const lines = ["OPTIONS sip:127.0.0.1 SIP/2.0", "Via: SIP/2.0/UDP 127.0.0.7:" + port + ";branch=z9hG4bK" + process.hrtime().join(""),
    "Max-Forwards: 70", "From: <sip:phone@127.0.0.7>;tag=1", "To: <sip:127.0.0.1>", "Call-ID: " + process.hrtime().join(""),
    "CSeq: 1 OPTIONS", "Content-Length: 0", "", ""];
  socket.send(lines.join("\\r\\n"), 5060, "127.0.0.1");
});
setTimeout(() => process.exit(2), 300);
`;

/** For ash: whether branchline answers a phone. */
export function asks(node: string): string {
  return `${node} -e '${ASK}'`;
}
