/** The .deb that `npm run release` makes, and what is in it. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Branchline } from "../../peers/support/branchline.ts";
import { sayingItIs } from "./edgeos-package.ts";
import { binaryLicenses, HOST, hostBinary } from "./host-binary.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const EPOCH_S = 1_700_000_000;

interface File {
  readonly name: string;
  readonly contents: Uint8Array;
}

/** Version and kind → its .debs: building one takes a while. */
const built = new Map<string, File[]>();

/** A .deb whose branchline says that it is of this version. @param bundle another build; default: this one's */
export async function debOf(version: string, bundle?: string): Promise<File> {
  const all = await packagesOf(version, undefined, bundle);
  const [made] = all;
  if (made === undefined || all.length > 1) throw new Error(`${all.length} packages`);
  return made;
}

/** `branchline-static` for this machine's processor, which says that it is of this version. */
export async function staticDebOf(version: string): Promise<File> {
  const binaries = new Map([[HOST, await hostBinary(version)]]);
  const all = await packagesOf(version, { binaries, licenses: await binaryLicenses() });
  const [, made] = all;
  if (made === undefined || all.length > 2) throw new Error(`${all.length} packages`);
  return made;
}

async function packagesOf(version: string, native: unknown, other?: string): Promise<File[]> {
  const kind = native === undefined ? "node" : "static";
  const key = `${version} ${kind} ${other === undefined ? "" : "other"}`;
  const known = built.get(key);
  if (known !== undefined) return known;
  const { packages } = await import(new URL("../../../build/release/debian.mjs", import.meta.url).href);
  const bundle = Buffer.from(other ?? sayingItIs(version, readFileSync(Branchline.bundle, "latin1")), "latin1");
  const licenses = readFileSync(`${ROOT}dist/LICENSES`, "utf8");
  const all: File[] = await packages({ version, bundle, licenses, epoch_s: EPOCH_S, root: ROOT, native });
  built.set(key, all);
  return all;
}

/** Path without a slash in front → bytes, of all its files, and of those that its links lead to. */
export function filesOf(deb: Uint8Array): Map<string, Buffer> {
  const folder = mkdtempSync(join(tmpdir(), "branchline-deb-"));
  try {
    execFileSync("tar", ["-xzf", "-", "-C", folder], { input: member(Buffer.from(deb), "data.tar.gz") });
    const entries = readdirSync(folder, { recursive: true, encoding: "utf8" });
    const paths = entries.filter((path) => statSync(join(folder, path), { throwIfNoEntry: false })?.isFile() === true);
    return new Map(paths.map((path) => [path, readFileSync(join(folder, path))]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Of an ar archive. */
function member(archive: Buffer, name: string): Buffer {
  const text = (from: number, to: number) => archive.toString("latin1", from, to).trim();
  for (let at = "!<arch>\n".length; at < archive.length; ) {
    const bytes = Number(text(at + 48, at + 58));
    if (text(at, at + 16).replace(/\/$/, "") === name) return archive.subarray(at + 60, at + 60 + bytes);
    at += 60 + bytes + (bytes % 2);
  }
  throw new Error(`no ${name} in the .deb`);
}
