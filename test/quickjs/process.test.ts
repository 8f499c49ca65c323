/** Signals, exit statuses and standard streams of the binary, compared with those of Node. */
import { spawn, spawnSync } from "node:child_process";
import { openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { cleanUpAfterEach, defer } from "../peers/support/cleanup.ts";
import { describeWith } from "../peers/support/peers.ts";
import { onTerminal } from "../peers/support/terminal.ts";
import { COMMAND_LIMIT_MS } from "../support/machine.ts";
import { describeProgram } from "./support/binary.ts";
import { bundledForNode } from "./support/by-node.ts";
import { SANITIZERS } from "./support/host-binary.ts";

const PROGRAM = "process.ts";
const env = { ...process.env, ...SANITIZERS };
const nodes = bundledForNode(PROGRAM);

/** How it ended, and what it said on standard output. */
function ended(command: readonly string[], stdin: string | number) {
  const [program = "", ...words] = command;
  const common = { env, encoding: "utf8", timeout: COMMAND_LIMIT_MS } as const;
  const { status, signal, stdout } =
    typeof stdin === "number"
      ? spawnSync(program, words, { ...common, stdio: [stdin, "pipe", "pipe"] })
      : spawnSync(program, words, { ...common, input: stdin });
  return { status, signal, stdout };
}

/** The same for a program whose standard error nobody reads. */
function endedUnheard([program = "", ...words]: readonly string[]) {
  return new Promise((resolve) => {
    const child = spawn(program, words, { env, stdio: ["ignore", "pipe", "pipe"] });
    child.stderr.destroy();
    let stdout = "";
    child.stdout.setEncoding("utf8").on("data", (piece: string) => {
      stdout += piece;
    });
    child.on("close", (status, signal) => resolve({ status, signal, stdout }));
  });
}

await describeProgram("beside Node", PROGRAM, (path) => {
  const both = (word: string) => [
    [process.execPath, nodes().program, word],
    [path(), word],
  ];

  // It looks at its memory every ten seconds: meanwhile the others play.
  let calm: Promise<unknown>;
  beforeAll(() => {
    calm = endedUnheard([path(), "calm"]);
  });

  test.each(["exit-code", "exit", "exit-as-set", "heard", "signals", "throw", "title", "streams"])("%s", (word) => {
    const [node, own] = both(word).map((command) => ended(command, ""));
    expect(node?.stdout !== "" || node.status !== 0).toBe(true);
    expect(own).toEqual(node);
  });

  test.each([
    ["nothing", ""],
    ["whole lines", "Grüße\na b\n\n"],
    ["a last line without its end", "one\ntwo"],
    ["line ends of other systems", "one\r\ntwo\r\n"],
    ["more than a piece", `${"0123456789".repeat(2_000)}\nend\n`],
  ])("lines by a pipe and from a file: %s", (_, text) => {
    const file = join(nodes().folder, "input");
    writeFileSync(file, text);
    for (const stdin of [() => text, () => openSync(file, "r"), () => openSync("/dev/null", "r")]) {
      const [node, own] = both("lines").map((command) => ended(command, stdin()));
      expect(own).toEqual(node);
      expect(own?.status).toBe(3);
    }
  });

  test("the heap has what it is given, and what asks for more gets an error that can be caught", () => {
    const { stdout, status } = spawnSync(path(), ["heap"], {
      env: { ...env, BRANCHLINE_HEAP_MB: "16" },
      encoding: "utf8",
    });
    expect({ stdout, status }).toEqual({
      status: 0,
      stdout: `[16777216,true,"goes on"]\n`,
    });
  });

  test("no line comes after the end that the program has made", () => {
    expect(ended([path(), "lines"], "one\nquit\ntwo\n").stdout).toBe('"one"\n"quit"\n"closed"\n');
  });

  test("a reader of standard error that has ended is told of, as an error", async () => {
    const [node, own] = await Promise.all(both("nobody").map(endedUnheard));
    expect(own).toEqual(node);
    expect(own).toMatchObject({ status: 7, stdout: expect.stringContaining("EPIPE") });
  });

  describeWith(["script"], "on a terminal", () => {
    cleanUpAfterEach();

    test.each([
      ["lines and their end", "abc\x7fd\nGrüße\n\x04", ['"abd"', '"Grüße"', '"closed"']],
      ["Ctrl-C ends the asking, and not the process", "ab\x03", ['"closed"']],
    ])("%s", async (_, keys, said) => {
      const child = onTerminal([path(), "ask"], { env: SANITIZERS });
      defer(() => child.stop());
      // It asks now: before that, keys are the kernel's.
      await child.line(/\[true,true\]/);
      child.type(keys);
      expect(await child.ended).toBe(0);
      const stdout = child.lines.join("\n");
      for (const one of ["name? ", ...said]) expect(stdout).toContain(one);
    });

    test("keys are told as they are pressed and not shown, Ctrl-C too; afterwards the terminal is as it was", async () => {
      const child = onTerminal([path(), "keys"], { env: SANITIZERS });
      defer(() => child.stop());
      await child.line(/another size/);
      for (const [typed, told] of [
        ["j", '"j"'],
        ["\x03", '"\\u0003"'],
        ["\x1b[A", '"\\u001b[A"'],
        ["q", '"q"'],
      ] as const) {
        child.press(typed);
        await child.line(new RegExp(`^${told.replace(/[\\[]/g, "\\$&")}$`));
      }
      // What is typed while the terminal's mode changes may be lost.
      await child.line(/^\[(?:true|false),(?:true|false)\]$/);
      child.type("line\n\x04");
      expect(await child.ended).toBe(0);
      expect(child.lines).toContain("[0,0]");
      expect(child.lines.join("\n")).toContain('"line"');
    });
  });

  test("a load that is over is told of, once it is over", { timeout: 300_000 }, async () => {
    expect(await calm).toEqual({ status: 0, signal: null, stdout: '100000\n"calm"\n' });
  });
});
