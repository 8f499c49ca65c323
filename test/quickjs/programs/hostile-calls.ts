/**
 * Calls every function of "native" with arguments by chance, as no code of ours would: SEED CALLS. Much is as it should be, the
 * rest is anything. Nothing may come of it but a result or an error. It prints how often each function has returned and thrown.
 *
 * Its folder and its network are its own. It leaves alone what would end it or reach others: descriptors that it hasn't
 * opened, signals to other processes, `exit`, and waiting long.
 */
import * as native from "native";
import { Rng } from "../../fuzz/rng.ts";
import { FUNCTIONS, RESTRICTED } from "./hostile-arguments.ts";
import { printJson } from "./print.ts";

type Function = (...args: readonly unknown[]) => unknown;

const CALLS_IN_A_TURN = 100;
const MOST_DESCRIPTORS = 200;
/** What a call may take of the heap when memory is short. */
const SHORT_BYTES = 4_000;

const [, seed = "1", calls = "10000"] = native.argv();
const rng = new Rng(Number(seed));
const exports = native as unknown as Readonly<Record<string, unknown>>;
const names = Object.keys(exports).filter((name) => typeof exports[name] === "function");
const missing = names.filter((name) => FUNCTIONS[name] === undefined);
if (missing.length > 0) throw new Error(`no arguments for ${missing.join(", ")}`);

const descriptors: number[] = [];
const outcomes: Record<string, [number, number]> = {};
let done = 0;

/** Functions that give a descriptor, or several. */
function keepDescriptors(name: string, result: unknown): void {
  if (["open", "socket", "accept"].includes(name) && Number(result) >= 0) descriptors.push(Number(result));
  if (name === "spawn" && Array.isArray(result)) descriptors.push(...result.slice(1).filter((fd) => fd >= 0));
  while (descriptors.length > MOST_DESCRIPTORS) native.close(descriptors.shift() ?? -1);
}

function argumentsFor(name: string): unknown[] {
  const context = { rng, descriptors };
  const right = FUNCTIONS[name]?.map((choose) => choose(context)) ?? [];
  if (RESTRICTED.has(name)) return right;
  if (rng.chance(0.05)) right.pop();
  if (rng.chance(0.05)) right.push(FUNCTIONS["wild"]?.[0]?.(context));
  return right.map((value) => (rng.chance(0.1) ? FUNCTIONS["wild"]?.[0]?.(context) : value));
}

function callOne(name: string): void {
  const args = argumentsFor(name);
  const outcome = outcomes[name] ?? [0, 0];
  outcomes[name] = outcome;
  const isShort = rng.chance(0.1);
  try {
    if (isShort) native.limitHeap(native.heapUsed_bytes() + rng.below(SHORT_BYTES));
    const result = (exports[name] as Function)(...args);
    native.limitHeap(Number.POSITIVE_INFINITY);
    outcome[0] += 1;
    keepDescriptors(name, result);
    if (name === "close") descriptors.splice(descriptors.indexOf(Number(args[0])) >>> 0, 1);
  } catch {
    native.limitHeap(Number.POSITIVE_INFINITY);
    outcome[1] += 1;
  }
}

/** The loop has its turn between: what has been watched and set in motion comes in. */
function turn(): void {
  for (let count = 0; count < CALLS_IN_A_TURN; count++) callOne(rng.pick(names));
  done += CALLS_IN_A_TURN;
  native.setWatchdog(0);
  const isOver = done >= Number(calls);
  native.setHandlers({
    onReady: (fd) => native.watch(fd, 0),
    onDatagram: () => {},
    onSocketError: () => {},
    onTimer: isOver ? () => {} : turn,
    onSignal: () => {},
    onChild: () => {},
    onUncaught: () => {},
    onIdle: () => {},
  });
  native.setAlive(!isOver);
  native.setTimer(isOver ? Number.POSITIVE_INFINITY : native.monotonic_ms());
  if (isOver) finish();
}

function finish(): void {
  for (const fd of descriptors) native.close(fd);
  native.setExitStatus(0);
  printJson(outcomes);
}

turn();
