/** A process and its streams, one way by each word: what is said goes to standard output, by lines. */
import * as fs from "node:fs";
import * as readline from "node:readline";
import { openKeyboard } from "../../../src/io/node/keyboard.ts";
import { heapMemory_bytes, tameHeap } from "../../../src/io/node/memory.ts";

const say = (value: unknown) => fs.writeSync(1, `${JSON.stringify(value)}\n`);
const PAUSE_ms = 50;

function readLines() {
  const terminal = readline.createInterface({ input: process.stdin });
  terminal.on("line", (line) => {
    say(line);
    if (line === "quit") terminal.close();
  });
  terminal.on("close", () => {
    say("closed");
    process.exitCode = 3;
  });
}

/** Asks on a terminal. */
function ask() {
  const terminal = readline.createInterface({ input: process.stdin, output: process.stderr });
  say([process.stdin.isTTY, process.stderr.isTTY]);
  terminal.on("line", (line) => {
    say(line);
    terminal.prompt();
  });
  terminal.on("close", () => say("closed"));
  terminal.setPrompt("name? ");
  terminal.prompt();
}

/** Tells keys until q, then lines again. */
function hearKeys() {
  const close = openKeyboard({
    onKeys(octets) {
      say(octets);
      if (!octets.includes("q")) return;
      close();
      ask();
    },
    onEnd: () => say("gone"),
  });
  process.on("SIGWINCH", () => say("another size"));
  process.kill(process.pid, "SIGWINCH");
  say([process.stdout.columns, process.stdout.rows]);
}

function hearSignals() {
  process.on("SIGHUP", (signal) => say(signal));
  process.on("SIGHUP", () => say("again"));
  process.once("SIGINT", (signal) => say(signal));
  const signals = ["SIGHUP", "SIGINT", "SIGHUP", "SIGINT"] as const;
  signals.forEach((signal, index) => {
    setTimeout(() => process.kill(process.pid, signal), (index + 1) * PAUSE_ms);
  });
  setTimeout(() => say("still here"), 20 * PAUSE_ms);
}

/** Nothing reads standard error any more. */
function writeToNobody() {
  process.stderr.on("error", (error: NodeJS.ErrnoException) => {
    say([error.code, error.syscall, error.message]);
    process.exit(7);
  });
  setTimeout(() => process.stderr.write("a line\n"), 6 * PAUSE_ms);
}

function throwLater() {
  setTimeout(() => {
    throw new Error("nobody catches it");
  }, 1);
  setTimeout(() => say("still here"), PAUSE_ms);
}

/** Fills the heap until it may have no more. */
function fillHeap() {
  tameHeap(() => {});
  const kept: string[][] = [];
  try {
    while (kept.length < 1_000) kept.push(Array.from({ length: 10_000 }, (_, index) => `${kept.length} ${index}`));
  } catch {
    // An engine without memory for an error throws null.
  }
  const isFull = kept.length < 1_000;
  kept.length = 0;
  say([heapMemory_bytes(), isFull, "goes on"]);
}

/** Memory is looked at every ten seconds. */
function endLoad() {
  let load = Array.from({ length: 100_000 }, (_, index) => [String(index)]);
  setTimeout(() => {
    say(load.length);
    load = [];
  }, 12_000);
  tameHeap(() => {
    say("calm");
    process.exit(0);
  });
  setTimeout(() => say("never told"), 60_000);
}

const WAYS: Readonly<Record<string, () => void>> = {
  lines: readLines,
  ask,
  keys: hearKeys,
  heap: fillHeap,
  calm: endLoad,
  signals: hearSignals,
  nobody: writeToNobody,
  throw: throwLater,
  "exit-code": () => {
    process.exitCode = 4;
    setTimeout(() => say("later"), 1);
  },
  exit: () => {
    setTimeout(() => say("never"), PAUSE_ms);
    process.exit(6);
  },
  "exit-as-set": () => {
    process.exitCode = 5;
    process.exit();
  },
  heard: () => {
    process.on("SIGTERM", () => say("never"));
    say("a signal that is heard keeps no process");
  },
  title: () => {
    process.title = "branchline";
    say([process.title, fs.readFileSync("/proc/self/comm", "latin1")]);
  },
  streams: () => {
    process.stdout.write("Grüße ");
    process.stdout.write("€\n");
    say([process.stdout.isTTY, process.stdin.isTTY]);
  },
};

WAYS[process.argv[2] ?? ""]?.();
