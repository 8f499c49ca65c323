/** The control socket when it, or what it needs, is used up: a command says what is wrong, and what helps. */
import { lstatSync, readFileSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import * as net from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  askControl,
  believedOwners,
  ControlSocket,
  listeningSockets,
  SilentError,
} from "../../src/io/node/control-socket.ts";
import { cleanUpAfterEach, defer } from "../peers/support/cleanup.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";

cleanUpAfterEach();

function place(): string {
  return join(temporaryFolder(), "control.sock");
}

async function open(file: string): Promise<void> {
  const socket = new ControlSocket(file, (line) => `heard ${line}`);
  await socket.open();
  defer(() => socket.close());
}

/** Connections that are let in and ask nothing. */
async function hold(file: string, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    const socket = net.connect(file);
    socket.on("error", () => {});
    await new Promise((resolve) => socket.once("connect", resolve));
    defer(() => socket.destroy());
  }
}

/** A server in branchline's place that does to connections what `serve` does. */
async function pretend(file: string, serve: (socket: net.Socket) => void): Promise<void> {
  const server = net.createServer((socket) => {
    socket.on("error", () => {});
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(file, resolve));
  defer(() => server.close());
}

test("a question gets its line", async () => {
  const file = place();
  await open(file);
  await hold(file, 15);
  expect(await askControl(file, "you?")).toBe("heard you?");
});

test.each([
  [undefined, 0o600],
  [0o660, 0o660],
])("its mode, which says who may ask, is %s: %s", async (given, mode) => {
  const file = place();
  const socket = new ControlSocket(file, () => "", given);
  await socket.open();
  defer(() => socket.close());
  expect(lstatSync(file).mode & 0o777).toBe(mode);
});

test("with its places taken by others, a command hears that", async () => {
  const file = place();
  await open(file);
  await hold(file, 16);
  expect(await askControl(file, "you?")).toMatch(/"ok":false.*16 other commands.*try again in 5 s/);
});

test("with no connection left at all, a command says so and what helps", async () => {
  const file = place();
  await open(file);
  await hold(file, 64);
  await expect(askControl(file, "you?")).rejects.toThrow(/no file descriptor left, or too many commands.*ulimit -n/);
});

test.each([
  ["hangs up at once", (socket: net.Socket) => socket.destroy()],
  ["hangs up on hearing the question", (socket: net.Socket) => socket.once("data", () => socket.destroy())],
  ["ends without a word", (socket: net.Socket) => socket.end()],
  ["ends within its line", (socket: net.Socket) => socket.end('{"ok":')],
])("a branchline that %s is no riddle", async (_, serve) => {
  const file = place();
  await pretend(file, serve);
  await expect(askControl(file, "you?")).rejects.toThrow(/gives no answer: .*Try again/);
});

test("a branchline that hangs takes the question and stays silent: it isn't one without file descriptors", async () => {
  const file = place();
  await pretend(file, () => {});
  const asked = askControl(file, "you?", 100);
  await expect(asked).rejects.toThrow(SilentError);
  await expect(asked).rejects.toThrow(/^it was silent for 0\.1 s$/);
});

test("where nobody listens, no branchline runs", async () => {
  const file = place();
  expect(await askControl(file, "you?")).toBeUndefined();
  writeFileSync(file, "");
  expect(await askControl(file, "you?")).toBeUndefined();
});

test("a link that lies in the socket's place isn't followed", async () => {
  const folder = temporaryFolder();
  const file = join(folder, "control.sock");
  const victim = join(folder, "shadow");
  writeFileSync(victim, "precious", { mode: 0o644 });
  symlinkSync(victim, file);
  await open(file);
  expect([readFileSync(victim, "utf8"), lstatSync(victim).mode & 0o777]).toEqual(["precious", 0o644]);
  expect(lstatSync(file).isSocket()).toBe(true);
});

test("a socket at which somebody listens isn't taken away", async () => {
  const file = place();
  await open(file);
  await expect(new ControlSocket(file, () => "thief").open()).rejects.toThrow(/another process listens at/);
  expect(await askControl(file, "you?")).toBe("heard you?");
});

test("a socket is removed by its owner alone", async () => {
  const file = place();
  const first = new ControlSocket(file, () => "first");
  await first.open();
  unlinkSync(file);
  await open(file);
  await first.close();
  expect(await askControl(file, "you?")).toBe("heard you?");
});

test("sockets are found by the kernel's list, and only those of owners whose word counts", async () => {
  const file = place();
  await open(file);
  const { uid } = lstatSync(file);
  expect(listeningSockets("control.sock", new Set([uid]))).toContain(file);
  expect(listeningSockets("control.sock", new Set([uid + 1]))).not.toContain(file);
});

test("the word of root, of whoever asks, and of the owner of a file counts, and nobody else's", () => {
  const others = ["/proc/1/status", "/nowhere"];
  expect([...believedOwners(others)].sort()).toEqual([...new Set([0, process.getuid?.()])].sort());
});
