/** What nothing catches, and what never ends. */
import * as native from "native";
import { handle, say } from "./say.ts";

const isThrown = (call: () => unknown): string => {
  try {
    call();
    return "";
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
};

/** Runs in an event of its own each, and tells what `onUncaught` heard of it. */
function eachInAnEvent(limit_ms: number, steps: readonly (() => unknown)[]): void {
  const heard: string[][] = [];
  let at = 0;
  native.setWatchdog(limit_ms);
  handle({
    onUncaught: (error) => heard[at - 1]?.push(error instanceof Error ? error.message : String(error)),
    onTimer: () => {
      const step = steps[at++];
      heard.push([]);
      native.setTimer(0);
      native.setAlive(at <= steps.length);
      step?.();
    },
    onIdle: () => say(heard.slice(0, steps.length)),
  });
  native.setTimer(0);
  native.setAlive(true);
}

function forever(): void {
  for (;;);
}

async function awaitsForever(): Promise<void> {
  await Promise.resolve();
  forever();
}

export const errors = {
  watchdog: () => {
    let finallies = 0;
    let swallowed = 0;
    eachInAnEvent(50, [
      forever,
      () => {
        try {
          forever();
        } catch {
          swallowed++;
        } finally {
          finallies++;
        }
      },
      () => void awaitsForever(),
      async () => {
        try {
          await awaitsForever();
        } catch {
          swallowed++;
        }
      },
      () =>
        void awaitsForever().catch(() => {
          swallowed += 100;
        }),
      () => /^(a+)+$/.test(`${"a".repeat(40)}b`),
      () => [3, 1, 2].sort(() => forever() as never),
      function again() {
        Promise.resolve().then(again);
      },
      () => void Promise.resolve().then(() => say({ swallowed, finallies })),
    ]);
  },
  rejections: () => {
    eachInAnEvent(0, [
      () => void Promise.reject(new Error("never handled")),
      () => {
        const late = Promise.reject(new Error("handled late in the same turn"));
        Promise.resolve()
          .then(() => undefined)
          .then(() => late.catch(() => undefined));
      },
      async () => {
        throw new Error("in an async function");
      },
      () => {
        throw new Error("in a handler");
      },
      () => void Promise.reject(5),
      () => {
        for (let i = 0; i < 40; i++) void Promise.reject(new Error(String(i)));
      },
      () => void Promise.all([Promise.reject(new Error("one")), Promise.reject(new Error("other"))]).catch(() => {}),
      () => void new Promise((_, reject) => reject(new Error("by its maker"))).finally(() => {}),
    ]);
  },
  /** The handler itself fails. */
  uncaughtTwice: () => {
    handle({
      onUncaught: () => {
        throw new TypeError("the last word\u001b[2J");
      },
    });
    throw new Error("the first word");
  },
  /** There is no handler yet. */
  uncaught: () => {
    throw new RangeError("at the beginning");
  },
  handlerNeverEnds: () => {
    native.setWatchdog(50);
    handle({ onUncaught: forever });
    forever();
  },
  deep: () => {
    let depth = 0;
    const dive = (): number => {
      depth++;
      return dive() + 1;
    };
    const first = isThrown(dive);
    const reached = depth;
    const nested = "[".repeat(100_000);
    say({ reached, first, json: isThrown(() => JSON.parse(nested)), again: isThrown(dive) === first });
  },
  /** More memory than there may be, and then a little. */
  memory: () => {
    native.limitHeap(8_000_000);
    const hoard: unknown[] = [];
    const failed = isThrown(() => {
      for (;;) hoard.push(new Uint8Array(100_000));
    });
    hoard.length = 0;
    const strings = isThrown(() => "x".repeat(20_000_000));
    say({ failed, strings, after: new Uint8Array(1_000_000).length });
  },
  /** Not even the handler has what it needs. */
  memoryToTheEnd: () => {
    const hoard: unknown[] = [];
    const fill = () => {
      for (;;) hoard.push({ text: `text ${hoard.length}` });
    };
    native.limitHeap(4_000_000);
    handle({ onUncaught: fill });
    fill();
  },
  /** The same where nothing catches it. */
  memoryUncaught: () => {
    const hoard: unknown[] = [];
    native.limitHeap(8_000_000);
    handle({
      onUncaught: (error) => say(error instanceof Error ? error.message : String(error)),
      onTimer: () => {
        native.setAlive(false);
        for (;;) hoard.push({ text: `text ${hoard.length}` });
      },
      onIdle: () => {
        hoard.length = 0;
        say("alive");
      },
    });
    native.setTimer(0);
    native.setAlive(true);
  },
};
