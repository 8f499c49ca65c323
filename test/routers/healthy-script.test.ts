/** deploy/healthy.sh, as keepalived runs it each second: what the health file says, and how old it is. */
import { spawnSync } from "node:child_process";
import { rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { describeWith } from "../peers/support/peers.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";

const SCRIPT = fileURLToPath(new URL("../../deploy/healthy.sh", import.meta.url));
const SHELLS = [["sh"], ["busybox", "sh"]] as const;

cleanUpAfterEach();

describeWith(["busybox"], "healthy.sh", () => {
  for (const [shell, ...words] of SHELLS) {
    const status = (...args: readonly string[]) => spawnSync(shell, [...words, SCRIPT, ...args]).status;
    const written = (text: string, age_s = 0) => {
      const file = join(temporaryFolder(), "left.healthy");
      writeFileSync(file, text);
      const at_s = Date.now() / 1_000 - age_s;
      utimesSync(file, at_s, at_s);
      return file;
    };

    test.each(["1\n", "1", "1\nalone\n"])(`${shell}: a file that says %j now is healthy`, (text) => {
      expect(status(written(text))).toBe(0);
    });

    test.each(["0\n", "", "\n", "11\n", "yes\n", "-1\n", "0\n1\n"])(`${shell}: a file that says %j isn't`, (text) => {
      expect(status(written(text))).toBe(1);
    });

    test(`${shell}: a branchline that hangs doesn't write the file any more: an old one isn't healthy`, () => {
      expect(status(written("1\n", 60))).toBe(1);
      expect(status(written("1\n", 60), "120")).toBe(0);
    });

    test(`${shell}: a clock that was set back far makes the file doubtful until it is written again`, () => {
      expect(status(written("1\n", -60))).toBe(1);
      expect(status(written("1\n", -1))).toBe(0);
    });

    test(`${shell}: no file isn't healthy, and no name of a file is a fault of usage`, () => {
      const file = written("1\n");
      rmSync(file);
      expect(status(file)).toBe(1);
      expect([status(), status(file, "soon"), status(file, "")].join()).toBe("2,2,1");
    });
  }
});
