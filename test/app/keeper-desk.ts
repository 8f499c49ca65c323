/** A keeper of bindings in virtual time, with a disk that does what it is told. */
import { BindingKeeper } from "../../src/app/binding-keeper.ts";
import type { LogFields } from "../../src/base/ports.ts";
import { Timers } from "../../src/base/timers.ts";
import { Callbacks } from "../../src/policy/emergency/callbacks.ts";
import { Bindings } from "../../src/policy/phones/bindings.ts";
import { flowFrom } from "../transport/flows.ts";

export const INTERVAL_ms = 300_000;
export const NEWS_DELAY_ms = 5_000;
export const HOUR_ms = 3_600_000;
/** 2026-01-01. */
export const NEW_YEAR_ms = 1_767_225_600_000;
export const NAME = "201@pbx.example.com";

interface Save {
  readonly at_ms: number;
  readonly body: string;
  readonly savedAt_ms: number;
}

/** A keeper, its bindings, and a disk that does what it is told. */
export class Desk {
  now_ms = 0;
  /** What the router's clock is ahead of the time since its start. */
  wallClockOffset_ms = NEW_YEAR_ms;
  readonly timers = new Timers();
  readonly bindings = new Bindings();
  readonly callbacks = new Callbacks();
  readonly saves: Save[] = [];
  readonly events: string[] = [];
  stored: { body: string; savedAt_ms: number } | Error | undefined;
  /** What the disk does with a save; default: it takes it. */
  disk: () => Promise<void> = async () => {};
  readonly keeper: BindingKeeper;

  constructor(interval_ms = INTERVAL_ms, cap_ms = 0) {
    const log = (event: string, fields: LogFields = {}) =>
      void this.events.push(
        Object.entries(fields).reduce((text, [name, value]) => `${text} ${name}=${String(value)}`, event),
      );
    const store = {
      load: async () => {
        if (this.stored instanceof Error) throw this.stored;
        return this.stored;
      },
      save: async (body: string, savedAt_ms: number) => {
        const { now_ms: at_ms } = this;
        await this.disk();
        this.saves.push({ at_ms, body, savedAt_ms });
      },
    };
    const ports = {
      store,
      log: { error: log, warn: log, info: log, debug: log },
      wallClock_ms: () => this.wallClockOffset_ms + this.now_ms,
      now_ms: () => this.now_ms,
    };
    this.keeper = new BindingKeeper(ports, this.bindings, this.callbacks, this.timers, interval_ms, cap_ms);
  }

  async start(): Promise<this> {
    await this.keeper.start([flowFrom("10.222.237.21", 5060).listener]);
    return this;
  }

  register(contact = "sip:201@10.222.237.21", name = NAME, expires_ms = this.now_ms + HOUR_ms): void {
    const flow = flowFrom("10.222.237.21", 5060);
    const binding = {
      contact,
      parameters: "",
      instance: "",
      flow,
      callId: "c",
      cseq: 1,
      expires_ms,
      heard_ms: this.now_ms,
      isAccepted: true,
    };
    this.bindings.put(name, binding);
  }

  /** Lets time pass, timer by timer; the disk is given its turn after each. */
  async pass(duration_ms: number): Promise<void> {
    const end_ms = this.now_ms + duration_ms;
    for (let next_ms = this.timers.nextDeadline_ms(); ; next_ms = this.timers.nextDeadline_ms()) {
      if (next_ms === undefined || next_ms > end_ms) break;
      this.now_ms = Math.max(this.now_ms, next_ms);
      this.timers.run(this.now_ms);
      await settle();
    }
    this.now_ms = end_ms;
  }

  /** Repeats `act` every `every_ms`. */
  async repeat(every_ms: number, times: number, act: (turn: number) => void): Promise<void> {
    for (let turn = 0; turn < times; turn++) {
      act(turn);
      await this.pass(every_ms);
    }
  }

  get savedAt_ms(): readonly number[] {
    return this.saves.map(({ at_ms }) => at_ms);
  }

  get contacts(): string[] {
    return (this.bindings.find(NAME)?.bindings ?? []).map(({ contact }) => contact);
  }
}

/** A macrotask: all promises that can go on have gone on. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
