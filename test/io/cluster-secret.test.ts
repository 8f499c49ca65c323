/** The secret of a pair: whence it is read, and who may read it besides. */
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { readSecret, secretFault } from "../../src/io/node/cluster-secret.ts";
import { keepSecret, makeSecret } from "../../src/io/node/make-secret.ts";

const FOLDER = mkdtempSync(join(tmpdir(), "branchline-secret-"));
afterAll(() => rmSync(FOLDER, { recursive: true }));

const GOOD = "0123456789abcdef".repeat(2);

function written(name: string, text: string, mode = 0o600): string {
  const file = join(FOLDER, name);
  writeFileSync(file, text);
  chmodSync(file, mode);
  return file;
}

const messageOf = (file: string) => secretFault({ file })?.message.replace(FOLDER, "");

describe("a secret", () => {
  test("is read without the line end", () => {
    expect(readSecret({ file: written("good", `${GOOD}\n`) })).toBe(GOOD);
    expect(secretFault({ file: join(FOLDER, "good") })).toBeUndefined();
  });

  test("may be readable by a group: that is how a service with a user of its own gets it", () => {
    expect(messageOf(written("group", GOOD, 0o640))).toBeUndefined();
  });

  test.each([0o644, 0o604, 0o602, 0o660, 0o601])("is refused with mode %o", (mode) => {
    expect(messageOf(written("open", GOOD, mode))).toBe("may be read or written by others: chmod 600 /open");
  });

  test("is refused when it is short, empty or no secret at all", () => {
    expect(messageOf(written("short", "swordfish\n"))).toBe(
      "/short has 9 characters; a secret has at least 32: `branchline cluster secret` makes one",
    );
    expect(messageOf(written("short", GOOD.slice(1)))).toBe(
      "/short has 31 characters; a secret has at least 32: `branchline cluster secret` makes one",
    );
    expect(messageOf(written("empty", "\n"))).toBe(
      "/empty is empty; a secret has at least 32: `branchline cluster secret` makes one",
    );
    expect(messageOf(written("long", "x".repeat(4_097)))).toBe("/long is longer than 4096 bytes: it is no secret");
  });

  test("is refused when it isn't there, or is a folder", () => {
    mkdirSync(join(FOLDER, "folder"), { mode: 0o700 });
    expect(messageOf(join(FOLDER, "folder"))).toBe("can't be read: it is a folder: /folder");
    expect(messageOf(join(FOLDER, "none"))).toBe(
      "can't be read: no such file (`branchline cluster secret` makes it): /none",
    );
    expect(messageOf(join(FOLDER, "good/none"))).toBe("can't be read: no such file: /good/none");
  });

  test("of the environment may be set for the service alone", () => {
    expect(secretFault({ env: "BRANCHLINE_TEST_SECRET" })).toEqual({
      message: "names the variable BRANCHLINE_TEST_SECRET, which isn't set here; the service needs it",
      isHint: true,
    });
    process.env["BRANCHLINE_TEST_SECRET"] = GOOD;
    expect(readSecret({ env: "BRANCHLINE_TEST_SECRET" })).toBe(GOOD);
    process.env["BRANCHLINE_TEST_SECRET"] = "short";
    expect(secretFault({ env: "BRANCHLINE_TEST_SECRET" })?.isHint).toBe(false);
    delete process.env["BRANCHLINE_TEST_SECRET"];
  });

  test("that is made is another one each time, and its file is for its owner alone", () => {
    const file = join(FOLDER, "made");
    const secret = makeSecret();
    expect(secret).toMatch(/^[0-9a-f]{64}$/);
    expect(makeSecret()).not.toBe(secret);
    keepSecret(file, secret);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, "utf8")).toBe(`${secret}\n`);
    expect(readSecret({ file })).toBe(secret);
  });

  test.runIf(process.getuid?.() === 0)(
    "that root makes belongs to the folder's owner, and nothing that a link of that owner leads to does",
    () => {
      const folder = join(FOLDER, "state");
      const tools = join(FOLDER, "tools");
      const victim = written("victim", "root's");
      for (const one of [folder, tools]) mkdirSync(one);
      chownSync(folder, 12_345, 0);
      keepSecret(join(folder, "secret"), makeSecret());
      expect(statSync(join(folder, "secret")).uid).toBe(12_345);
      // The folder's owner lays links as soon as it sees that a file is going to be given to it.
      const links = ["secret", "secret.new"].map((name) => `ln -sf ${victim} ${join(folder, name)}`);
      writeFileSync(
        join(tools, "chown"),
        `#!/bin/sh\nPATH=${process.env["PATH"]}\n${links.join("\n")}\nexec chown "$@"\n`,
        {
          mode: 0o755,
        },
      );
      const { PATH } = process.env;
      process.env["PATH"] = `${tools}:${PATH}`;
      try {
        keepSecret(join(folder, "secret"), makeSecret());
      } finally {
        process.env["PATH"] = PATH;
      }
      expect(statSync(victim).uid).toBe(0);
    },
  );
});
