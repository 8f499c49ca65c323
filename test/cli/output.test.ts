/** Where output goes: full disks, closed pipes, terminals with and without colours. */
import { spawnSync } from "node:child_process";
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { COMMANDS } from "../../src/cli/commands.ts";
import { isColoured } from "../../src/cli/paper.ts";
import { hostPort, Subnet } from "../peers/support/addresses.ts";
import { Child } from "../peers/support/child.ts";
import { cleanUpAfterEach, defer } from "../peers/support/cleanup.ts";
import { describeWith } from "../peers/support/peers.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";
import { branchline } from "../support/bundle.ts";
import { PATIENCE_MS } from "../support/machine.ts";
import { PROGRAM, wordsOf } from "../support/program.ts";

const net = new Subnet(113);

cleanUpAfterEach();

/** A file that `doctor` can go through in no time, and the words of a command that prints something about it. */
const FILE = "listen: [udp:127.0.0.1:5060]\nlocalnet: [127.0.0.0/8]\n";
const NO_PEERS = ["--upstream", "none", "--gateway", "none"];
const PRINTING: readonly (readonly string[])[] = [
  ["check", "branchline.yaml"],
  ["check", "branchline.yaml", "--json"],
  ["phones"],
  ["explain", "127.0.0.17", "5551234"],
  ["doctor"],
  ["doctor", "--json"],
  [
    ...["init", "-c", "-", "--yes", "--hear", "0", "--localnet", "127.0.0.0/8", "--listen", "127.0.0.1:5060"],
    ...NO_PEERS,
  ],
  ["completion", "bash"],
  ["cluster", "secret", "a-secret"],
  ["schema"],
  ["version"],
  ["--version"],
  ["help"],
  ["--help"],
  ["status", "--help"],
];

function folderWithFile(): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "branchline.yaml"), FILE);
  return folder;
}

function shell(command: string, words: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { NO_COLOR: _, BRANCHLINE_CONFIG: __, ...rest } = process.env;
  return spawnSync("bash", ["-c", command, "bash", ...wordsOf(PROGRAM), ...words], {
    encoding: "utf8",
    cwd: folderWithFile(),
    env: { ...rest, ...env },
  });
}

test.each(PRINTING.map((words) => [words.join(" "), words] as const))(
  "%s into a full disk: a message and exit status 1, no stack trace",
  (_title, words) => {
    const { status, stderr } = shell('"$@" > /dev/full', words);
    expect(stderr).toContain("Output can't be written: no space left on the device\n");
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(status).toBe(1);
  },
);

test.each(PRINTING.map((words) => [words.join(" "), words] as const))(
  "%s into a pipe that nothing reads: a message and exit status 1, no stack trace",
  (_title, words) => {
    // A binary may be over before the reader is: blanks are written until nothing takes them.
    const late = '{ trap "" PIPE; while echo; do sleep 0.01; done 2> /dev/null; "$@"; }';
    const { stdout, stderr } = shell(`${late} | true; echo "\${PIPESTATUS[0]}"`, words);
    expect(stderr).toContain("Output can't be written: the program that reads it has ended\n");
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(stdout).toBe("1\n");
  },
);

test("a message that standard error can't take leaves the exit status as it is", () => {
  expect(shell('"$@" 2> /dev/full', ["check", "none.yaml"]).status).toBe(2);
  expect(shell('"$@" 2> /dev/full', ["chek"]).status).toBe(2);
});

/** Commands that ask a running proxy. */
const ASKING: readonly (readonly string[])[] = [
  ["status"],
  ["status", "--json"],
  ["calls"],
  ["history"],
  ["history", "--csv"],
  ["readiness"],
  ["drill"],
  ["registered"],
  ["trace"],
  ["watch"],
  ["force", "auto"],
  ["reload"],
];

test("snmp into a full disk ends with a message and exit status 1", () => {
  const { status, stderr } = shell('echo PING | "$@" > /dev/full', ["snmp"]);
  expect(stderr).toBe("Output can't be written: no space left on the device\n");
  expect(status).toBe(1);
});

test("every command is here, but two that print on standard error alone, one that is asked, and two that need a pair", () => {
  const here = [...PRINTING, ...ASKING].map(([name]) => name);
  const others = COMMANDS.map(({ name }) => name).filter((name) => !here.includes(name));
  expect(others).toEqual(["run", "snmp", "report", "drain", "join"]);
});

/** A file, and the proxy that runs with it. */
function startProxy(redirection = ""): { file: string; proxy: Child } {
  const file = join(temporaryFolder(), "branchline.yaml");
  writeFileSync(file, `listen: ["udp:${hostPort(net.at(1))}"]\nlocalnet: ["${net.network(16)}"]\n`);
  const command = `exec "$@" ${redirection}`;
  const proxy = new Child("bash", ["-c", command, "bash", ...wordsOf(PROGRAM), "run", "-c", file]);
  defer(() => proxy.stop("SIGKILL"));
  return { file, proxy };
}

test("commands that ask a running proxy, into a full disk: a message and exit status 1", async () => {
  const { file, proxy } = startProxy();
  await proxy.line(/ ?started /);
  for (const words of ASKING) {
    const { status, stderr } = shell('"$@" > /dev/full', [...words, "-c", file]);
    expect({ words, status, stderr }).toEqual({
      words,
      status: 1,
      stderr: "Output can't be written: no space left on the device\n",
    });
  }
});

test("a reload that brings a name without an address warns, and is done all the same", async () => {
  const { file, proxy } = startProxy();
  await proxy.line(/ ?started /);
  // Nothing listens at that port: DNS is refused at once.
  appendFileSync(file, 'upstream: "sip:pbx.hq.example"\ndns: {servers: ["127.0.0.1:9"]}\n');
  const { status, stdout, stderr } = branchline(["reload", "-c", file]);
  expect({ status, stdout }).toEqual({ status: 0, stdout: "Now active: dns.servers, upstream\n" });
  expect(stderr).toMatch(/^WARNING: no DNS server gives an address of pbx\.hq\.example in time/);
  // Nothing has changed since.
  expect(branchline(["reload", "-c", file]).stderr).toBe("");
});

describe("a running proxy", () => {
  test.each([
    ["a full disk", "2> /dev/full"],
    ["a pipe whose reader has ended", "2> >(head -n 1 > /dev/null)"],
  ])("goes on when its log goes into %s", async (_what, redirection) => {
    const { file, proxy } = startProxy(redirection);
    const status = () => branchline(["status", "-c", file]).status;
    await expect.poll(status, { timeout: PATIENCE_MS }).toBe(0);
    // Each of them has a line in the log.
    for (let turn = 0; turn < 2; turn++) expect(branchline(["reload", "-c", file]).status).toBe(0);
    expect(status()).toBe(0);
    expect(await proxy.stop()).toBe(0);
  });
});

describe("colours", () => {
  test.each([
    [true, {}, true],
    [true, { TERM: "xterm" }, true],
    [true, { NO_COLOR: "" }, true],
    [true, { NO_COLOR: "1" }, false],
    [true, { TERM: "dumb" }, false],
    [false, { TERM: "xterm" }, false],
  ])("a terminal: %s, %j: %s", (isTerminal, environment, expected) => {
    expect(isColoured(isTerminal, environment)).toBe(expected);
  });

  test("files and pipes have none", () => {
    expect(shell('"$@"', ["check"], { TERM: "xterm" }).stdout).toContain("\nOK: ");
  });
});

describeWith(["script"], "a terminal", () => {
  const onTerminal = (words: readonly string[], env: Readonly<Record<string, string>>) =>
    shell(`script -qec "$(printf '%q ' "$@")" /dev/null < /dev/null`, words, env).stdout;

  test("has colours, unless NO_COLOR or TERM=dumb is set", () => {
    expect(onTerminal(["check"], { TERM: "xterm" })).toContain("\u001b[32mOK\u001b[0m: ");
    expect(onTerminal(["check"], { TERM: "xterm", NO_COLOR: "1" })).not.toContain("\u001b");
    expect(onTerminal(["check"], { TERM: "dumb" })).not.toContain("\u001b");
  });
});
