/** deploy/edgeos/vrrp-follow.sh with a router's commands that are played: when it commits what. Nothing of this has run on a device. */
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { describeWith } from "../peers/support/peers.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";

const DEPLOY = fileURLToPath(new URL("../../deploy/", import.meta.url));
const GROUPS = ["interfaces/ethernet/eth0/vrrp/vrrp-group/51", "interfaces/switch/switch0/vrrp/vrrp-group/52"];

/** Notes each word of a session, and keeps what is disabled as a file, once it is committed. */
const WRAPPER = `#!/bin/sh
echo "$*" >>"$PLAYED/log"
case $1 in
commit) [ ! -e "$PLAYED/locked" ] || exit 1; cat "$PLAYED/wished" 2>/dev/null | while read -r word path; do
  name=$(echo "$path" | tr ' ' _)
  if [ "$word" = set ]; then : >"$PLAYED/$name"; else rm -f "$PLAYED/$name"; fi
done; rm -f "$PLAYED/wished" ;;
set | delete) echo "$*" >>"$PLAYED/wished" ;;
end) rm -f "$PLAYED/wished" ;;
esac
`;
const SHELL_API = `#!/bin/sh
shift
[ -e "$PLAYED/$(echo "$*" | tr ' ' _)" ]
`;

cleanUpAfterEach();

class Played {
  readonly folder = temporaryFolder();
  readonly health = join(this.folder, "left.healthy");

  constructor() {
    for (const [name, text] of [
      ["wrapper", WRAPPER],
      ["shell-api", SHELL_API],
    ] as const) {
      writeFileSync(join(this.folder, name), text);
      chmodSync(join(this.folder, name), 0o755);
    }
    for (const name of ["healthy.sh", "edgeos/vrrp-follow.sh"])
      copyFileSync(join(DEPLOY, name), join(this.folder, name.replace("edgeos/", "")));
  }

  /** Looks so many times, and returns what it has done in sessions. */
  follow(looks: number, says: string, shell: readonly string[] = ["sh"]): string[] {
    const log = join(this.folder, "log");
    writeFileSync(log, "");
    writeFileSync(this.health, says);
    const [command = "", ...words] = [...shell, join(this.folder, "vrrp-follow.sh"), this.health, ...GROUPS];
    const env = {
      ...process.env,
      PLAYED: this.folder,
      BRANCHLINE_VYATTA_WRAPPER: join(this.folder, "wrapper"),
      BRANCHLINE_VYATTA_SHELL_API: join(this.folder, "shell-api"),
      BRANCHLINE_VRRP_LOCK: join(this.folder, "lock"),
      BRANCHLINE_VRRP_LOOKS: `${looks}`,
    };
    expect(spawnSync(command, words, { env }).status).toBe(0);
    return readFileSync(log, "utf8").trimEnd().split("\n");
  }
}

const session = (word: string) => [
  "begin",
  ...GROUPS.map((path) => `${word} ${path.replace(/\//g, " ")} disable`),
  "commit",
  "end",
];

describeWith(["busybox"], "vrrp-follow.sh", () => {
  test.each([[["sh"]], [["busybox", "sh"]]])(
    "by %s: disables the groups of a router that isn't healthy, and enables them again",
    (shell) => {
      const played = new Played();
      expect(played.follow(2, "0\n", shell)).toEqual(session("set"));
      expect(played.follow(2, "0\n", shell)).toEqual([""]);
      expect(played.follow(2, "1\n", shell)).toEqual(session("delete"));
      expect(played.follow(2, "1\n", shell)).toEqual([""]);
    },
  );

  test("one look alone changes nothing, and what another session has locked is tried again", () => {
    const played = new Played();
    expect(played.follow(1, "0\n")).toEqual([""]);
    writeFileSync(join(played.folder, "locked"), "");
    expect(played.follow(3, "0\n")).toEqual([...session("set"), ...session("set")]);
  });

  test("a second one that is started leaves the first one alone", () => {
    const played = new Played();
    writeFileSync(join(played.folder, "lock"), `${process.pid}\n`);
    expect(played.follow(2, "0\n")).toEqual([""]);
    expect(existsSync(join(played.folder, "wished"))).toBe(false);
  });
});
