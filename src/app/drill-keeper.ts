/** Keeps the reports of drills on disk: two writes for each drill. */
import { reasonOf } from "../base/reason.ts";
import type { KeeperPorts } from "./binding-keeper.ts";
import { type DrillReport, type DrillSummary, newestOf, readReports, reportLines } from "./drill-report.ts";

export class DrillKeeper {
  private readonly ports: Pick<KeeperPorts, "store" | "log" | "wallClock_ms">;
  /** The oldest first, as many as the file has room for. */
  private reports: readonly DrillReport[] = [];
  private writing: Promise<void> = Promise.resolve();

  constructor(ports: Pick<KeeperPorts, "store" | "log" | "wallClock_ms">) {
    this.ports = ports;
  }

  /** Reads what was kept. A file that can't be read is no reason not to start. */
  async start(): Promise<void> {
    const { store, log } = this.ports;
    try {
      const { reports, faults } = readReports((await store.load())?.body ?? "");
      this.reports = [...reports, ...this.reports];
      if (faults > 0) log.warn("drills_unreadable", { error: `${faults} of ${reports.length + faults} lines` });
    } catch (error) {
      log.warn("drills_unreadable", { error: reasonOf(error) });
    }
  }

  /** Resolves once all reports are written. */
  stop(): Promise<void> {
    return this.writing;
  }

  get nextId(): number {
    return Math.max(0, ...this.reports.map(({ id }) => id)) + 1;
  }

  /** In the place of an earlier report of the same drill. */
  keep(report: DrillReport): void {
    this.reports = newestOf([...this.reports.filter(({ id }) => id !== report.id), report]);
    this.writing = this.writing.then(() => this.write());
  }

  /** The newest first. */
  get summaries(): readonly DrillSummary[] {
    return this.reports.map(({ calls: _calls, drilled: _drilled, ...summary }) => summary).reverse();
  }

  find(id: number): DrillReport | undefined {
    return this.reports.find((one) => one.id === id);
  }

  private async write(): Promise<void> {
    const { store, log, wallClock_ms } = this.ports;
    try {
      await store.save(reportLines(this.reports), wallClock_ms());
    } catch (error) {
      log.warn("drills_not_saved", { error: reasonOf(error) });
    }
  }
}
