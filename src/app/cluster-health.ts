/** Tells keepalived, or whatever moves the shared addresses, whether this member may hold them: again and again, while its event loop runs. */
import type { Logger } from "../base/ports.ts";
import { Timer, type TimerOwner, type Timers } from "../base/timers.ts";

/** The file is so old at the most while this process is well. */
const HEALTH_ms = 1_000;

export interface HealthPorts {
  readonly timers: Timers;
  readonly log: Logger;
  /** For the log. */
  readonly file: string;
  readonly isHealthy: () => boolean;
  /** @returns why it can't be told; undefined: it has been */
  readonly tell: (isHealthy: boolean) => string | undefined;
}

export class ClusterHealth implements TimerOwner {
  /** Why it can't be told; undefined: it can. */
  error: string | undefined = undefined;
  private readonly ports: HealthPorts;
  private readonly timer: Timer = new Timer(this, "health");

  constructor(ports: HealthPorts) {
    this.ports = ports;
  }

  onTimer(_kind: string, now_ms: number): void {
    this.ports.timers.start(this.timer, HEALTH_ms, now_ms);
    this.tell();
  }

  /** At once: something has changed. */
  tell(): void {
    const { log, file, isHealthy, tell } = this.ports;
    const error = tell(isHealthy());
    const isNews = error !== this.error;
    this.error = error;
    if (error === undefined || !isNews) return;
    const effect = "this member doesn't get the shared addresses, or never gives them away";
    log.warn("health_file", { file, error, effect });
  }

  stop(): void {
    this.ports.timers.stop(this.timer);
  }
}
