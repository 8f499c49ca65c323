/** The events of months at a running branchline: heard, kept on disk, and told; what readiness says rests on them too. */
import { reasonOf } from "../base/reason.ts";
import type { KeeperPorts } from "./binding-keeper.ts";
import type { Config } from "./config/config.ts";
import type { Engine } from "./engine.ts";
import type { RouterHost } from "./host.ts";
import { type HistoryPage, type HistoryQuestion, KeptHistory } from "./observe/history.ts";
import { faultsOf, type Readiness, readinessOf } from "./observe/readiness.ts";
import { gatherReadiness } from "./observe/readiness-facts.ts";
import { type ReadinessTurn, ReadinessWatch } from "./observe/readiness-watch.ts";
import { PacedFile } from "./paced-file.ts";
import type { RunningStatus } from "./status-facts.ts";
import type { WallTime } from "./wall-time.ts";

export class Chronicle {
  readonly kept: KeptHistory;
  readonly file: PacedFile;
  private readonly watch: ReadinessWatch;
  private readonly engine: Engine<RouterHost>;
  private readonly ports: KeeperPorts;

  /** @param judge the readiness of this moment; its faults alone count */
  constructor(
    engine: Engine<RouterHost>,
    ports: Omit<KeeperPorts, "store">,
    time: WallTime,
    interval_ms: number,
    judge: () => Readiness,
  ) {
    const { host, timers } = engine;
    this.engine = engine;
    this.ports = { ...ports, store: host.historyStore };
    this.kept = new KeptHistory((at_ms) => time.of(at_ms), host.now_ms());
    this.kept.follow(engine);
    const tell = (error: unknown) => host.log.warn("history_not_saved", { error: reasonOf(error) });
    const faults = () => faultsOf(judge());
    this.watch = new ReadinessWatch(timers, faults, (turn, now_ms) => this.turn(turn, now_ms));
    this.file = new PacedFile(this.ports, timers, interval_ms, () => this.kept.save(), tell);
  }

  /** Reads what was kept, then begins to keep. A file that can't be read is no reason not to. */
  async start(): Promise<void> {
    const { kept, file } = this;
    const { store, log } = this.ports;
    kept.onChange = () => file.changed();
    try {
      const faults = kept.restore((await store.load())?.body ?? "");
      if (faults > 0) log.warn("history_unreadable", { error: `${faults} lines` });
    } catch (error) {
      kept.restore("");
      log.warn("history_unreadable", { error: reasonOf(error) });
    }
    this.watchPeers();
    const { lostSince } = kept;
    const { host } = this.engine;
    this.engine.run((now_ms) => {
      const lost_ms = lostSince === undefined ? undefined : now_ms - Math.max(0, host.wallClock_ms() - lostSince);
      this.watch.start(now_ms, lost_ms);
    });
  }

  onReload(): void {
    this.watchPeers();
    this.engine.run((now_ms) => this.watch.onReload(now_ms));
  }

  async stop(): Promise<void> {
    this.watch.stop();
    await this.file.stop();
  }

  /** A peer that isn't in the file any more has no end of its outage that anybody could see. */
  private watchPeers(): void {
    const { engine, kept } = this;
    kept.watchOnly((role, peer) => engine.site.watches(role, peer), engine.host.now_ms());
  }

  private turn(turn: ReadinessTurn, now_ms: number): void {
    const { is_ready, faults, lost_ms = 0 } = turn;
    const { log } = this.ports;
    if (is_ready) log.info("readiness_regained", { lost_s: Math.round(lost_ms / 1_000) });
    else log.warn("readiness_lost", { finding: faults[0] ?? "", faults: faults.length });
    this.kept.turn(turn, now_ms);
    this.engine.tell({ kind: "readiness", turn }, now_ms);
  }

  history(question: HistoryQuestion): HistoryPage {
    const { host } = this.engine;
    return this.kept.page(question, (wall_ms) => host.isoTime(wall_ms), host.now_ms());
  }

  /**
   * @param unsaved why registrations couldn't be written the last time
   * @param isBrief only faults are wanted
   */
  readiness(config: Config, status: RunningStatus, unsaved: string | undefined, isBrief: boolean): Readiness {
    const { engine, kept } = this;
    return readinessOf(gatherReadiness(config, status, engine, unsaved, kept, isBrief));
  }
}
