/** Node's child_process. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { Journal, once, pause } from "./journal.ts";
import type { Cases } from "./outcome.ts";

const OUTPUT = ["data", "close"] as const;

async function told(child: ChildProcess, journal = new Journal()): Promise<readonly string[]> {
  for (const [name, output] of Object.entries({ out: child.stdout, error: child.stderr })) {
    if (output !== null) journal.hear(name, output, OUTPUT.slice(0, 1));
  }
  journal.hear("child", child, ["exit", "close", "error"]);
  await once(child, "close");
  await pause(20);
  return journal.lines;
}

const shell = (line: string) => told(spawn("/bin/sh", ["-c", line], { stdio: ["ignore", "pipe", "pipe"] }));

export const CHILDREN: Cases = {
  "its output, and its status": () => shell("echo text; exit 3"),
  "what it complains of": () => shell("echo text >&2"),
  "no output": () => shell(":"),
  "nothing but its status": () => told(spawn("/bin/sh", ["-c", "exit 7"], { stdio: ["ignore", "ignore", "ignore"] })),
  "ended by a signal": async () => [await shell("kill -9 $$"), await shell("kill $$")],
  "a daemon of its own writes on": () => shell("(sleep 0.2; echo late) & echo early"),
  "it closes its output long before it ends": () => shell("echo text; exec >&- 2>&-; sleep 0.2; exit 4"),
  "its variables": () => told(spawn("printenv", ["WORD"], { env: { PATH: process.env["PATH"], WORD: "Grüße" } })),
  "much output": () => shell("head -c 1000000 /dev/zero | tr '\\0' x"),
  "many at once": async () => {
    const all = await Promise.all(Array.from({ length: 20 }, (_, at) => shell(`echo ${at}; exit ${at}`)));
    return all.map((lines) => lines[lines.length - 1]);
  },
  "in a group of its own": async () => {
    const child = spawn("/bin/sh", ["-c", "sleep 20 & sleep 20"], { detached: true });
    await pause(50);
    process.kill(-(child.pid ?? 0), "SIGKILL");
    return told(child);
  },
  "a program that isn't there": async () => {
    const child = spawn("/nothing/there", ["word"]);
    return [child.pid, await told(child)];
  },
  "waited for": () => execFileSync("/bin/sh", ["-c", "echo Grüße"], { encoding: "utf8" }),
  "waited for, in vain": () => execFileSync("/nothing/there", [], { encoding: "utf8" }),
  "waited for, and failed": () => execFileSync("/bin/sh", ["-c", "exit 3"], { encoding: "utf8" }),
  "waited for too long": () =>
    execFileSync("/bin/sleep", ["5"], { encoding: "utf8", timeout: 100, stdio: ["ignore", "pipe", "ignore"] }),
};
