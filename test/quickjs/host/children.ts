/** Programs that are started. */
import * as native from "native";
import { found, good, handle, say } from "./say.ts";

function readAll(fd: number): string {
  let all = "";
  for (;;) {
    native.wait([fd], 5_000);
    const text = native.readText(fd, 1_000);
    if (typeof text === "number") return `${all} errno ${text}`;
    if (text === "") return all;
    all += text;
  }
}

/** Waits for its end in the middle of an event. */
function ended(pid: number): number {
  for (let i = 0; i < 500; i++) {
    const status = native.reap(pid);
    if (status !== -11) return status;
    native.wait([], 10);
  }
  return -11;
}

function shell(script: string, stdio: readonly number[] = [0, 1, 1], isDetached = false): readonly number[] {
  return found(native.spawn(["sh", "-c", script], ["PATH=/usr/bin:/bin", "NAME=\u00e4"], isDetached, stdio));
}

function outputOf(argv: readonly string[]): string {
  const [pid = 0, , out = -1] = found(native.spawn(argv, ["PATH=/usr/bin:/bin"], false, [0, 1, 2]));
  const text = readAll(out);
  ended(pid);
  native.close(out);
  return text;
}

export const children = {
  spawning: () => {
    const [pid = 0, input = -1, out = -1, error = -1] = shell("cat; echo $NAME >&2; exit 3", [1, 1, 1]);
    good(native.writeText(input, "words"));
    native.close(input);
    say({ output: readAll(out), error: native.decodeUtf8(new Uint8Array(native.encodeLatin1(readAll(error)))) });
    say({ status: ended(pid), again: native.reap(pid), ours: shell("exit 0", [2, 2, 2]).slice(1) });
    const [killed = 0] = shell("kill -9 $$");
    const [running = 0] = shell("exec sleep 20", [0, 0, 0], true);
    const early = native.reap(running);
    say({ killed: ended(killed), early, group: native.kill(-running, 15), status: ended(running) });
  },
  refused: () => {
    const attempt = (argv: readonly string[], path: string) => native.spawn(argv, [`PATH=${path}`], false, [0, 0, 0]);
    say([
      attempt(["no-such-program"], "/usr/bin:/bin"),
      attempt(["sh"], "/nowhere"),
      attempt(["/etc/passwd"], "/bin"),
      attempt(["passwd"], "/etc"),
      attempt([], "/bin"),
      attempt(["x".repeat(5_000)], "/bin"),
      attempt([""], "/bin"),
    ]);
  },
  /** What a child is born with: descriptors, signals that it ignores or blocks. */
  inherited: () => {
    for (let i = 0; i < 5; i++) good(native.socket(4, false));
    good(native.open("/dev/null", 0, 0));
    native.catchSignal(15, true);
    const descriptors = outputOf(["ls", "/proc/self/fd"]).trim().split("\n");
    const status = outputOf(["cat", "/proc/self/status"]);
    const [blocked = "", ignored = ""] = ["SigBlk", "SigIgn"].map(
      (name) => new RegExp(`${name}:\t(.*)`).exec(status)?.[1],
    );
    // Without the two that the C library keeps for itself.
    say({ descriptors, blocked: Number.parseInt(blocked, 16), ignored: Number.parseInt(ignored.slice(-7), 16) });
  },
  /** The loop tells that one has ended. */
  told: () => {
    const [pid = 0] = shell("exit 5");
    let tells = 0;
    handle({
      onChild: () => {
        tells++;
        const status = native.reap(pid);
        if (status === -11) return;
        say({ status, isOnce: tells === 1 });
        native.setAlive(false);
      },
    });
    native.setAlive(true);
  },
  /** Each costs descriptors only while it lives. */
  many: () => {
    const before = good(native.open("/dev/null", 0, 0));
    native.close(before);
    for (let i = 0; i < 20; i++) outputOf(["true"]);
    for (let i = 0; i < 20; i++) native.spawn(["no-such-program"], [], false, [1, 1, 1]);
    say(good(native.open("/dev/null", 0, 0)) === before);
  },
};
