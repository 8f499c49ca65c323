/** `branchline cluster`: the secret for any number of members, and where the scripts are that its configurations name. */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";
import { COMMAND_LIMIT_MS } from "../support/machine.ts";
import { fileOf, PROGRAM, wordsOf } from "../support/program.ts";

const DEPLOY = fileURLToPath(new URL("../../deploy/", import.meta.url));

cleanUpAfterEach();

/** Members on this machine: their addresses are those of loopback. */
const ANYCAST = `listen: [{address: "udp:127.206.206.1:5060", anycast: true}]
localnet: [127.204.0.0/16]
cluster:
  mode: anycast
  name: node1
  members: {node1: 127.0.0.1, node2: 127.0.0.2, node3: 127.0.0.3}
  secret: made
`;
const PAIR = `listen: [udp:127.0.0.9, udp:127.0.0.1]
localnet: [127.0.0.0/8]
cluster:
  name: left
  members: {left: 127.0.0.1, right: 127.0.0.2}
  secret: made
  shared: [127.0.0.9]
`;

/** A folder as a clone has it: the program in dist/, scripts perhaps in deploy/. */
class Clone {
  readonly folder = realpathSync(temporaryFolder());
  readonly program = join(this.folder, "dist", basename(fileOf(PROGRAM)));

  constructor(yaml: string, hasSecret = true) {
    mkdirSync(join(this.folder, "dist"));
    mkdirSync(join(this.folder, "deploy"));
    copyFileSync(fileOf(PROGRAM), this.program);
    writeFileSync(join(this.folder, "branchline.yaml"), yaml);
    if (hasSecret) writeFileSync(join(this.folder, "made"), "0123456789abcdef".repeat(2), { mode: 0o600 });
  }

  put(place: "dist" | "deploy"): void {
    for (const name of ["healthy.sh", "route-follow.sh"])
      copyFileSync(join(DEPLOY, name), join(this.folder, place, name));
  }

  says(...words: readonly string[]): { readonly status: number | null; readonly text: string } {
    const [command = "", ...rest] = [...wordsOf(PROGRAM, this.program), "cluster", ...words];
    const all = [...rest, "-c", join(this.folder, "branchline.yaml")];
    const { status, stdout, stderr } = spawnSync(command, all, { encoding: "utf8", timeout: COMMAND_LIMIT_MS });
    return { status, text: stdout + stderr };
  }
}

test("the secret is for each other member, however many there are", () => {
  for (const yaml of [ANYCAST, PAIR]) {
    const { status, text } = new Clone(yaml, false).says("secret");
    expect(status).toBe(0);
    expect(text).toMatch(/^Each other member needs the same\. Show it here:$/m);
    expect(text).toMatch(/^and take it over on each: paste it, then press Enter and Ctrl-D:$/m);
  }
});

test.each([
  ["systemd", ANYCAST, ["bird", "--systemd"], "route-follow.sh"],
  ["keepalived", PAIR, ["keepalived"], "healthy.sh"],
])(
  "%s runs a script where it is: in deploy/ of a clone, or beside the program of a package",
  (_, yaml, words, script) => {
    const clone = new Clone(yaml);
    const places = () => new Set(clone.says(...words).text.match(new RegExp(`/[^\\s"]+/${script}`, "g")));
    clone.put("deploy");
    expect([...places()]).toEqual([`${clone.folder}/deploy/${script}`]);
    clone.put("dist");
    expect([...places()]).toEqual([`${clone.folder}/dist/${script}`]);
  },
);

test.each([
  ["systemd", ANYCAST, ["bird", "--systemd"], "route-follow.sh"],
  ["keepalived", PAIR, ["keepalived"], "healthy.sh"],
])("%s isn't told to run a script that is nowhere", (_, yaml, words, script) => {
  const clone = new Clone(yaml);
  expect(clone.says(...words)).toEqual({
    status: 1,
    text: `${clone.folder}/dist/${script} isn't there; copy healthy.sh and route-follow.sh of the sources' folder deploy to ${clone.folder}/dist\n`,
  });
});

test("what runs no script needs none", () => {
  const { status, text } = new Clone(ANYCAST).says("bird");
  expect([status, text]).toEqual([0, expect.stringContaining("protocol static anycast {")]);
});
