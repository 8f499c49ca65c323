/**
 * Lets the routing daemon of this machine announce the anycast address, or withdraw it, by the commands of `cluster.route`: one runs at a
 * time, and the last wish wins.
 *
 * Nothing tells what the routing daemon does by itself: one that was started anew has forgotten the route. So a command that was done is
 * repeated now and then.
 */
import { type Row, to } from "../base/machine.ts";
import type { Logger } from "../base/ports.ts";
import { Timer, type TimerOwner, type Timers } from "../base/timers.ts";
import type { RouteCommands } from "../cluster/settings.ts";
import type { RouteFacts } from "./cluster-facts.ts";

export type RouteWish = "announce" | "withdraw";

export type RouteState =
  /** The last wish is done; at first there is none. */
  | "done"
  /** The command of the last wish runs. */
  | "running"
  /** The command of the wish before runs still. */
  | "overtaken"
  /** The command of the last wish has failed, and waits for its next try. */
  | "failed";

export type RouteInput =
  /** Another wish than the last one. */
  | "wish"
  /** The command that ran was done. */
  | "done"
  | "failed"
  /** The time for another try, or for a repetition. */
  | "due";

export type RouteAction =
  /** The command of the last wish. */
  | "run"
  | "startRepetition"
  | "startTry"
  | "stopTimer"
  /** The pace of tries begins anew. */
  | "calm"
  | "tellDone"
  | "tellFailed"
  /** Those that wait for the command of the last wish hear that it has ended. */
  | "release";

const RUN = to("running", "run");
const NEW_WISH = to("running", "stopTimer", "calm", "run");

/** An input that is missing changes nothing. */
export const ROUTE: Readonly<Record<RouteState, Row<RouteState, RouteInput, RouteAction>>> = {
  done: { wish: NEW_WISH, due: RUN },
  running: {
    wish: to("overtaken", "calm"),
    done: to("done", "calm", "startRepetition", "tellDone", "release"),
    failed: to("failed", "startTry", "tellFailed", "release"),
  },
  // There are two wishes: with another one, the command that runs is the right one again.
  overtaken: { wish: to("running"), done: RUN, failed: RUN },
  failed: { wish: NEW_WISH, due: RUN },
};

/** Until a command that has failed is tried again: at first, and at the most. */
const TRY_ms = 1_000;
const TRY_MAX_ms = 30_000;
const REPEAT_ms = 30_000;

export interface AnnouncerPorts {
  readonly timers: Timers;
  readonly log: Logger;
  readonly commands: RouteCommands;
  /** Runs a command, for a limited time. It never rejects. @returns why it wasn't done; undefined: it was */
  readonly run: (command: readonly string[]) => Promise<string | undefined>;
  /** Makes an event of what happens later, and tells the time. */
  readonly happen: (event: (now_ms: number) => void) => void;
}

type Due = "due" | "patience";

export class Announcer implements TimerOwner<Due> {
  private readonly ports: AnnouncerPorts;
  private state: RouteState = "done";
  private wish: RouteWish | undefined = undefined;
  private try_ms = TRY_ms;
  /** Whether the command of the last wish was done, and hasn't failed since. */
  private isDone = false;
  private error: string | undefined = undefined;
  private done_ms = 0;
  /** What the log has last said of the route. */
  private told = "";
  private readonly timer = new Timer<Due>(this, "due");
  private readonly patience = new Timer<Due>(this, "patience");
  private readonly waiting: (() => void)[] = [];
  private isStopped = false;

  constructor(ports: AnnouncerPorts) {
    this.ports = ports;
  }

  /** From now on the route is to be there, or not to be. */
  want(wish: RouteWish, now_ms: number): void {
    if (wish === this.wish) return;
    this.wish = wish;
    this.isDone = false;
    this.apply("wish", now_ms);
  }

  get facts(): RouteFacts {
    return { wish: this.wish, is_done: this.isDone, error: this.error };
  }

  /** Since when the route is as it is wanted; undefined: it isn't yet. */
  get doneAt_ms(): number | undefined {
    return this.isDone ? this.done_ms : undefined;
  }

  /** Resolves when the command of the last wish has ended, or after `limit_ms`. */
  whenEnded(limit_ms: number, now_ms: number): Promise<void> {
    if (this.state === "done" || this.state === "failed" || limit_ms <= 0) return Promise.resolve();
    this.ports.timers.start(this.patience, limit_ms, now_ms);
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** Nothing is tried or repeated from now on. */
  stop(): void {
    this.isStopped = true;
    this.ports.timers.stop(this.timer);
    this.release();
  }

  onTimer(kind: Due, now_ms: number): void {
    if (kind === "due") this.apply("due", now_ms);
    else this.release();
  }

  private apply(input: RouteInput, now_ms: number): void {
    const transition = this.isStopped ? undefined : ROUTE[this.state][input];
    if (transition === undefined) return;
    this.state = transition.next;
    for (const action of transition.actions) this.act(action, now_ms);
  }

  private act(action: RouteAction, now_ms: number): void {
    const { timers } = this.ports;
    if (action === "run") this.run();
    else if (action === "startRepetition") timers.start(this.timer, REPEAT_ms, now_ms);
    else if (action === "startTry") {
      timers.start(this.timer, this.try_ms, now_ms);
      this.try_ms = Math.min(this.try_ms * 2, TRY_MAX_ms);
    } else if (action === "stopTimer") timers.stop(this.timer);
    else if (action === "calm") this.try_ms = TRY_ms;
    else if (action === "release") this.release();
    else this.tell(action === "tellDone", now_ms);
  }

  private run(): void {
    const { commands, run, happen } = this.ports;
    if (this.wish === undefined) return;
    void run(commands[this.wish]).then((error) =>
      happen((now_ms) => {
        this.error = error;
        this.apply(error === undefined ? "done" : "failed", now_ms);
      }),
    );
  }

  /** A repetition that is done, and a try that fails as the one before, are no news. */
  private tell(isDone: boolean, now_ms: number): void {
    const { log, commands } = this.ports;
    const { wish, error = "" } = this;
    if (isDone && !this.isDone) this.done_ms = now_ms;
    this.isDone = isDone;
    if (wish === undefined) return;
    const news = `${wish} ${error}`;
    if (news === this.told) return;
    this.told = news;
    const command = commands[wish].join(" ");
    const effect = wish === "announce" ? "no messages come here" : "messages still come here, and go to other members";
    if (isDone) log.info("route", { route: wish === "announce" ? "announced" : "withdrawn", command });
    else log.warn("route_command", { command, error, effect, cure: CURE });
  }

  private release(): void {
    this.ports.timers.stop(this.patience);
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}

const CURE =
  "run the command as branchline's user: does the routing daemon run, and may that user tell it? See deploy/anycast.md";
