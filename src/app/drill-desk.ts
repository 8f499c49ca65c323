/** Drills of a branchline that runs for good: begun by a command or by the file's schedule, with reports that are kept. */
import type { Logger } from "../base/ports.ts";
import type { DrillPhones } from "../policy/drilling.ts";
import type { Store } from "./binding-keeper.ts";
import type { ClusterFacts } from "./cluster-facts.ts";
import { DrillKeeper } from "./drill-keeper.ts";
import type { DrillReport, DrillSummary } from "./drill-report.ts";
import { type DrillPlan, DrillSchedule } from "./drill-schedule.ts";
import { Drills, phoneWords } from "./drills.ts";
import type { Engine } from "./engine.ts";
import type { KeptHistory } from "./observe/history.ts";

/** The drill that runs, for `status`. */
export interface DrillFacts {
  readonly phones: DrillPhones;
  readonly since: string;
  readonly left_s: number;
  /** Calls of its phones so far. */
  readonly calls: number;
}

/** What there is to tell of drills. */
export interface DrillsTold {
  /** Null also where one of them is asked for whole. */
  readonly running: DrillReport | null;
  /** All that are kept, the newest first. */
  readonly kept: readonly DrillSummary[];
  /** The one that was asked for, where it is kept. */
  readonly report?: DrillReport | undefined;
}

/** What a command wants. `report`: the number of the one that is wanted whole; 0: the newest; undefined: none */
export type DrillOrder =
  | { readonly wish: "begin"; readonly phones: DrillPhones; readonly for_ms: number }
  | { readonly wish: "end" }
  | { readonly wish: "tell"; readonly report: number | undefined };

interface Ports {
  readonly log: Logger;
  readonly drillStore: Store;
  wallClock_ms(): number;
  now_ms(): number;
  localTime(): string;
}

interface Around {
  /** The time of day of a moment, ISO 8601. */
  timeOf(at_ms: number): string;
  clusterFacts(): ClusterFacts | undefined;
}

export class DrillDesk {
  private readonly engine: Engine;
  private readonly ports: Ports;
  private readonly keeper: DrillKeeper;
  private readonly schedule: DrillSchedule;
  private readonly drills: Drills;

  constructor(engine: Engine, ports: Ports, around: Around, history: Pick<KeptHistory, "drill">) {
    const { log, drillStore, wallClock_ms } = ports;
    this.engine = engine;
    this.ports = ports;
    const keeper = new DrillKeeper({ store: drillStore, log, wallClock_ms });
    this.keeper = keeper;
    this.drills = new Drills(engine, {
      log,
      timeOf: (at_ms) => around.timeOf(at_ms),
      trouble: () => pairTrouble(around.clusterFacts()),
      keep: (report) => keeper.keep(report),
      ended: ({ id, phones, end, why, counts }, since_ms, until_ms) =>
        history.drill({
          since_ms,
          until_ms,
          phones: phones === "all" ? phones : phones.join(","),
          end: end === "time" ? "done" : why,
          report: { id, counts },
        }),
      nextId: () => keeper.nextId,
    });
    const begin = ({ phones, for_ms }: DrillPlan, now_ms: number) => {
      const why = this.drills.start({ phones, for_ms, by: "schedule" }, now_ms);
      if (why !== undefined) log.warn("drill_refused", { phones: phoneWords(phones), why });
    };
    this.schedule = new DrillSchedule(engine.timers, () => ports.localTime(), begin);
  }

  /** Reads what was kept, and looks at the schedule from now on. */
  async start(plan: DrillPlan | undefined): Promise<void> {
    await this.keeper.start();
    this.engine.run((now_ms) => this.schedule.take(plan, now_ms));
  }

  /** The file has been read anew, and is in use. */
  reload(plan: DrillPlan | undefined): void {
    this.engine.run((now_ms) => {
      this.schedule.take(plan, now_ms);
      this.drills.look(now_ms);
    });
  }

  /** Does what a command wants. @returns what there is to tell then, or as text why that can't be */
  order(order: DrillOrder): DrillsTold | string {
    let why: string | undefined;
    this.engine.run((now_ms) => {
      if (order.wish === "end" && !this.drills.stop(now_ms)) why = "no drill runs";
      if (order.wish !== "begin") return;
      const { phones, for_ms } = order;
      const trouble = this.drills.start({ phones, for_ms, by: "command" }, now_ms);
      why = trouble && `no drill can run now: ${trouble}`;
    });
    return why ?? this.told(order.wish === "end" ? 0 : order.wish === "tell" ? order.report : undefined);
  }

  /** @param id of the report that is wanted whole; 0: the newest; undefined: none */
  private told(id: number | undefined): DrillsTold {
    const { keeper, drills, ports } = this;
    const { summaries } = keeper;
    const wanted = id === 0 ? summaries[0]?.id : id;
    const running = drills.report(ports.now_ms()) ?? null;
    // One of them is enough for one answer.
    if (wanted === undefined) return { running, kept: summaries };
    return { running: null, kept: summaries, report: wanted === running?.id ? running : keeper.find(wanted) };
  }

  facts(now_ms: number): DrillFacts | undefined {
    const report = this.drills.report(now_ms);
    if (report === undefined) return undefined;
    const { phones, started, planned_s, lasted_s, counts } = report;
    return { phones, since: started, left_s: Math.max(0, planned_s - lasted_s), calls: counts.made };
  }

  async stop(): Promise<void> {
    this.engine.run((now_ms) => {
      this.schedule.take(undefined, now_ms);
      this.drills.interrupt(now_ms);
    });
    await this.keeper.stop();
  }
}

/** The member of a pair that has the shared addresses has the phones, and so the drill. */
function pairTrouble(cluster: ClusterFacts | undefined): string | undefined {
  if (cluster === undefined) return undefined;
  if (cluster.mode === "anycast") return "the phones' messages come to all members behind the anycast address";
  if (cluster.state !== "active") return `this router of the pair is ${cluster.state}`;
  const away = cluster.shared.find(({ is_here }) => !is_here);
  return away && `${away.address} isn't at this router of the pair, and the phones go there`;
}
