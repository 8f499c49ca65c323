/** The program of ../native/older-kernel.c, and what it has seen. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const SOURCE = fileURLToPath(new URL("../native/older-kernel.c", import.meta.url));
const FOLDER = fileURLToPath(new URL("../../dist/native/test-older-kernel", import.meta.url));
const logIn = (folder: string) => `${folder}/newer-calls`;
/** The machine's own names of i386's calls. */
const NUMBERS = "/usr/include/x86_64-linux-gnu/asm/unistd_32.h";
const SOCKETCALL = 102;
const TO = new Map([
  [1, "socket with flags"],
  [8, "socketpair with flags"],
  [14, "newer options of sockets"],
  [15, "newer options of sockets"],
]);

/** Its command, whose further words are a program for i386. @param folder for it, and for what it sees */
export function olderKernel(folder = FOLDER): readonly string[] {
  mkdirSync(folder, { recursive: true });
  const program = `${folder}/older-kernel`;
  execFileSync("gcc", ["-O1", "-Wall", "-Wextra", "-Werror", "-o", program, SOURCE]);
  rmSync(logIn(folder), { force: true });
  return [program, logIn(folder)];
}

/** i386's calls, as this machine's headers know them: number → name. */
export function callsOfI386(): ReadonlyMap<number, string> {
  const lines = readFileSync(NUMBERS, "latin1").matchAll(/^#define __NR_(\w+) (\d+)$/gm);
  return new Map([...lines].map(([, name = "", number]) => [Number(number), name]));
}

/** What programs have asked in vain since {@link olderKernel}, by name: for each there was another way. */
export function newerCalls(folder = FOLDER): readonly string[] {
  const names = callsOfI386();
  const asked = readFileSync(logIn(folder), "latin1").trim().split("\n");
  const named = asked.map((line) => {
    const [call, to] = line.split(" ").map(Number);
    return (call === SOCKETCALL ? TO.get(to ?? 0) : names.get(call ?? 0)) ?? `call ${line}`;
  });
  return [...new Set(named)].sort();
}
