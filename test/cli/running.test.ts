/** A branchline that has just been started, and has no socket yet: commands wait for it. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import * as net from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ControlSocket } from "../../src/io/node/control-socket.ts";
import { cleanUpAfterEach, defer } from "../peers/support/cleanup.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";
import { PROGRAM } from "../support/program.ts";

/** How long a command waits for a socket. */
const STARTING_MS = 5_000;
const TIMES_MOST = 5;

cleanUpAfterEach();

/** A process that has the state folder of a file. */
async function starting(runsWith = "branchline.yaml") {
  const folder = temporaryFolder();
  const file = join(folder, "branchline.yaml");
  writeFileSync(file, "listen: [udp:127.0.0.1:5060]\nlocalnet: [127.0.0.0/8]\n");
  const state = join(folder, "state");
  mkdirSync(state);
  const process: ChildProcess = spawn("sleep", ["60"]);
  defer(() => void process.kill("SIGKILL"));
  await new Promise((resolve) => process.once("spawn", resolve));
  const { pid = 0 } = process;
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const since = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  const place = `${readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim()} ${readlinkSync("/proc/self/ns/pid")}`;
  writeFileSync(join(state, "lock"), JSON.stringify({ pid, file: join(folder, runsWith), place, since }));
  return { file, pid, process, socket: join(state, "control.sock") };
}

/** What a command with the file says, and how it ends. */
function ask(file: string, ...command: readonly string[]): Promise<{ code: number; text: string; took_ms: number }> {
  const began_ms = performance.now();
  const words = command.length === 0 ? ["reload"] : command;
  return new Promise((resolve) => {
    execFile(PROGRAM.command, [...PROGRAM.first, ...words, "-c", file], (error, stdout, stderr) => {
      const code = typeof error?.code === "number" ? error.code : 0;
      resolve({ code, text: stdout + stderr, took_ms: performance.now() - began_ms });
    });
  });
}

/** A command begins, the socket opens a second later, and the command has its answer. */
async function waitsForAnswer(file: string, socket: string): Promise<void> {
  const answers = new ControlSocket(socket, (line) =>
    JSON.stringify(line.includes("status") ? { ok: true, status: { file } } : { ok: false, error: "it was asked" }),
  );
  const asked = ask(file);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  await answers.open();
  defer(() => answers.close());
  expect(await asked).toMatchObject({ code: 1, text: "it was asked\n" });
}

test("its socket opens a second later: the command gets its answer", async () => {
  const { file, socket } = await starting();
  await waitsForAnswer(file, socket);
});

test("it hasn't taken its state folder yet: the command waits for it", async () => {
  const folder = temporaryFolder();
  const file = join(folder, "branchline.yaml");
  writeFileSync(file, "listen: [udp:127.0.0.1:5060]\nlocalnet: [127.0.0.0/8]\n");
  mkdirSync(join(folder, "state"));
  // As the packages' services begin.
  const script = join(folder, "run.sh");
  writeFileSync(script, "sleep 60\n");
  const child = spawn("/bin/sh", [script, file], { detached: true });
  defer(() => void process.kill(-(child.pid ?? 0), "SIGKILL"));
  await new Promise((resolve) => child.once("spawn", resolve));
  const socket = join(folder, "state/control.sock");
  await waitsForAnswer(file, socket);
});

test("its socket never opens: the command says so, and which process that is", async () => {
  const { file, pid } = await starting();
  expect(await ask(file)).toMatchObject({
    code: 1,
    text: `branchline (pid ${pid}) runs with ${file}, but hears no commands: see its log\n`,
  });
});

/** A process that listens there, and hangs. Its queue is full: whoever comes hears at once that nobody is let in. */
async function hangsAt(socket: string): Promise<void> {
  const program = `require("net").createServer().listen({ path: ${JSON.stringify(socket)}, backlog: 1 }, () => {
    process.stdout.write("listening", () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
  });`;
  const child = spawn(process.execPath, ["-e", program]);
  defer(() => void child.kill("SIGKILL"));
  await new Promise((resolve) => child.stdout.once("data", resolve));
  for (let isFull = false; !isFull; ) {
    const waiting = net.connect(socket);
    defer(() => void waiting.destroy());
    isFull = await new Promise((resolve) => {
      waiting.once("connect", () => resolve(false));
      waiting.once("error", () => resolve(true));
    });
  }
}

test("it hangs: the command says so, which process that is, and how to restart it", async () => {
  const { file, pid, socket } = await starting();
  await hangsAt(socket);
  expect(await ask(file, "status")).toMatchObject({
    code: 1,
    text: expect.stringMatching(
      new RegExp(
        `^branchline \\(pid ${pid}\\) runs with ${file}, but doesn't answer \\(it lets nobody in\\): it hangs, or was stopped\\. ` +
          `Restart it: kill -9 ${pid}, then .* run -c ${file}\n$`,
      ),
    ),
  });
});

test.each([
  ["phones", "yealink"],
  ["explain", "127.0.0.17", "sip:5551234@pbx.example.com"],
])("its socket never opens: %s goes by the files, as without a running branchline", async (...command) => {
  const { file } = await starting();
  const { code, text } = await ask(file, ...command);
  expect({ code, text }).toMatchObject({ code: 0, text: expect.not.stringContaining("hears no commands") });
});

test("it ends meanwhile: it isn't running", async () => {
  const { file, process } = await starting();
  const asked = ask(file);
  setTimeout(() => process.kill("SIGKILL"), 1_000);
  expect((await asked).text).toMatch(/^branchline isn't running with /);
});

test("the one that has the folder runs with another file: nothing is waited for", async () => {
  const { file } = await starting("other.yaml");
  let quickest_ms = Number.POSITIVE_INFINITY;
  // A busy machine may take as long once; a command that waits does so each time.
  for (let time = 0; time < TIMES_MOST && quickest_ms >= STARTING_MS; time++) {
    const { text, took_ms } = await ask(file);
    expect(text).toMatch(/^branchline isn't running with /);
    quickest_ms = Math.min(quickest_ms, took_ms);
  }
  expect(quickest_ms).toBeLessThan(STARTING_MS);
});

test("another version that runs here answers with a status of which nothing can be read: init passes over it", async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "state"));
  const file = join(folder, "branchline.yaml");
  const old = new ControlSocket(join(folder, "state/control.sock"), () =>
    JSON.stringify({ ok: true, status: { file } }),
  );
  await old.open();
  defer(() => old.close());
  const words = ["--yes", "--hear", "0", "--localnet", "127.0.0.0/8", "--listen", "127.0.0.1:5060"];
  const { code, text } = await ask(file, "init", ...words, "--upstream", "none", "--gateway", "none");
  expect(text).not.toMatch(/^\s+at /m);
  expect(code).toBe(0);
});

test.each([
  ["no lists", { status: {}, calls: { calls: [], changes: 0, run: "r" } }],
  ["no status", { status: null, calls: { calls: [], changes: 0, run: "r" } }],
  ["calls without a page", { status: { listen: [], upstream: [], gateways: [] }, calls: [] }],
  [
    "half a call",
    { status: { listen: [], upstream: [], gateways: [] }, calls: { calls: [{ id: 1 }], changes: 1, run: "r" } },
  ],
])("another version answers watch with %s: it says so, and prints no program", async (_what, answer) => {
  const folder = temporaryFolder();
  const file = join(folder, "branchline.yaml");
  writeFileSync(file, "listen: [udp:127.0.0.1:5060]\nlocalnet: [127.0.0.0/8]\n");
  mkdirSync(join(folder, "state"));
  let asked = 0;
  const other = new ControlSocket(join(folder, "state/control.sock"), () => {
    asked += 1;
    // The first question is whose file it runs with.
    return JSON.stringify(asked === 1 ? { ok: true, status: { file } } : { ok: true, ...answer });
  });
  await other.open();
  defer(() => other.close());
  expect(await ask(file, "watch")).toMatchObject({ code: 1, text: "another version of branchline runs: restart it\n" });
});
