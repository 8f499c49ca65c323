/** `branchline watch`: a screen that refreshes; where there is no terminal, lines. It asks the running branchline once a second at the most. */
import type { ControlQuestion } from "../app/control.ts";
import { keysOf } from "../app/observe/keys.ts";
import { answered, pressed, WATCH, type Watch, watchQuestion } from "../app/observe/watch.ts";
import { newChanges } from "../app/observe/watched.ts";
import type { CallsPage } from "../app/recorded-calls.ts";
import { edgeText, type Screen, watchScreen, watchStart } from "../app/words/watch-words.ts";
import { openKeyboard } from "../io/node/keyboard.ts";
import { localMoment } from "../io/node/local-time.ts";
import { follow, terminalPorts } from "./calls.ts";
import { EXIT_DONE } from "./exit.ts";
import { drawScreen, enterScreen, fail, isInteractive, leaveScreen, print, screenSize } from "./paper.ts";
import { reader } from "./reader.ts";
import { type Answer, type Running, theRunning } from "./running.ts";

const ASK_ms = 1_000;
/** An Escape that nothing follows for so long is a key by itself. */
const KEY_ms = 50;
const ENDS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const GONE = "branchline doesn't answer any more; waiting for it";
const OTHER_VERSION = "another version of branchline runs: restart it";

type Happening =
  | { readonly kind: "octets"; readonly octets: string }
  | { readonly kind: "pause" | "size" | "due" | "end" }
  | { readonly kind: "answer"; readonly question: ControlQuestion; readonly answer: Answer | string };

/** Shows the branchline that runs with the file until the person has seen enough. */
export async function showWatch(file: string): Promise<void> {
  const running = await theRunning(file);
  const question = watchQuestion(WATCH);
  const answer = await running.ask(question);
  if (!Array.isArray(answer.calls?.calls)) return fail(OTHER_VERSION);
  const first = answered(WATCH, question, answer);
  try {
    screenOf(first);
  } catch {
    return fail(OTHER_VERSION);
  }
  if (!isInteractive()) return watchInLines(running, answer, answer.calls);
  const screen = new WatchScreen(running, first);
  await screen.run();
  process.exit(EXIT_DONE);
}

/** Lines that come: changes of states, and what becomes of calls. */
async function watchInLines(running: Running, first: Answer, page: CallsPage): Promise<void> {
  let { history } = first.status;
  print(watchStart(first.status, reader()));
  const ports = terminalPorts(async (question) => {
    const answer = await running.askWhileThere({ command: "calls", ...question });
    if (answer === undefined) return undefined;
    for (const change of newChanges(history, answer.status.history)) print(edgeText(change, answer.status, reader()));
    history = answer.status.history;
    return answer.calls;
  }, ASK_ms);
  await follow(page, {}, false, ports);
}

function screenOf(watch: Watch): Screen {
  const { rows, columns } = screenSize();
  return watchScreen(watch, rows, { width: columns, local: localMoment });
}

/** One thing after the other happens to the screen, so that its end is in one place. */
class WatchScreen {
  private readonly running: Running;
  private watch: Watch;
  private screen: Screen | undefined;
  private drawn = "";
  /** The beginning of a key. */
  private typed = "";
  private readonly happened: Happening[] = [];
  private wake = () => {};

  constructor(running: Running, watch: Watch) {
    this.running = running;
    this.watch = watch;
  }

  /** Leaves the terminal as it was, however it ends. */
  async run(): Promise<void> {
    const closeKeyboard = openKeyboard({
      onKeys: (octets) => this.tell({ kind: "octets", octets }),
      onEnd: () => this.tell({ kind: "end" }),
    });
    try {
      enterScreen();
      for (const signal of ENDS) process.on(signal, () => this.tell({ kind: "end" }));
      process.on("SIGWINCH", () => this.tell({ kind: "size" }));
      this.later("due", ASK_ms);
      this.draw();
      while (this.live(await this.next()));
    } finally {
      leaveScreen();
      closeKeyboard();
    }
  }

  private tell(happening: Happening): void {
    this.happened.push(happening);
    this.wake();
  }

  private later(kind: "due" | "pause", after_ms: number): void {
    setTimeout(() => this.tell({ kind }), after_ms);
  }

  private async next(): Promise<Happening> {
    for (;;) {
      const first = this.happened.shift();
      if (first !== undefined) return first;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  /** What another version answers may lack what is read of it here. @returns false: it is over */
  private live(happening: Happening): boolean {
    const before = this.watch;
    try {
      if (!this.take(happening)) return false;
      this.draw();
    } catch (error) {
      if (happening.kind !== "answer") throw error;
      this.watch = answered(before, happening.question, OTHER_VERSION);
      this.draw();
    }
    return true;
  }

  /** @returns false: it is over */
  private take(happening: Happening): boolean {
    switch (happening.kind) {
      case "end":
        return false;
      case "octets":
        return this.type(this.typed + happening.octets, false);
      case "pause":
        return this.type(this.typed, true);
      case "due":
        this.ask();
        return true;
      case "answer":
        this.watch = answered(this.watch, happening.question, happening.answer);
        return true;
      default:
        return true;
    }
  }

  private type(octets: string, isAll: boolean): boolean {
    const { keys, rest } = keysOf(octets, isAll);
    this.typed = rest;
    if (rest !== "") this.later("pause", KEY_ms);
    for (const key of keys) {
      const next = pressed(this.watch, key, this.screen ?? { page: 0, most: 0 });
      if (next === undefined) return false;
      this.watch = next;
      this.draw();
    }
    return true;
  }

  /** The next question comes a second after this one, and never before its answer. */
  private ask(): void {
    const question = watchQuestion(this.watch);
    const asked = this.running.askWhileThere(question).then(
      (answer) => answer ?? GONE,
      (error: Error) => error.message,
    );
    const pause = new Promise((resolve) => setTimeout(resolve, ASK_ms));
    void asked.then((answer) => {
      this.tell({ kind: "answer", question, answer });
      return pause.then(() => this.tell({ kind: "due" }));
    });
  }

  private draw(): void {
    const { rows, columns } = screenSize();
    this.screen = screenOf(this.watch);
    const text = `${rows} ${columns} ${this.screen.lines.join("\n")}`;
    if (text !== this.drawn) drawScreen(this.screen.lines);
    this.drawn = text;
  }
}
