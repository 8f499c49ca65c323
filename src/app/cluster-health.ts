/** Tells keepalived, or whatever else leads calls here, whether this member may have them: again and again, while its event loop runs. */
import type { Logger } from "../base/ports.ts";
import { Timer, type TimerOwner, type Timers } from "../base/timers.ts";
import type { OwnState } from "../cluster/member-machine.ts";

/** The file is so old at the most while this process is well. */
const HEALTH_ms = 1_000;

/** What whoever moves the addresses is told. */
export type HealthWord =
  /** This member may hold them. */
  | "yes"
  /** It may, and no other member takes calls: they stay here while branchline is restarted. */
  | "alone"
  | "no";

export interface HealthFacts {
  readonly state: OwnState;
  /** Upstream answers the other member only, and the file wants the addresses there. */
  readonly isHandingOver: boolean;
  /** Another member takes calls. */
  readonly isRelieved: boolean;
}

/**
 * Without the addresses the branch is mute. So a member that is restarted keeps them where nobody else takes calls.
 * @param before the word until now, of the life before too
 */
export function healthWord({ state, isHandingOver, isRelieved }: HealthFacts, before: HealthWord): HealthWord {
  if (state === "active") {
    if (isHandingOver) return "no";
    return isRelieved ? "yes" : "alone";
  }
  const isRestarted = state === "syncing" || state === "stopped";
  return isRestarted && before === "alone" && !isRelieved ? "alone" : "no";
}

export interface HealthPorts {
  readonly timers: Timers;
  readonly log: Logger;
  /** For the log: the file, and what follows when it can't be written. */
  readonly file: string;
  readonly effect: string;
  readonly facts: () => HealthFacts;
  /** Whether the last word of this member's life before is "alone". */
  readonly wasAlone: () => boolean;
  /** @returns why it can't be told; undefined: it has been */
  readonly tell: (word: HealthWord) => string | undefined;
}

export class ClusterHealth implements TimerOwner {
  /** Why it can't be told; undefined: it can. */
  error: string | undefined = undefined;
  private readonly ports: HealthPorts;
  private readonly timer: Timer = new Timer(this, "health");
  private word: HealthWord;

  constructor(ports: HealthPorts) {
    this.ports = ports;
    this.word = ports.wasAlone() ? "alone" : "no";
  }

  /** Whether this member may hold the shared addresses. */
  get isHealthy(): boolean {
    return this.word !== "no";
  }

  onTimer(_kind: string, now_ms: number): void {
    this.ports.timers.start(this.timer, HEALTH_ms, now_ms);
    this.tell();
  }

  /** Another member has said what it does: the word counts from now on, if it is another. */
  look(): void {
    if (healthWord(this.ports.facts(), this.word) !== this.word) this.tell();
  }

  /** At once: something has changed. */
  tell(): void {
    const { log, file, effect, facts, tell } = this.ports;
    this.word = healthWord(facts(), this.word);
    const error = tell(this.word);
    const isNews = error !== this.error;
    this.error = error;
    if (error === undefined || !isNews) return;
    log.warn("health_file", { file, error, effect });
  }

  stop(): void {
    this.ports.timers.stop(this.timer);
  }
}
