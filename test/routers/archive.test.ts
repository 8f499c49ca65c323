/** Archives as tar, ar and gzip read them. */
import { execFileSync } from "node:child_process";
import { chmodSync, lstatSync, mkdirSync, readFileSync, readlinkSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";

const { ar, tar, tarGz } = await import(new URL("../../build/archive.mjs", import.meta.url).href);

const EPOCH_S = 1_700_000_000;
const ENTRIES = [
  { path: "usr/bin/tool", link: "../share/tool/tool.js" },
  { path: "usr/share/tool/tool.js", mode: 0o755, contents: "#!/usr/bin/env node\n" },
  { path: "usr/share/tool/empty", contents: "" },
  { path: "usr/share/tool/bytes", mode: 0o600, contents: new Uint8Array(1_000).fill(255) },
  { path: "var/lib/tool/", mode: 0o700 },
];

cleanUpAfterEach();

function listing(archive: Uint8Array): string {
  return execFileSync("tar", ["--list", "--verbose", "--gzip", "--full-time", "--utc"], { input: archive }).toString();
}

test("tar: owner, mode, time, order and links are as given, folders come by themselves", () => {
  expect(listing(tarGz(ENTRIES, { epoch_s: EPOCH_S, prefix: "./" })).replaceAll(/ +/g, " ")).toBe(
    [
      "drwxr-xr-x root/root 0 2023-11-14 22:13:20 ./",
      "drwxr-xr-x root/root 0 2023-11-14 22:13:20 ./usr/",
      "drwxr-xr-x root/root 0 2023-11-14 22:13:20 ./usr/bin/",
      "lrwxrwxrwx root/root 0 2023-11-14 22:13:20 ./usr/bin/tool -> ../share/tool/tool.js",
      "drwxr-xr-x root/root 0 2023-11-14 22:13:20 ./usr/share/",
      "drwxr-xr-x root/root 0 2023-11-14 22:13:20 ./usr/share/tool/",
      "-rw------- root/root 1000 2023-11-14 22:13:20 ./usr/share/tool/bytes",
      "-rw-r--r-- root/root 0 2023-11-14 22:13:20 ./usr/share/tool/empty",
      "-rwxr-xr-x root/root 20 2023-11-14 22:13:20 ./usr/share/tool/tool.js",
      "drwxr-xr-x root/root 0 2023-11-14 22:13:20 ./var/",
      "drwxr-xr-x root/root 0 2023-11-14 22:13:20 ./var/lib/",
      "drwx------ root/root 0 2023-11-14 22:13:20 ./var/lib/tool/",
      "",
    ].join("\n"),
  );
});

test("tar: what is unpacked is what was packed", () => {
  const folder = temporaryFolder();
  execFileSync("tar", ["-xpz", "-C", folder], { input: tarGz(ENTRIES, { epoch_s: EPOCH_S }) });
  const at = (path: string) => join(folder, path);
  expect(readlinkSync(at("usr/bin/tool"))).toBe("../share/tool/tool.js");
  expect(readFileSync(at("usr/bin/tool"), "utf8")).toBe("#!/usr/bin/env node\n");
  expect(readFileSync(at("usr/share/tool/bytes"))).toEqual(Buffer.alloc(1_000, 255));
  expect(lstatSync(at("usr/share/tool/bytes")).mode & 0o777).toBe(0o600);
});

test("tar: without folders it leaves those of a living system as they are", () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "disk/bin"), { recursive: true });
  chmodSync(join(folder, "disk/bin"), 0o711);
  symlinkSync("disk", join(folder, "opt"));
  const entries = [{ path: "opt/bin/tool", contents: "tool" }];
  execFileSync("tar", ["-xpz", "-C", folder], { input: tarGz(entries, { epoch_s: EPOCH_S, folders: false }) });
  expect(readFileSync(join(folder, "disk/bin/tool"), "utf8")).toBe("tool");
  expect(lstatSync(join(folder, "disk/bin")).mode & 0o777).toBe(0o711);
  expect(lstatSync(join(folder, "opt")).isSymbolicLink()).toBe(true);
});

test("the order in which entries are given makes no difference", () => {
  const options = { epoch_s: EPOCH_S };
  expect(tarGz([...ENTRIES].reverse(), options).equals(tarGz(ENTRIES, options))).toBe(true);
});

test.each([
  ["a name", { path: "a".repeat(101), contents: "" }],
  ["a link", { path: "a", link: "b".repeat(101) }],
])("tar: %s that is too long for it is refused", (_, entry) => {
  expect(() => tar([entry], { epoch_s: EPOCH_S })).toThrow("too long for tar");
});

test("tar: a file without contents, or given twice, is refused", () => {
  expect(() => tar([{ path: "a" }], { epoch_s: EPOCH_S })).toThrow("neither contents nor link");
  expect(() => tar([ENTRIES[0], ENTRIES[0]], { epoch_s: EPOCH_S })).toThrow("there twice");
});

test("ar: members follow each other as they should, those of odd length too", () => {
  const members = [
    { name: "debian-binary", contents: "2.0\n" },
    {
      name: "control.tar.gz",
      contents: tarGz([{ path: "control", contents: "Package: tool\n" }], { epoch_s: EPOCH_S }),
    },
    { name: "data.tar.gz", contents: tarGz(ENTRIES, { epoch_s: EPOCH_S, prefix: "./" }) },
    { name: "odd", contents: "123" },
    { name: "last", contents: "4" },
  ];
  const archive: Buffer = ar(members, { epoch_s: EPOCH_S });
  const found: Record<string, string> = {};
  for (let at = 8; at < archive.length; ) {
    const field = (from: number, to: number) => archive.toString("latin1", at + from, at + to).trimEnd();
    expect(field(58, 60)).toBe("`");
    expect(field(16, 28)).toBe(`${EPOCH_S}`);
    const size = Number(field(48, 58));
    found[field(0, 16)] = archive.toString("latin1", at + 60, at + 60 + size);
    at += 60 + size + (size % 2);
  }
  expect(Object.keys(found)).toEqual(members.map(({ name }) => name));
  expect([found["debian-binary"], found["odd"], found["last"]]).toEqual(["2.0\n", "123", "4"]);
});
