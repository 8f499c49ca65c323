import { execFileSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { writeForPeople, writeWhole } from "../../src/io/node/whole-file.ts";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";

cleanUpAfterEach();

test("a link that a stranger has laid where the text is gathered isn't followed", () => {
  const folder = temporaryFolder();
  const victim = join(folder, "shadow");
  const file = join(folder, "branchline.yaml");
  writeFileSync(victim, "precious");
  for (const write of [() => writeForPeople(file, "new"), () => writeWhole(file, "new", 0o600)]) {
    symlinkSync(victim, `${file}.new`);
    write();
    expect(readFileSync(victim, "utf8")).toBe("precious");
    expect(lstatSync(file).isFile()).toBe(true);
    expect(readFileSync(file, "utf8")).toBe("new");
  }
});

test("what a power cut has left there is in nobody's way", () => {
  const file = join(temporaryFolder(), "secret");
  writeFileSync(`${file}.new`, "ha", { mode: 0o644 });
  writeWhole(file, "whole", 0o600);
  expect(readFileSync(file, "utf8")).toBe("whole");
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test("a link to the file stays one", () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "kept"));
  writeFileSync(join(folder, "kept", "b.yaml"), "old");
  symlinkSync("kept/b.yaml", join(folder, "b.yaml"));
  writeForPeople(join(folder, "b.yaml"), "new");
  expect(readFileSync(join(folder, "kept", "b.yaml"), "utf8")).toBe("new");
  expect(lstatSync(join(folder, "b.yaml")).isSymbolicLink()).toBe(true);
  expect(readdirSync(folder).sort()).toEqual(["b.yaml", "kept"]);
});

test("what is no file isn't written over, such as a device", () => {
  const folder = temporaryFolder();
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  const link = join(folder, "link");
  symlinkSync("pipe", link);
  for (const file of [folder, pipe, link]) {
    expect(() => writeForPeople(file, "new")).toThrow("no file");
    expect(() => writeWhole(file, "new", 0o600)).toThrow("no file");
  }
  expect(statSync(pipe).isFIFO()).toBe(true);
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(existsSync(`${folder}.new`)).toBe(false);
});
