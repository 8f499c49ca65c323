/** Campaigns that a program with another interpreter plays beside us: what our engines are told it is told too, and must say the same. */
import { type ChildProcess, spawn } from "node:child_process";
import { Campaign, type Finding, LIMITS } from "./campaign.ts";
import { Tape } from "./tape.ts";

/** Times under sanitizers say nothing. */
const NO_CLOCK = () => 0;
/** Of a program, unless the environment has others. One stack for each of a million blocks costs much, and a seed plays it again. */
const SANITIZERS = {
  ASAN_OPTIONS: "exitcode=99:malloc_context_size=1",
  UBSAN_OPTIONS: "exitcode=99:print_stacktrace=1",
};

export interface Chunk {
  readonly seed: number;
  readonly messages: number;
  readonly received: number;
  readonly sent: number;
  /** How many different outcomes there were. */
  readonly signatures: number;
  readonly findings: readonly Finding[];
}

/** How the program has ended. */
export interface Ending {
  readonly status: number | string | null;
  /** Its lines of JSON: one for each campaign, and what it has said otherwise than we did. */
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  /** A sanitizer's words. */
  readonly error: string;
}

export interface Plan {
  /** Of the first campaign; each further one has the next. */
  readonly seed: number;
  /** In all. */
  readonly messages: number;
  /** Of a campaign. */
  readonly chunk: number;
  readonly onChunk: (chunk: Chunk) => void;
  /** Whether to end before there are as many. */
  readonly isOver?: () => boolean;
  /** Changes the tape, as a test does. */
  readonly spoil?: (text: string) => string;
}

/**
 * Plays campaigns until there are enough messages, or the program ends.
 * @param path the program: test/quickjs/programs/tape.ts, built by build/native.mjs
 */
export async function playBeside(path: string, plan: Plan): Promise<Ending> {
  const { seed, messages, chunk, onChunk, isOver = () => false, spoil = (text) => text } = plan;
  const player = new Player(path);
  const tape = new Tape((text) => player.write(spoil(text)));
  const goesOn = () => !player.hasEnded && !isOver();
  for (let at = seed, left = messages; left > 0 && goesOn(); at++) {
    const most = Math.min(chunk, left);
    tape.mark("campaign", at);
    const campaign = new Campaign(at, NO_CLOCK, LIMITS, tape);
    for (let episode = 0; campaign.messages < most && goesOn(); episode++) {
      campaign.runEpisode(episode);
      await player.hasTaken();
    }
    tape.mark("end", at);
    await player.hasTaken();
    const { findings, signatures } = campaign;
    onChunk({ seed: at, messages: campaign.messages, ...campaign.traffic, signatures: signatures.size, findings });
    left -= campaign.messages;
  }
  return player.end();
}

/** The program, which reads its tape from a pipe. */
class Player {
  hasEnded = false;
  private readonly child: ChildProcess;
  private readonly ending: Promise<Ending>;
  private pieces: string[] = [];
  /** Resolves once the program has what was written last. */
  private taken: Promise<void> = Promise.resolve();

  constructor(path: string) {
    const child = spawn(path, { stdio: "pipe", env: { ...SANITIZERS, ...process.env } });
    this.child = child;
    let [out, error] = ["", ""];
    child.stdout.setEncoding("latin1").on("data", (piece: string) => (out += piece));
    child.stderr.setEncoding("utf8").on("data", (piece: string) => (error += piece));
    // It has ended, and says why.
    child.stdin.on("error", () => {});
    child.on("exit", () => {
      this.hasEnded = true;
    });
    this.ending = new Promise((resolve) => {
      child.on("error", ({ message }) => {
        this.hasEnded = true;
        resolve({ status: null, lines: [], error: message });
      });
      child.on("close", (code, signal) => {
        const lines = out.split("\n").filter((line) => line !== "");
        resolve({ status: code ?? signal, lines: lines.map((line) => JSON.parse(line)), error });
      });
    });
  }

  write(text: string): void {
    this.pieces.push(text);
  }

  /** Sends what has been written, and resolves when the program has nearly all: while it plays the rest, the next can be made. */
  async hasTaken(): Promise<void> {
    const before = this.taken;
    const octets = Buffer.from(this.pieces.splice(0).join(""), "latin1");
    this.taken = new Promise((resolve) => this.child.stdin?.write(octets, () => resolve()));
    await before;
  }

  async end(): Promise<Ending> {
    this.child.stdin?.end();
    return this.ending;
  }
}
