/**
 * The route to the anycast address, as this member wants it: there while it may take calls. It is told by the commands of `cluster.route`,
 * or only by the health file, which a script follows.
 */
import { Timer, type TimerOwner } from "../base/timers.ts";
import type { ClusterSettings } from "../cluster/settings.ts";
import { Announcer, type RouteWish } from "./announcer.ts";
import type { RouteFacts } from "./cluster-facts.ts";
import type { HealthWord } from "./cluster-health.ts";
import type { Engine } from "./engine.ts";
import type { NodePorts } from "./node-ports.ts";

/** The most that a stop waits for the command. */
const COMMAND_ms = 2_000;
/** Until routers know of a withdrawn route, and lead nothing here any more: by OSPF it takes 0.6 s from BIRD, 1 s from FRR. */
const QUIET_ms = 1_500;
/** The same where a script has to look at the file first, each second. */
const QUIET_BY_FILE_ms = 2_000;
/**
 * A route that had just been announced: within a second a router of OSPF takes no more news of it (RFC 2328, MinLSArrival), and is told again after 5 s
 * (RxmtInterval). One that drains waits for that. One that is stopped hasn't the time: the service manager would kill it.
 */
const TOLD_AGAIN_ms = 5_000;

export class AnycastRoute implements TimerOwner<"quiet"> {
  private readonly engine: Engine;
  private readonly announcer: Announcer | undefined;
  private readonly timer = new Timer<"quiet">(this, "quiet");
  private wish: RouteWish | undefined = undefined;
  private wished_ms = 0;
  /** Before it was withdrawn. */
  private announced_ms = Number.NEGATIVE_INFINITY;
  private onQuiet: () => void = () => {};

  constructor(engine: Engine, { route }: ClusterSettings, { runRoute }: Pick<NodePorts, "runRoute">) {
    this.engine = engine;
    if (route === undefined || runRoute === undefined) return;
    const { timers, host } = engine;
    const happen = (event: (now_ms: number) => void) => engine.run(event);
    this.announcer = new Announcer({ timers, log: host.log, commands: route, run: runRoute, happen });
  }

  /** For `status`; undefined where a script follows the file. */
  get facts(): RouteFacts | undefined {
    return this.announcer?.facts;
  }

  /** As whatever follows the health file is told. */
  tell(word: HealthWord): void {
    const wish = word === "no" ? "withdraw" : "announce";
    const now_ms = this.engine.host.now_ms();
    if (wish !== this.wish) {
      if (this.wish === "announce") this.announced_ms = this.since_ms;
      this.wished_ms = now_ms;
    }
    this.wish = wish;
    this.announcer?.want(wish, now_ms);
  }

  /** Whether routers lead nothing here any more, as far as can be known. */
  isQuiet(now_ms: number): boolean {
    const { announcer, wish, since_ms, announced_ms, quiet_ms } = this;
    const more_ms = since_ms - announced_ms < quiet_ms ? TOLD_AGAIN_ms : 0;
    return wish === "withdraw" && (announcer?.facts.is_done ?? true) && this.noise_ms(now_ms) + more_ms <= 0;
  }

  /** Resolves once a route that was withdrawn brings nothing here any more, or after a few seconds. */
  async whenQuiet(): Promise<void> {
    const { engine } = this;
    if (this.wish !== "withdraw") return;
    await this.whenEnded();
    await new Promise<void>((resolve) => {
      this.onQuiet = resolve;
      engine.run((now_ms) => {
        const left_ms = this.noise_ms(now_ms);
        if (left_ms > 0) engine.timers.start(this.timer, left_ms, now_ms);
        else resolve();
      });
    });
  }

  /** The last wish of this life has its time. */
  async stop(): Promise<void> {
    await this.whenEnded();
    this.announcer?.stop();
  }

  onTimer(): void {
    this.onQuiet();
  }

  private async whenEnded(): Promise<void> {
    const now_ms = this.engine.host.now_ms();
    await this.announcer?.whenEnded(this.wished_ms + COMMAND_ms - now_ms, now_ms);
  }

  private get since_ms(): number {
    return this.announcer?.doneAt_ms ?? this.wished_ms;
  }

  private get quiet_ms(): number {
    return this.announcer === undefined ? QUIET_BY_FILE_ms : QUIET_ms;
  }

  /** Until routers know of the withdrawal, if they are told. */
  private noise_ms(now_ms: number): number {
    return this.since_ms + this.quiet_ms - now_ms;
  }
}
