/** Keeps the history on disk. */
import { reasonOf } from "../base/reason.ts";
import type { Timers } from "../base/timers.ts";
import type { KeeperPorts } from "./binding-keeper.ts";
import type { KeptHistory } from "./observe/history.ts";
import { PacedFile } from "./paced-file.ts";

export class HistoryKeeper {
  readonly file: PacedFile;
  private readonly ports: KeeperPorts;
  private readonly history: KeptHistory;

  constructor(ports: KeeperPorts, history: KeptHistory, timers: Timers, interval_ms: number) {
    this.ports = ports;
    this.history = history;
    const tell = (error: unknown) => ports.log.warn("history_not_saved", { error: reasonOf(error) });
    this.file = new PacedFile(ports, timers, interval_ms, () => history.save(), tell);
  }

  /** Reads what was kept, then begins to keep. A file that can't be read is no reason not to. */
  async start(): Promise<void> {
    const { history, file } = this;
    const { store, log } = this.ports;
    history.onChange = () => file.changed();
    try {
      const faults = history.restore((await store.load())?.body ?? "");
      if (faults > 0) log.warn("history_unreadable", { error: `${faults} lines` });
    } catch (error) {
      history.restore("");
      log.warn("history_unreadable", { error: reasonOf(error) });
    }
  }
}
