/** The file by which keepalived knows whether a member is well, where others of the machine may write beside it. */
import { lstatSync, mkdirSync, readFileSync, rmdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { HealthFile } from "../../src/io/node/health-file.ts";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";

cleanUpAfterEach();

test("a link that a stranger has laid where the word is gathered isn't followed", () => {
  const folder = temporaryFolder();
  const victim = join(folder, "shadow");
  const file = join(folder, "left.healthy");
  writeFileSync(victim, "precious");
  symlinkSync(victim, `${file}.new`);
  new HealthFile(file).write("yes");
  expect(readFileSync(victim, "utf8")).toBe("precious");
  expect(lstatSync(file).isFile()).toBe(true);
  expect(readFileSync(file, "utf8")).toBe("1\n");
});

test("what a power cut has left there is in nobody's way, and a link in the file's place goes", () => {
  const folder = temporaryFolder();
  const victim = join(folder, "shadow");
  const file = join(folder, "left.healthy");
  writeFileSync(victim, "precious");
  writeFileSync(`${file}.new`, "ha");
  symlinkSync(victim, file);
  new HealthFile(file).write("no");
  expect(readFileSync(victim, "utf8")).toBe("precious");
  expect(readFileSync(file, "utf8")).toBe("0\n");
});

test("the folder is made where RAM has lost it, and nobody else may write there, whatever the umask is", () => {
  const before = process.umask(0);
  try {
    const file = join(temporaryFolder(), "made", "here", "left.healthy");
    new HealthFile(file).write("yes");
    expect(statSync(join(file, "..")).mode & 0o777).toBe(0o755);
    expect(statSync(file).mode & 0o777).toBe(0o644);
  } finally {
    process.umask(before);
  }
});

test("while a folder is in the way it can't be told, and afterwards it can", () => {
  const file = join(temporaryFolder(), "left.healthy");
  const health = new HealthFile(file);
  mkdirSync(`${file}.new`);
  expect(() => health.write("yes")).toThrow("EEXIST");
  rmdirSync(`${file}.new`);
  health.write("yes");
  expect(readFileSync(file, "utf8")).toBe("1\n");
});

test("a member that nobody could relieve says so in a second line, which its next life reads", () => {
  const file = join(temporaryFolder(), "left.healthy");
  const health = new HealthFile(file);
  expect(health.isAlone).toBe(false);
  for (const [word, text] of [
    ["alone", "1\nalone\n"],
    ["yes", "1\n"],
    ["no", "0\n"],
  ] as const) {
    health.write(word);
    expect(readFileSync(file, "utf8")).toBe(text);
    expect(new HealthFile(file).isAlone).toBe(word === "alone");
  }
});
