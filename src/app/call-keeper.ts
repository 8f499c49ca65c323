/** Keeps the last calls on disk: soon when something becomes of one. */
import { reasonOf } from "../base/reason.ts";
import type { Timers } from "../base/timers.ts";
import type { CallLog } from "../policy/call-log.ts";
import { readCalls, saveCalls } from "../policy/saved-calls.ts";
import type { KeeperPorts } from "./binding-keeper.ts";
import { PacedFile } from "./paced-file.ts";

export class CallKeeper {
  readonly file: PacedFile;
  private readonly ports: KeeperPorts;
  private readonly calls: CallLog;

  constructor(ports: KeeperPorts, calls: CallLog, timers: Timers, interval_ms: number) {
    this.ports = ports;
    this.calls = calls;
    const text = (wall_ms: number, now_ms: number) => saveCalls(calls, wall_ms, now_ms);
    const tell = (error: unknown) => ports.log.warn("calls_not_saved", { error: reasonOf(error) });
    this.file = new PacedFile(ports, timers, interval_ms, text, tell);
  }

  /** Reads what was kept, then begins to keep. A file that can't be read is no reason not to. */
  async start(): Promise<void> {
    this.calls.onChange = () => this.file.changed();
    const { store, log, wallClock_ms, now_ms } = this.ports;
    try {
      const saved = await store.load();
      const { calls, faults } = readCalls(saved?.body ?? "", wallClock_ms(), now_ms());
      this.calls.restore(calls);
      if (faults > 0) log.warn("calls_unreadable", { error: `${faults} of ${calls.length + faults} lines` });
    } catch (error) {
      log.warn("calls_unreadable", { error: reasonOf(error) });
    }
  }
}
