/** `drain --patient` and `join --patient`, as the packages' scripts call them around a restart. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Subnet } from "../peers/support/addresses.ts";
import { Child } from "../peers/support/child.ts";
import { cleanUpAfterEach, defer } from "../peers/support/cleanup.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";
import { COMMAND_LIMIT_MS } from "../support/machine.ts";
import { PROGRAM, wordsOf } from "../support/program.ts";

const net = new Subnet(98);
const SECRET = "0123456789abcdef".repeat(2);

cleanUpAfterEach();

type Name = "left" | "right";

/** Files of a pair on loopback. */
function pairFiles(): Readonly<Record<Name, string>> {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "secret"), SECRET, { mode: 0o600 });
  const own = { left: net.host(2), right: net.host(3) };
  const write = (name: Name) => {
    const file = join(folder, `${name}.yaml`);
    const listen = `listen: ["udp:${net.host(1)}", "udp:${own[name]}"]\nlocalnet: ["${net.network(16)}"]\nstate: ${name}\n`;
    const members = `members: {left: ${own.left}, right: ${own.right}}`;
    const rest = `shared: [${net.host(1)}], health_file: ${join(folder, `${name}.healthy`)}`;
    writeFileSync(file, `${listen}cluster: {name: ${name}, ${members}, secret: secret, ${rest}}\n`);
    return file;
  };
  return { left: write("left"), right: write("right") };
}

function start(words: readonly string[]): Child {
  const [command = "", ...rest] = [...wordsOf(PROGRAM), ...words];
  const child = new Child(command, rest);
  defer(() => child.stop("SIGKILL"));
  return child;
}

/** What a command line says on both outputs, and its status. */
function said(...words: readonly string[]): { status: number | null; text: string } {
  const [command = "", ...rest] = [...wordsOf(PROGRAM), ...words];
  const { status, stdout, stderr } = spawnSync(command, rest, { encoding: "utf8", timeout: COMMAND_LIMIT_MS });
  return { status, text: stdout + stderr };
}

const NOTHING = { status: 0, text: "" };

test("they do nothing without a pair, and where nothing runs there is nothing to drain", async () => {
  const file = join(temporaryFolder(), "branchline.yaml");
  writeFileSync(file, `listen: ["udp:${net.host(1)}"]\nlocalnet: ["${net.network(16)}"]\n`);
  expect(said("drain", "--patient", "-c", file)).toEqual(NOTHING);
  await start(["run", "-c", file]).line(/ ?started /);
  expect(said("drain", "--patient", "-c", file)).toEqual(NOTHING);
  expect(said("join", "--patient", "-c", file)).toEqual(NOTHING);
});

test("one waits for the other member, the other one for branchline", async () => {
  const { left: file, right: other } = pairFiles();
  const left = start(["run", "-c", file]);
  await left.line(/cluster_state state=active/);
  const drain = start(["drain", "--patient", "-c", file]);
  await drain.line(/^Waiting: right is not heard$/);
  expect(drain.hasEnded).toBe(false);
  const right = start(["run", "-c", other]);
  expect(await drain.ended).toBe(0);
  expect(drain.lines.join(" ")).toContain("left is drained: ");
  await right.line(/shared_address .*is_here=yes/);

  await left.stop();
  const join = start(["join", "--patient", "-c", file]);
  start(["run", "-c", file]);
  expect(await join.ended).toBe(0);
  expect(join.lines.join(" ")).toContain("left is active ");
});
