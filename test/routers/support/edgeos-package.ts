/** Packages for the imitated EdgeRouter, as `npm run release` makes them, with a small image. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { appendFileSync, cpSync, readFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { temporaryFolder } from "../../peers/support/temporary-folder.ts";
import { PACKED_PART, packed, unpacked } from "../../support/bundle-parts.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

export type PackageMachine = "mipsel" | "mips";

export interface PackageOptions {
  readonly version?: string;
  readonly machine?: PackageMachine;
  /** node.sqsh; only the package with it has a Node for mipsel. */
  readonly image?: Buffer;
  /** The binary of this machine. */
  readonly binary?: Buffer;
  /** JavaScript in front of the program. */
  readonly prelude?: string;
}

interface ReleaseFile {
  readonly name: string;
  readonly contents: Buffer;
}

interface FamilyModule {
  packages(build: {
    version: string;
    bundle: Buffer;
    licenses: string;
    epoch_s: number;
    root: string;
    withRuntime: boolean;
    native: { readonly binaries: ReadonlyMap<string, Buffer>; readonly licenses: string } | undefined;
    runtime: { readonly image: Buffer; readonly licenses: string } | undefined;
  }): Promise<ReleaseFile[]>;
}

/** The version that this tree's bundle says it is. */
export const VERSION = (JSON.parse(readFileSync(`${ROOT}package.json`, "utf8")) as { version: string }).version;

/** What a small image is made of, and a binary. */
const NODE_LICENSES = "\n======== libexample 1.0 (Expat)\n\nPermission is hereby granted\n";
const BINARY_LICENSES = "\n======== engine 1.0 (MIT)\n\nPermission is granted\n";

export async function makePackage(options: PackageOptions = {}): Promise<ReleaseFile> {
  const { version = VERSION, machine = "mipsel", image, binary, prelude = "" } = options;
  const text = readFileSync(`${ROOT}dist/branchline.js`, "latin1");
  const bundle = Buffer.from(sayingItIs(version, text).replace("\n", `\n${prelude}\n`), "latin1");
  const family = (await import(pathToFileURL(`${ROOT}build/release/edgeos.mjs`).href)) as FamilyModule;
  // Each version has a script of its own.
  const sources = `${temporaryFolder()}/`;
  for (const name of ["deploy", "post-config.d"]) cpSync(ROOT + name, sources + name, { recursive: true });
  appendFileSync(`${sources}post-config.d/50-branchline`, `# ${version}\n`);
  const runtime = image === undefined ? undefined : { image, licenses: NODE_LICENSES };
  const files = await family.packages({
    version,
    bundle,
    licenses: readFileSync(`${ROOT}dist/LICENSES`, "utf8"),
    epoch_s: 1_700_000_000,
    root: sources,
    withRuntime: runtime !== undefined,
    native: binary === undefined ? undefined : { binaries: new Map([[machine, binary]]), licenses: BINARY_LICENSES },
    runtime,
  });
  const suffix = machine === "mipsel" && image !== undefined ? "mipsel-node" : machine;
  const file = files.find(({ name }) => name.endsWith(`-${suffix}.tar.gz`));
  if (file === undefined) throw new Error(`no package for ${machine}`);
  return file;
}

/** The bundle as a build of that version has it, in its code and in the parts that are packed there. */
export function sayingItIs(version: string, bundle: string): string {
  const quoted = new RegExp(`"${VERSION.replaceAll(".", "\\.")}"`, "g");
  const inText = (text: string) => text.replace(quoted, `"${version}"`);
  return inText(bundle).replace(
    PACKED_PART,
    (_, name: string, text: string) => `"${name}":"${packed(inText(unpacked(text)))}"`,
  );
}

/** Unpacks it into `folder` of this machine, and returns the folder that is in it. */
export function unpackInto(folder: string, { contents }: ReleaseFile, version = VERSION): string {
  execFileSync("tar", ["-xzf", "-", "-C", folder], { input: contents });
  return `${folder}/branchline-${version}`;
}

export function sha256(contents: Buffer): string {
  return createHash("sha256").update(contents).digest("hex");
}
