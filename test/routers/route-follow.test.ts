/** deploy/route-follow.sh with a routing daemon that is played: when it announces and withdraws the route. */
import { spawnSync } from "node:child_process";
import { copyFileSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { describeWith } from "../peers/support/peers.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";

const DEPLOY = fileURLToPath(new URL("../../deploy/", import.meta.url));

cleanUpAfterEach();

class Played {
  readonly folder = temporaryFolder();
  readonly health = join(this.folder, "node1.healthy");
  private readonly log = join(this.folder, "log");
  private readonly shell: readonly string[];

  constructor(shell: readonly string[]) {
    this.shell = shell;
    for (const name of ["healthy.sh", "route-follow.sh"]) copyFileSync(join(DEPLOY, name), join(this.folder, name));
    // No look waits for the next one.
    writeFileSync(join(this.folder, "sleep"), "#!/bin/sh\n", { mode: 0o755 });
  }

  /** It is so old. */
  says(text: string, age_s = 0): void {
    writeFileSync(this.health, text);
    const at_s = Date.now() / 1_000 - age_s;
    utimesSync(this.health, at_s, at_s);
  }

  /** Looks so many times. @param daemon what it does with a word that it is told @returns those words, and what the script says */
  follow(looks: number, daemon = ":"): { readonly told: readonly string[]; readonly said: readonly string[] } {
    writeFileSync(this.log, "");
    const tell = (word: string) => `echo '${word}' >>${this.log}; ${daemon}`;
    const [command = "", ...words] = [...this.shell, join(this.folder, "route-follow.sh")];
    const env = {
      ...process.env,
      PATH: `${this.folder}:${process.env["PATH"]}`,
      BRANCHLINE_ROUTE_LOOKS: `${looks}`,
    };
    const args = [...words, this.health, tell("on"), tell("off")];
    const { status, stdout, stderr } = spawnSync(command, args, { env, encoding: "utf8" });
    expect([status, stderr]).toEqual([0, ""]);
    const linesOf = (text: string) => text.split("\n").filter((line) => line !== "");
    return { told: linesOf(readFileSync(this.log, "utf8")), said: linesOf(stdout) };
  }
}

describeWith(["busybox"], "route-follow.sh", () => {
  for (const shell of [["sh"], ["busybox", "sh"]]) {
    const name = shell.join(" ");

    test.each([
      ["says 1 now", "1\n", 0, "on"],
      ["says that no other member takes calls", "1\nalone\n", 0, "on"],
      ["says 0 now", "0\n", 0, "off"],
      ["is empty", "", 0, "off"],
      ["says 1, and branchline hangs: it is old", "1\n", 60, "off"],
    ] as const)(`${name}: a health file that %s`, (_, text, age_s, word) => {
      const played = new Played(shell);
      played.says(text, age_s);
      expect(played.follow(1).told).toEqual([word]);
    });

    test(`${name}: no health file`, () => {
      expect(new Played(shell).follow(1).told).toEqual(["off"]);
    });

    test(`${name}: without a change it tells the daemon once, and a command that fails again with each look`, () => {
      const played = new Played(shell);
      played.says("0\n");
      expect(played.follow(2)).toMatchObject({ told: ["off"], said: [expect.stringContaining("done: echo 'off'")] });
      const { told, said } = played.follow(3, "echo no daemon >&2; exit 1");
      expect(told).toEqual(["off", "off", "off"]);
      expect(said).toEqual([expect.stringMatching(/^failed: echo 'off' .*: no daemon$/)]);
    });

    test(`${name}: exabgpcli says what has failed, and ends as if nothing had`, () => {
      const played = new Played(shell);
      played.says("1\n");
      const { told, said } = played.follow(2, 'echo "ExaBGP returns an error (see ExaBGP\'s logs)" >&2');
      expect(told).toEqual(["on", "on"]);
      expect(said).toEqual([expect.stringMatching(/^failed: .*: ExaBGP returns an error/)]);
    });

    test(`${name}: a file that goes while it looks withdraws the route with the next look`, () => {
      const played = new Played(shell);
      played.says("1\n");
      expect(played.follow(2, `rm -f ${played.health}`).told).toEqual(["on", "off"]);
    });
  }

  test("what was done is repeated after 30 looks", () => {
    const played = new Played(["sh"]);
    expect(played.follow(30).told).toEqual(["off"]);
    expect(played.follow(61).told).toEqual(["off", "off", "off"]);
  });

  test.each([[[]], [["file"]], [["file", "on"]], [["file", "", "off"]], [["file", "on", "off", "more"]]])(
    "a command line with %j is a fault of usage",
    (args) => {
      const script = join(DEPLOY, "route-follow.sh");
      expect(spawnSync("sh", [script, ...args], { encoding: "utf8" })).toMatchObject({ status: 2, stdout: "" });
    },
  );
});
