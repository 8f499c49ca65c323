/**
 * Plays a tape (test/fuzz/tape.ts) that it reads from standard input: engines of its own are told the same, and must say the same.
 * At the end of each campaign it prints a line of JSON; where an engine says something else, that, and it ends with status 1.
 */
import * as native from "native";
import { loadConfig } from "../../../src/app/config/load-config.ts";
import { Engine } from "../../../src/app/engine.ts";
import type { Host } from "../../../src/app/host.ts";
import { isPrivate } from "../../../src/base/ip-range.ts";
import { PLENTY } from "../../../src/base/limits.ts";
import type { Flow, Listener } from "../../../src/transport/flow.ts";
import type { Answer, Question } from "../../../src/transport/locator.ts";
import { isGone } from "../../fuzz/peers.ts";
import { Rng } from "../../fuzz/rng.ts";
import { SITES } from "../../fuzz/sites.ts";
import { tablesOf } from "../../fuzz/tables.ts";
import { type FlatFlow, type Head, inOctets, type Kind, overheard, unfolded } from "../../fuzz/tape.ts";
import { printJson } from "./print.ts";

const STANDARD_INPUT = 0;
const PIECE_BYTES = 65_536;
const PATIENCE_ms = 1_000;
/** Of what is printed of a difference. */
const CONTEXT = 2_000;

/** A tape that is read piece by piece. */
class Reader {
  private text = "";
  private at = 0;

  /** The next line without its end; undefined: the tape is over. */
  line(): string | undefined {
    for (let from = this.at; ; ) {
      const end = this.text.indexOf("\n", from);
      if (end >= 0) return this.taken(end, 1);
      from = this.text.length - this.at;
      if (!this.readMore()) return undefined;
    }
  }

  /** The next `count` characters. @throws where the tape is over before */
  characters(count: number): string {
    while (this.text.length - this.at < count) {
      if (!this.readMore()) throw new Error("the tape ends within an event");
    }
    return this.taken(this.at + count, 0);
  }

  private taken(end: number, behind: number): string {
    const text = this.text.slice(this.at, end);
    this.at = end + behind;
    return text;
  }

  private readMore(): boolean {
    let piece = native.readText(STANDARD_INPUT, PIECE_BYTES);
    while (typeof piece === "number") {
      if (native.errorName(-piece) !== "EAGAIN") throw new Error(native.errorText(-piece));
      native.wait([STANDARD_INPUT], PATIENCE_ms);
      piece = native.readText(STANDARD_INPUT, PIECE_BYTES);
    }
    this.text = this.text.slice(this.at) + piece;
    this.at = 0;
    return piece !== "";
  }
}

/** One site's engine. */
class Stage {
  /** What it has said since the last event. */
  readonly said: string[] = [];
  readonly engine: Engine;
  now_ms = 0;
  private readonly listeners: readonly Listener[];
  /** What its keyed hash answers in this event, and how often it has been asked. */
  private macs: readonly string[] = [];
  private asked = 0;

  constructor(site: string, seed: number, macs: readonly string[]) {
    this.begin(0, macs);
    const { config } = loadConfig(SITES[site] ?? "", (path) => path);
    this.listeners = config.listeners;
    this.engine = new Engine(config, () => overheard(this.host(new Rng(seed)), (text) => this.said.push(text)));
  }

  begin(now_ms: number, macs: readonly string[]): void {
    this.now_ms = now_ms;
    this.macs = macs;
    this.asked = 0;
  }

  flow(flat: unknown): Flow {
    return unfolded(flat as FlatFlow, this.listeners);
  }

  private host(rng: Rng): Host {
    const idle = () => {};
    return {
      transport: { send: (flow) => !isGone(flow, this.now_ms), watch: idle, unwatch: idle, giveUp: idle },
      lookup: { query: idle, findSource: idle },
      random: { token: (length) => rng.token(length), fraction: () => rng.below(1_000) / 1_000 },
      mac: () => this.macs[this.asked++] ?? "",
      log: { error: idle, warn: idle, info: idle, debug: idle },
      limits: PLENTY,
      now_ms: () => this.now_ms,
      wakeAt: idle,
      isNear: isPrivate,
    };
  }
}

/** By kind, what is done with the engine of the event's site. */
const DOINGS: Readonly<Record<Exclude<Kind, "campaign" | "site" | "end">, Doing>> = {
  start: ({ engine }) => engine.start(),
  onMessage: (stage, [flow], wire) => {
    const isAdmitted = stage.engine.onMessage(wire, stage.flow(flow));
    stage.said.push(`admitted ${isAdmitted}`);
  },
  onUnreachable: (stage, [flow, why]) => stage.engine.onUnreachable(stage.flow(flow), why as string),
  onAnswer: ({ engine }, [question, answer]) => {
    engine.onAnswer(question as Question, (answer as Answer | null) ?? undefined);
  },
  onSource: ({ engine }, [address, source]) =>
    engine.onSource(address as string, (source as string | null) ?? undefined),
  onWake: ({ engine }) => engine.onWake(),
  onCalm: ({ engine }) => engine.onCalm(),
  look: ({ engine, said, now_ms }, [probes]) => {
    // It may log something itself, which comes first.
    const left = tablesOf(engine, probes as readonly string[], now_ms);
    said.push(...left);
  },
};
type Doing = (stage: Stage, given: readonly unknown[], wire: string) => void;

let stages = new Map<string, Stage>();
let events = 0;
const reader = new Reader();

function play([kind, site, now_ms, given, macs]: Head, wire: string): readonly string[] {
  if (kind === "campaign" || kind === "end") return [];
  if (kind === "site") stages.set(site, new Stage(site, given[0] as number, macs));
  const stage = stages.get(site);
  if (stage === undefined) throw new Error(`no site ${site}`);
  if (kind !== "site") {
    stage.begin(now_ms, macs);
    DOINGS[kind](stage, given, wire);
  }
  return stage.said.splice(0);
}

/** A campaign is over, or begins. */
function mark(kind: Kind, seed: number): void {
  if (kind === "end") {
    native.collectGarbage();
    printJson({ seed, events, heap_bytes: native.heapUsed_bytes() });
  }
  stages = new Map();
  events = 0;
}

for (let line = reader.line(); line !== undefined; line = reader.line()) {
  const head = JSON.parse(line) as Head;
  const [kind, site, now_ms, given, , wireLength, saidLength] = head;
  const wire = reader.characters(wireLength);
  const expected = reader.characters(saidLength);
  const said = play(head, wire).join("\n");
  events += 1;
  if (said !== expected && inOctets(said) !== expected) {
    const [told, wanted, got] = [wire, expected, said].map((text) => text.slice(0, CONTEXT));
    printJson({ differs: { event: events, kind, site, now_ms, given, told, wanted, got } });
    native.exit(1);
  }
  if (kind === "campaign" || kind === "end") mark(kind, given[0] as number);
}
