/**
 * Tells the manager of services that has started this process, such as systemd, that branchline is ready, alive, reloading, stopping, and how
 * it is: sd_notify(3). Where nobody wants to hear that, none of it is done.
 */
import { serviceLine } from "../app/observe/service-line.ts";
import type { SideDoor } from "../app/side-door.ts";
import type { RunningStatus } from "../app/status-facts.ts";
import type { Logger } from "../base/ports.ts";
import { reasonOf } from "../base/reason.ts";

/** Without a watchdog. */
const BEAT_ms = 60_000;
/** A word may be lost, and the next one is still in time. */
const BEATS_IN_TIME = 3;

/** Sends words, and tells why they haven't been sent. */
export type TellManager = (words: readonly string[]) => Promise<string | undefined>;

export interface ManagerWishes {
  readonly socket: string;
  /** How long it waits for a word before it takes us to be dead; undefined: for ever. */
  readonly watchdog_ms: number | undefined;
}

/**
 * What it wants to hear; undefined: nothing. The variables are removed: a program that branchline starts has nothing to say in its name.
 * @param pid ours: the wish may be one to our parent
 */
export function managerWishes(environment: NodeJS.ProcessEnv, pid: number): ManagerWishes | undefined {
  const { NOTIFY_SOCKET: socket = "", WATCHDOG_USEC: limit_us, WATCHDOG_PID: meant = `${pid}` } = environment;
  for (const name of ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]) delete environment[name];
  if (socket === "") return undefined;
  const watchdog_ms = Number(limit_us) / 1_000;
  return { socket, watchdog_ms: watchdog_ms > 0 && meant === `${pid}` ? watchdog_ms : undefined };
}

export class ServiceNews {
  private readonly tell: TellManager;
  private readonly watchdog_ms: number | undefined;
  private readonly log: Logger;
  private status: (() => RunningStatus) | undefined = undefined;
  private timer: NodeJS.Timeout | undefined = undefined;
  /** What waits until the words before are sent. */
  private readonly waiting: (readonly string[])[] = [];
  private isSending = false;
  private isReadyKnown = false;
  private knownLine = "";
  private hasFailed = false;

  constructor(tell: TellManager, watchdog_ms: number | undefined, log: Logger) {
    this.tell = tell;
    this.watchdog_ms = watchdog_ms;
    this.log = log;
  }

  /** As the last one of the doors: what is ready can be asked and told. */
  door(status: () => RunningStatus): SideDoor {
    const open = async () => {
      this.status = status;
      this.beat();
      const { watchdog_ms } = this;
      this.timer = setInterval(() => this.beat(), watchdog_ms === undefined ? BEAT_ms : watchdog_ms / BEATS_IN_TIME);
    };
    const close = async () => {
      if (this.timer !== undefined) clearInterval(this.timer);
    };
    return {
      server: { open, close },
      door: "news to systemd",
      effect: "none",
    };
  }

  /** A reload begins now, and is over with this event. Of several at once it hears as of one. */
  reloading(): void {
    if (this.status === undefined || this.waiting.length > 0) return;
    this.say(["RELOADING=1"]);
    setImmediate(() => this.say(["READY=1"]));
  }

  /** Nothing else is worth saying any more: it overtakes what waits, and nobody waits for it. */
  stopping(): void {
    this.waiting.length = 0;
    this.tell(["STOPPING=1"]).catch(() => {});
  }

  /** Comes from a timer of the event loop: while an event never ends, nothing is said. */
  private beat(): void {
    if (this.isSending) return;
    const words = this.isReadyKnown ? [] : ["READY=1"];
    if (this.watchdog_ms !== undefined) words.push("WATCHDOG=1");
    const line = this.line();
    if (line !== this.knownLine) words.push(`STATUS=${line}`);
    if (words.length > 0) this.say(words);
  }

  /** How branchline is can't be a reason to take it to be dead. */
  private line(): string {
    try {
      return this.status === undefined ? "" : serviceLine(this.status());
    } catch {
      return this.knownLine;
    }
  }

  private say(words: readonly string[]): void {
    this.waiting.push(words);
    if (!this.isSending) this.sendNext();
  }

  private sendNext(): void {
    const words = this.waiting.shift();
    this.isSending = words !== undefined;
    if (words === undefined) return;
    const sent = (error: string | undefined) => {
      if (error === undefined) this.known(words);
      else if (!this.hasFailed) this.log.warn("service_manager", { error });
      this.hasFailed = error !== undefined;
      this.sendNext();
    };
    this.tell(words).catch(reasonOf).then(sent);
  }

  private known(words: readonly string[]): void {
    for (const word of words) {
      if (word === "READY=1") this.isReadyKnown = true;
      if (word === "RELOADING=1") this.isReadyKnown = false;
      if (word.startsWith("STATUS=")) this.knownLine = word.slice("STATUS=".length);
    }
  }
}
