/** A fuzz run: chooses messages, feeds them to the sites in turn, keeps what showed something new, notes what went wrong. */
import { compose, echo } from "./grammar.ts";
import { mutate } from "./mutate.ts";
import { Rng } from "./rng.ts";
import { ORIGIN_NAMES, type Origin, SITES } from "./sites.ts";
import type { Tape } from "./tape.ts";
import { type Trouble, World } from "./world.ts";

/** One input, as it can be fed again. */
export interface Step {
  readonly origin: Origin;
  /** Virtual time that passes before it. */
  readonly wait_ms: number;
  readonly wire: string;
}

export interface Finding extends Trouble {
  readonly site: string;
  /** Of the campaign: its sites draw chance from it too. */
  readonly seed: number;
  /** All that the site had been fed since it was last empty; the last one showed the trouble, unless it is a leak. */
  readonly steps: readonly Step[];
}

export interface Limits {
  /** CPU of one message; whatever takes longer is measured again. */
  readonly slow_ms: number;
  /** Messages between two times of quiet. */
  readonly episode: number;
}

export const LIMITS: Limits = { slow_ms: 5, episode: 5_000 };

/** The longest plan of any site: several forks of three minutes, one after the other, and 32 s behind each. */
export const QUIET_ms = 20 * 60_000;
const CORPUS_MAX = 4_000;
const WAITS_ms = [0, 0, 0, 0, 1, 1, 2, 5, 20, 100];
const SUSPECT_RUNS = 5;

export class Campaign {
  readonly findings: Finding[] = [];
  /** What has been seen: signature → how often. */
  readonly signatures = new Set<string>();
  messages = 0;
  slowest_ms = 0;
  private readonly seed: number;
  private readonly rng: Rng;
  private readonly limits: Limits;
  private readonly corpus: string[] = [];
  private readonly worlds: World[];
  private readonly clock_ms: () => number;

  /**
   * @param clock_ms for measuring; fuzzing itself knows virtual time only
   * @param tape notes what the sites' engines are told and say
   */
  constructor(seed: number, clock_ms: () => number, limits: Limits = LIMITS, tape?: Tape) {
    this.seed = seed;
    this.rng = new Rng(seed);
    this.clock_ms = clock_ms;
    this.limits = limits;
    this.worlds = Object.keys(SITES).map((site) => new World(site, seed, tape));
  }

  /** Messages that the core has received and sent, answers of peers included. */
  get traffic(): { readonly received: number; readonly sent: number } {
    const sum = (count: (world: World) => number) => this.worlds.reduce((total, world) => total + count(world), 0);
    return { received: sum((world) => world.received), sent: sum((world) => world.sent) };
  }

  /** Feeds one site until the next time of quiet. */
  runEpisode(turn: number): void {
    const world = this.worlds[turn % this.worlds.length] as World;
    const steps: Step[] = [];
    for (let count = 0; count < this.limits.episode; count++) {
      const step = this.choose(world);
      steps.push(step);
      this.take(world, step, steps);
    }
    world.settle(QUIET_ms);
    this.collect(world, steps);
  }

  private take(world: World, step: Step, steps: readonly Step[]): void {
    world.advance(step.wait_ms);
    const start_ms = this.clock_ms();
    world.feed(step.origin, step.wire);
    const spent_ms = this.clock_ms() - start_ms;
    this.messages += 1;
    if (!this.signatures.has(world.signature)) this.keep(world.signature, step.wire);
    if (spent_ms > this.limits.slow_ms) this.measureAgain(world, step);
    this.collect(world, steps);
  }

  private keep(signature: string, wire: string): void {
    if (this.signatures.size < 100_000) this.signatures.add(signature);
    if (this.corpus.length < CORPUS_MAX) this.corpus.push(wire);
    else this.corpus[this.rng.below(CORPUS_MAX)] = wire;
  }

  /** Garbage collection and a busy machine take time too: only the best of several tries counts. */
  private measureAgain(world: World, step: Step): void {
    let best_ms = Number.POSITIVE_INFINITY;
    for (let run = 0; run < SUSPECT_RUNS; run++) {
      const fresh = new World(world.site, run);
      const start_ms = this.clock_ms();
      fresh.feed(step.origin, step.wire);
      best_ms = Math.min(best_ms, this.clock_ms() - start_ms);
    }
    this.slowest_ms = Math.max(this.slowest_ms, best_ms);
    if (best_ms <= this.limits.slow_ms) return;
    const detail = `${best_ms.toFixed(1)} ms for ${step.wire.length} bytes: ${world.signature.slice(0, 100)}`;
    this.findings.push({ kind: "slow", detail, site: world.site, seed: this.seed, steps: [step] });
  }

  private collect(world: World, steps: readonly Step[]): void {
    for (const trouble of world.troubles.splice(0)) {
      this.findings.push({ ...trouble, site: world.site, seed: this.seed, steps: [...steps] });
    }
  }

  private choose(world: World): Step {
    const { rng } = this;
    const { memory } = world;
    const origin = rng.pick(ORIGIN_NAMES);
    const wait_ms = rng.pick(WAITS_ms);
    const earlier = memory.latest.length > 0 && rng.chance(0.1) ? rng.pick(memory.latest) : undefined;
    let wire: string;
    if (earlier !== undefined) {
      wire = rng.chance(0.5) ? earlier.wire : echo(rng, earlier.wire);
      return { origin: earlier.origin, wait_ms, wire };
    }
    if (this.corpus.length > 0 && rng.chance(0.3)) wire = rng.pick(this.corpus);
    else wire = compose(rng, memory, origin);
    if (rng.chance(0.4)) wire = mutate(rng, wire, this.corpus.length > 0 ? rng.pick(this.corpus) : wire);
    return { origin, wait_ms, wire };
  }
}
