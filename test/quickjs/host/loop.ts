/** The loop: time, descriptors, signals, the end. */
import * as native from "native";
import { good, handle, say } from "./say.ts";

/** Of this process up to now, in the kernel's ticks of 10 ms. */
function processorTime_ms(): number {
  const text = String(native.readText(good(native.open("/proc/self/stat", 0, 0)), 1_000));
  const [user = 0, system = 0] = text
    .replace(/^.*\) /, "")
    .split(" ")
    .slice(11, 13)
    .map(Number);
  return (user + system) * 10;
}

export const loop = {
  /** Three timers one after the other, and one that is taken back. */
  timers: () => {
    const late_ms: number[] = [];
    let due_ms = native.monotonic_ms() + 20.4;
    handle({
      onTimer: () => {
        late_ms.push(native.monotonic_ms() - due_ms);
        due_ms += 20.4;
        if (late_ms.length < 3) native.setTimer(due_ms);
        else native.setAlive(false);
      },
      onIdle: () => say(late_ms),
    });
    native.setTimer(due_ms);
    native.setAlive(true);
  },
  /** Never, or long ago: what the timer makes of odd times. */
  oddTimers: () => {
    const told: string[] = [];
    let step = 0;
    const steps = [Number.NEGATIVE_INFINITY, 0, -5, Number.NaN, Number.POSITIVE_INFINITY, 1e300];
    handle({
      onTimer: () => {
        told.push(String(steps[step]));
        step++;
        native.setTimer(steps[step] ?? 0);
        if (step === 3) native.setAlive(false);
      },
      onIdle: () => say(told),
    });
    native.setTimer(steps[0] ?? 0);
    native.setAlive(true);
  },
  /** Waits for a timer, and for nothing else. */
  sleeping: ([limit_ms = "0"]: readonly string[]) => {
    handle({ onTimer: () => native.setAlive(false), onIdle: () => say(processorTime_ms()) });
    native.setTimer(native.monotonic_ms() + Number(limit_ms) + 0.5);
    native.setAlive(true);
  },
  /** Promises go on after each handler, before the next event. */
  microtasks: () => {
    const order: string[] = [];
    let rounds = 0;
    handle({
      onTimer: () => {
        const round = rounds++;
        order.push(`timer ${round}`);
        Promise.resolve()
          .then(() => order.push(`promise ${round}`))
          .then(() => order.push(`another ${round}`));
        native.setTimer(0);
        native.setAlive(rounds < 2);
      },
      onIdle: () => say(order),
    });
    native.setTimer(0);
    native.setAlive(true);
  },
  /** Reads standard input to its end, whatever it is. */
  standardInput: () => {
    let all = "";
    let turns = 0;
    handle({
      onReady: (fd, isReadable) => {
        turns++;
        const text = isReadable ? native.readText(fd, 4) : -1;
        if (typeof text === "string") all += text;
        if (text !== "") return;
        native.watch(fd, 0);
        native.setAlive(false);
      },
      onIdle: () => say({ all, turns }),
    });
    const watched = native.watch(0, 1);
    native.setAlive(watched === 0);
  },
  /** When nothing is left, once more, and then the end. */
  idle: () => {
    let idles = 0;
    handle({
      onIdle: () => {
        idles++;
        say(`idle ${idles}`);
        if (idles < 3) native.setTimer(0);
        native.setAlive(idles < 3);
      },
      onTimer: () => native.setAlive(false),
    });
    native.setExitStatus(7);
  },
  /** Counts signals until there are as many as wanted. */
  signals: () => {
    const numbers: number[] = [];
    handle({
      onSignal: (signal) => {
        numbers.push(signal);
        if (numbers.length === 1) native.kill(native.pid(), 12);
        native.setAlive(numbers.length < 2);
      },
      onIdle: () => {
        say(numbers);
        native.catchSignal(12, false);
        native.kill(native.pid(), 12);
      },
    });
    say([10, 12].map((signal) => native.catchSignal(signal, true)));
    say([9, 0, 65, -1].map((signal) => native.catchSignal(signal, true)));
    native.setAlive(true);
    native.kill(native.pid(), 10);
  },
  /** What waits in an event, and what it returns. */
  waiting: () => {
    const begun_ms = native.monotonic_ms();
    const none = native.wait([], 30);
    const waited_ms = native.monotonic_ms() - begun_ms;
    const fd = good(native.open("/dev/null", 0, 0));
    say({ none, isLongEnough: waited_ms >= 30, found: native.wait([fd], 1e300) === fd });
  },
};
