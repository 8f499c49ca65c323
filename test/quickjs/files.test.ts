/** Files and folders of the C host: what the kernel says, number by number. */

import {
  chmodSync,
  constants as fs,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { constants as os, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { describeProgram } from "./support/binary.ts";
import { callsOf } from "./support/calls.ts";

const { errno } = os;
/** Of Linux on all processors that Node has. */
const O_CLOEXEC = 0o2_000_000;
const WRITE_NEW = fs.O_WRONLY | fs.O_CREAT | fs.O_EXCL;
const folder = realpathSync(mkdtempSync(join(tmpdir(), "quickjs-files-")));
let serial = 0;
let place = "";

beforeEach(() => {
  serial += 1;
  place = join(folder, String(serial));
  mkdirSync(place);
});
afterAll(() => rmSync(folder, { recursive: true }));

await describeProgram("files", "calls.ts", (binary) => {
  const calls = (...list: [string, ...unknown[]][]) => callsOf(binary(), list);
  const at = (name: string) => join(place, name);

  test("flags are those of this kernel", async () => {
    const names = Object.keys(fs).filter((name) =>
      /^O_(RDONLY|WRONLY|RDWR|CREAT|EXCL|TRUNC|APPEND|NOFOLLOW|DIRECTORY|NONBLOCK)$/.test(name),
    );
    const expected = Object.fromEntries(names.map((name) => [name, fs[name as keyof typeof fs]]));
    expect(await calls(["value", "flags"])).toEqual([expected]);
  });

  test("a file is written with its mode, synchronized, renamed and read", async () => {
    const results = await calls(
      ["open", at("new"), WRITE_NEW, 0o640],
      ["writeText", { result: 0 }, "GR\u00dc\u00df\u0141"],
      ["writeBytes", { result: 0 }, { bytes: [0, 127, 128, 255] }],
      ["fsync", { result: 0 }],
      ["close", { result: 0 }],
      ["rename", at("new"), at("old")],
      ["open", at("old"), fs.O_RDONLY, 0],
      ["readText", { result: 6 }, 4],
      ["readBytes", { result: 6 }, 1e12],
      ["readText", { result: 6 }, 10],
      ["readBytes", { result: 6 }, 10],
      ["close", { result: 6 }],
      ["close", { result: 6 }],
    );
    expect(results.slice(1, 6)).toEqual([5, 4, 0, 0, 0]);
    expect(results.slice(7)).toEqual([
      "GR\u00dc\u00df",
      { bytes: [0x41, 0, 127, 128, 255] },
      "",
      { bytes: [] },
      0,
      -errno.EBADF,
    ]);
    expect(readFileSync(at("old"), "latin1")).toBe("GR\u00dc\u00dfA\0\u007f\u0080\u00ff");
    expect(statSync(at("old")).mode & 0o777).toBe(0o640 & ~process.umask());
  });

  test("every octet comes back from a file as it was", async () => {
    const bytes = Array.from({ length: 256 }, (_, octet) => octet);
    const text = String.fromCharCode(...bytes);
    writeFileSync(at("octets"), Buffer.from(bytes));
    const [, read, , written] = await calls(
      ["open", at("octets"), fs.O_RDWR, 0],
      ["readText", { result: 0 }, 256],
      ["open", at("copy"), WRITE_NEW, 0o600],
      ["writeText", { result: 2 }, text],
    );
    expect([read, written]).toEqual([text, 256]);
    expect([...readFileSync(at("copy"))]).toEqual(bytes);
  });

  test("what goes wrong is minus its errno", async () => {
    writeFileSync(at("there"), "");
    symlinkSync(at("there"), at("link"));
    const results = await calls(
      ["open", at("missing"), fs.O_RDONLY, 0],
      ["open", at("there"), WRITE_NEW, 0o600],
      ["open", at("link"), fs.O_RDONLY | fs.O_NOFOLLOW, 0],
      ["open", at("there"), fs.O_RDONLY | fs.O_DIRECTORY, 0],
      ["open", "x".repeat(5_000), fs.O_RDONLY, 0],
      ["open", "", fs.O_RDONLY, 0],
      ["readText", -1, 10],
      ["readText", 0, 0],
      ["readBytes", 0, { number: "NaN" }],
      ["writeText", 12_345, "x"],
      ["fsync", -1],
      ["rename", at("missing"), at("x")],
      ["unlink", place],
      ["link", at("there"), at("link")],
      ["mkdir", at("there"), 0o700],
      ["chmod", at("missing"), 0o700],
      ["access", at("missing"), fs.F_OK],
      ["realpath", at("missing")],
      ["readlink", at("there")],
      ["readdir", at("there")],
      ["stat", at("missing"), true],
      ["fstat", -5],
    );
    const { ENOENT, EEXIST, ELOOP, ENOTDIR, ENAMETOOLONG, EBADF, EINVAL, EISDIR } = errno;
    expect(results.map((result) => -Number(result))).toEqual(
      [ENOENT, EEXIST, ELOOP, ENOTDIR, ENAMETOOLONG, ENOENT, EBADF, EINVAL, EINVAL, EBADF, EBADF].concat([
        ENOENT,
        EISDIR,
        EEXIST,
        EEXIST,
        ENOENT,
        ENOENT,
        ENOENT,
        EINVAL,
        ENOTDIR,
        ENOENT,
        EBADF,
      ]),
    );
  });

  test("a wrong argument is a TypeError, and an octet 0 in a path too", async () => {
    const results = await calls(
      ["open", 5, 0, 0],
      ["open", "a\0b", 0, 0],
      ["open", at("x"), "r", 0],
      ["open", at("x")],
      ["readText", "0", 10],
      ["readText", 0.5, 10],
      ["readText", { number: "NaN" }, 10],
      ["writeBytes", 1, "text"],
      ["writeText", 1, 5],
      ["rename", at("x")],
      ["rename", at("x"), 1],
      ["close", 2 ** 32],
    );
    for (const result of results) expect(result).toEqual({ thrown: expect.stringMatching(/^TypeError: /) });
  });

  test("names are UTF-8 outside, and what isn't UTF-8 is shown with U+FFFD", async () => {
    const names = ["Ä€\u{1F4DE}", "plain", ".hidden"];
    for (const name of names) writeFileSync(at(name), "");
    writeFileSync(Buffer.concat([Buffer.from(`${place}/`), Buffer.from([0x62, 0xff, 0x62])]), "");
    const [list, link, real, missing] = await calls(
      ["readdir", place],
      ["link", at("plain"), at("zweite Größe")],
      ["realpath", at("./Ä€\u{1F4DE}")],
      ["unlink", at("zweite Größe")],
    );
    expect((list as string[]).sort()).toEqual([...names, "b\ufffdb"].sort());
    expect([link, real, missing]).toEqual([0, at("Ä€\u{1F4DE}"), 0]);
  });

  test("a status has what Node's has, of files beyond 4 GiB too; a link is followed where that is asked for", async () => {
    writeFileSync(at("large"), "");
    truncateSync(at("large"), 5 * 2 ** 30 + 1);
    symlinkSync("large", at("link"));
    const results = await calls(
      ["stat", at("link"), true],
      ["stat", at("link"), false],
      ["open", at("large"), fs.O_RDONLY, 0],
      ["fstat", { result: 2 }],
      ["readlink", at("link")],
    );
    const { mode, size, uid, dev, ino, mtimeMs, ctimeMs } = statSync(at("large"));
    const expected = [mode, size, uid, dev, ino, expect.closeTo(mtimeMs, 2), expect.closeTo(ctimeMs, 2)];
    expect([results[0], results[3]]).toEqual([expected, expected]);
    expect((results[1] as number[])[0]).toBe(0o120777);
    expect(results[4]).toBe("large");
  });

  test("folders are made with their mode, and rights are changed and asked for", async () => {
    const results = await calls(
      ["mkdir", at("inner"), 0o700],
      ["chmod", at("inner"), 0o500],
      ["access", at("inner"), fs.R_OK | fs.X_OK],
    );
    expect(results).toEqual([0, 0, 0]);
    expect(statSync(at("inner")).mode & 0o777).toBe(0o500);
    chmodSync(at("inner"), 0o700);
  });

  test("a folder with more names than any that is read gives an error, and not a list without end", async () => {
    for (let index = 0; index <= 16_384; index++) writeFileSync(at(`f${index}`), "", { flag: "w" });
    const [tooMany, , list] = await calls(["readdir", place], ["unlink", at("f0")], ["readdir", place]);
    expect(tooMany).toBe(-errno.EOVERFLOW);
    expect(list).toHaveLength(16_384);
  });

  test("no child inherits a file", async () => {
    const [, , info] = await calls(
      ["open", place, fs.O_RDONLY | fs.O_DIRECTORY, 0],
      ["open", { joined: ["/proc/self/fdinfo/", { result: 0 }] }, fs.O_RDONLY, 0],
      ["readText", { result: 1 }, 1_000],
    );
    const flags = Number.parseInt(/^flags:\s*(\d+)$/m.exec(String(info))?.[1] ?? "", 8);
    expect(flags & O_CLOEXEC).toBe(O_CLOEXEC);
  });
});
