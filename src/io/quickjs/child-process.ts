/** What the project uses of Node's `child_process`. */
import * as native from "native";
import { Buffer } from "./buffer.ts";
import { EventEmitter } from "./events.ts";
import { forget, hold, letGo, READABLE, setParent, type Waiter, watch } from "./loop.ts";
import { signalName } from "./process.ts";
import { socketFault } from "./socket-fault.ts";
import { setImmediate } from "./timers.ts";

type Environment = Readonly<Record<string, string | undefined>>;
type Stdio = "ignore" | "pipe" | "inherit";

interface SpawnOptions {
  readonly detached?: boolean;
  readonly env?: Environment;
  readonly stdio?: readonly Stdio[];
}

interface ExecOptions {
  readonly timeout?: number;
  readonly stdio?: readonly Stdio[];
  readonly env?: Environment;
}

const PIECE_BYTES = 65_536;
const STDIO: Readonly<Record<Stdio, number>> = { ignore: 0, pipe: 1, inherit: 2 };
const PIPES: readonly Stdio[] = ["pipe", "pipe", "pipe"];
const SIGNAL = 256;
const SIGKILL = 9;
const SIGTERM = 15;
/** On most kernels; MIPS has another number, and it is told by its name. */
const ETIMEDOUT = 110;
/** How often a child that has closed its output is asked whether it has ended. */
const ENDING_ms = 5;

/** What a child writes. */
class Output extends EventEmitter implements Waiter {
  private fd: number;

  constructor(fd: number) {
    super();
    this.fd = fd;
    if (fd >= 0) watch(fd, this, READABLE);
  }

  get isOpen(): boolean {
    return this.fd >= 0;
  }

  onReady(): void {
    const text = native.readText(this.fd, PIECE_BYTES);
    if (typeof text === "number" && native.errorName(-text) === "EAGAIN") return;
    if (typeof text === "number" || text === "") this.destroy();
    else this.emit("data", Buffer.from(text, "latin1"));
  }

  destroy(): void {
    if (this.fd < 0) return;
    forget(this.fd);
    native.close(this.fd);
    this.fd = -1;
    this.emit("close");
  }
}

const children = new Set<ChildProcess>();

export class ChildProcess extends EventEmitter {
  readonly pid: number | undefined;
  readonly stdout: Output;
  readonly stderr: Output;
  private status: number | undefined = undefined;

  constructor(argv: readonly string[], options: SpawnOptions) {
    super();
    const started = start(argv, options);
    const [pid, input = -1, output = -1, error = -1] = typeof started === "number" ? [undefined] : started;
    this.pid = pid;
    this.stdout = new Output(output);
    this.stderr = new Output(error);
    if (input >= 0) native.close(input);
    if (typeof started === "number") {
      setImmediate(() => this.emit("error", startFault(started, "spawn", argv[0])));
      setImmediate(() => this.emit("close", started, null));
      return;
    }
    for (const pipe of [this.stdout, this.stderr]) pipe.on("close", () => this.closeWhenDone());
    children.add(this);
    hold();
  }

  /** The kernel has said that a child of ours has ended. */
  look(): void {
    const status = this.pid === undefined || this.status !== undefined ? -1 : native.reap(this.pid);
    if (status < 0) return;
    this.status = status;
    children.delete(this);
    letGo();
    this.emit("exit", ...endOf(status));
    this.closeWhenDone();
  }

  private closeWhenDone(): void {
    if (this.status === undefined || this.stdout.isOpen || this.stderr.isOpen) return;
    const { status } = this;
    setImmediate(() => this.emit("close", ...endOf(status)));
  }
}

setParent(() => {
  // Each by itself: what one of them does mustn't keep the others from being heard.
  for (const child of children) setImmediate(() => child.look());
});

export function spawn(file: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
  return new ChildProcess([file, ...args], options);
}

/**
 * Runs a program and waits for it.
 * @returns what it has written to its standard output
 * @throws when it can't be started, fails, or takes too long
 */
export function execFileSync(file: string, args: readonly string[] = [], options: ExecOptions = {}): string {
  const { timeout = Number.POSITIVE_INFINITY, stdio = ["ignore", "pipe", "ignore"] } = options;
  const started = start([file, ...args], { ...options, stdio });
  if (typeof started === "number") throw startFault(started, "spawnSync", file);
  const [pid = 0, , output = -1, error = -1] = started;
  const until_ms = native.monotonic_ms() + timeout;
  const text = readAll(output, until_ms);
  let status = native.reap(pid);
  for (; status < 0 && native.monotonic_ms() < until_ms; status = native.reap(pid)) native.wait([], ENDING_ms);
  if (status < 0) {
    native.kill(pid, SIGTERM);
    native.wait([], ENDING_ms);
    native.kill(pid, SIGKILL);
    native.wait([], ENDING_ms);
    native.reap(pid);
  }
  for (const fd of [output, error]) if (fd >= 0) native.close(fd);
  if (status < 0) throw startFault(-ETIMEDOUT, "spawnSync", file);
  if (status !== 0) throw Object.assign(new Error(`Command failed: ${[file, ...args].join(" ")}`), { status });
  return native.decodeUtf8(new Uint8Array(native.encodeLatin1(text)));
}

function start(argv: readonly string[], { detached = false, env, stdio = PIPES }: SpawnOptions) {
  const set = Object.entries(env ?? {}).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
  const kinds = [0, 1, 2].map((index) => STDIO[stdio[index] ?? "pipe"]);
  return native.spawn(argv, env === undefined ? native.environment() : set, detached, kinds);
}

function readAll(fd: number, until_ms: number): string {
  let text = "";
  for (;;) {
    const left_ms = until_ms - native.monotonic_ms();
    if (fd < 0 || left_ms <= 0) return text;
    if (native.wait([fd], Math.min(left_ms, 60_000)) < 0) continue;
    const piece = native.readText(fd, PIECE_BYTES);
    if (piece === "" || (typeof piece === "number" && native.errorName(-piece) !== "EAGAIN")) return text;
    if (typeof piece === "string") text += piece;
  }
}

function startFault(errno: number, by: string, path = ""): Error {
  const fault = Object.assign(socketFault(errno, `${by} ${path}`), { path });
  return errno === -ETIMEDOUT ? Object.assign(fault, { code: "ETIMEDOUT", message: `${by} ${path} ETIMEDOUT` }) : fault;
}

/** [status, signal] as Node tells them. */
function endOf(status: number): [number | null, string | null] {
  return status < SIGNAL ? [status, null] : [null, signalName(status - SIGNAL)];
}
