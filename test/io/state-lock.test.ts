/** One process for each state folder: who has it, who hasn't any more, and who comes too late. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import * as net from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { StateInUse, takeFolder } from "../../src/io/node/state-lock.ts";
import { cleanUpAfterEach, defer } from "../peers/support/cleanup.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";

cleanUpAfterEach();

/** A folder, and what is told while it is taken. */
function place(folder = temporaryFolder()) {
  const told: string[] = [];
  const tell = (event: string) => void told.push(event);
  const log = { error: tell, warn: tell, info: tell, debug: tell };
  const socket = join(folder, "control.sock");
  const take = (isWanted?: () => boolean) => takeFolder({ folder, socket, file: "/etc/b.yaml" }, log, isWanted);
  return { folder, lock: join(folder, "lock"), socket, told, take };
}

/** The lock of a process that lives, as that one would lay it. */
async function heldByAnother(lock: string) {
  const own = JSON.parse(readFileSync(lock, "utf8"));
  const child = spawn("sleep", ["60"]);
  defer(() => void child.kill("SIGKILL"));
  await new Promise((resolve) => child.once("spawn", resolve));
  const { pid = 0 } = child;
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const since = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  writeFileSync(lock, JSON.stringify({ ...own, pid, since, file: "/etc/a.yaml" }));
  return { child, pid };
}

test("a folder is taken and given back; nothing else is left in it", async () => {
  const { folder, lock, take, told } = place(join(temporaryFolder(), "state"));
  mkdirSync(folder);
  for (const name of ["lock.7", "lock.8.old"]) writeFileSync(join(folder, name), "of one that was killed");
  const held = await take();
  expect(JSON.parse(readFileSync(lock, "utf8"))).toMatchObject({ pid: process.pid, file: "/etc/b.yaml" });
  expect(readdirSync(folder)).toEqual(["lock"]);
  held?.release();
  expect(readdirSync(folder)).toEqual([]);
  expect(told).toEqual([]);
});

test("a process that has it and goes on: the other one is refused, and told by which process and file", {
  timeout: 90_000,
}, async () => {
  const { folder, lock, take, told } = place();
  await take();
  const { pid } = await heldByAnother(lock);
  const refused = take();
  await expect(refused).rejects.toThrow(`state folder ${folder} is in use by pid ${pid}, which runs with /etc/a.yaml`);
  await expect(refused).rejects.toBeInstanceOf(StateInUse);
  expect(told).toEqual(["state_in_use"]);
  expect(JSON.parse(readFileSync(lock, "utf8"))).toMatchObject({ pid });
});

test("a process that is about to end is waited for", async () => {
  const { lock, take, told } = place();
  await take();
  const { child, pid } = await heldByAnother(lock);
  const taken = take();
  await new Promise((resolve) => setTimeout(resolve, 300));
  child.kill("SIGKILL");
  await taken;
  expect(told).toEqual(["state_in_use"]);
  expect(JSON.parse(readFileSync(lock, "utf8"))).not.toMatchObject({ pid });
});

test("who isn't wanted any more while it waits takes nothing", async () => {
  const { lock, take } = place();
  await take();
  const { pid } = await heldByAnother(lock);
  let isWanted = true;
  const taken = take(() => isWanted);
  isWanted = false;
  expect(await taken).toBeUndefined();
  expect(JSON.parse(readFileSync(lock, "utf8"))).toMatchObject({ pid });
});

test.each([
  ["a process that was killed", { pid: 2 ** 22 + 1 }],
  ["another process with its number", { pid: 1, since: "1" }],
  ["a number of before a power cut", { pid: process.ppid, place: "another boot" }],
  ["a number in another container", { place: "this boot, another namespace" }],
  ["nobody, as it is empty", undefined],
])("a lock of %s is stale", async (_, changes) => {
  const { folder, lock, take } = place();
  const first = await take();
  const text = readFileSync(lock, "utf8");
  first?.release();
  const stale = changes === undefined ? "" : JSON.stringify({ ...JSON.parse(text), since: "77", ...changes });
  writeFileSync(lock, stale);
  await take();
  expect(JSON.parse(readFileSync(lock, "utf8"))).toMatchObject({ pid: process.pid });
  expect(readdirSync(folder)).toEqual(["lock"]);
});

test("one that is older than locks, or in another container, is found by its control socket", async () => {
  const { socket, take, lock } = place();
  const server = net.createServer((one) => {
    one.once("data", () => one.end(`${JSON.stringify({ ok: true, status: { file: "/etc/old.yaml" } })}\n`));
    one.on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  defer(() => server.close());
  await expect(take()).rejects.toThrow("is in use by a branchline that runs with /etc/old.yaml");
  expect(existsSync(lock)).toBe(false);
});

test("a socket that nobody listens at any more is no obstacle, nor a path too long for one", async () => {
  const { socket, take } = place();
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  writeFileSync(`${socket}.copy`, "");
  server.close();
  writeFileSync(socket, "");
  (await take())?.release();
  const long = join(temporaryFolder(), "x".repeat(120));
  mkdirSync(long);
  expect(await place(long).take()).toBeDefined();
});

test("a lock is given back by its owner alone", async () => {
  const { lock, take } = place();
  const held = await take();
  const { pid } = await heldByAnother(lock);
  held?.release();
  expect(JSON.parse(readFileSync(lock, "utf8"))).toMatchObject({ pid });
});

test("a folder that can't be written is told of, and no reason not to run", async () => {
  const file = join(temporaryFolder(), "file");
  writeFileSync(file, "");
  const { take, told } = place(join(file, "state"));
  expect(await take()).toBeDefined();
  expect(told).toEqual(["state_lock"]);
});
