/** Call-backs after emergency calls, at all members: a call from the gateway finds the caller whichever router it comes to. */
import { BoundedMap } from "../base/bounded-map.ts";
import {
  CALLBACKS_MAX,
  type Callback,
  type Callbacks,
  restoreCallback,
  saveCallback,
} from "../policy/emergency/callbacks.ts";
import { readCallback } from "../policy/snapshot.ts";
import type { Listener } from "../transport/flow.ts";
import type { Json } from "./ports.ts";
import type { RecordOwner, Replicated } from "./replicated.ts";

const KIND = "callback";

interface Parts {
  readonly callbacks: Callbacks;
  readonly replica: Replicated;
  /** Of this member. */
  readonly listeners: readonly Listener[];
  readonly now_ms: () => number;
}

export class CallbackRecords implements RecordOwner {
  private readonly parts: Parts;
  /** Those that have called here since the start: another member's version may be of an earlier call. */
  private readonly called = new BoundedMap<string, Callback>(CALLBACKS_MAX);

  constructor(parts: Parts) {
    this.parts = parts;
  }

  /** Call-backs that are known by now come from this member's disk. From now on changes are told. */
  start(now_ms: number): void {
    const { callbacks, replica, now_ms: time_ms } = this.parts;
    for (const one of callbacks.all) replica.load(keyOf(one), write(one, now_ms), one.until_ms - now_ms, now_ms);
    replica.own(KIND, this);
    callbacks.onCallback = (one) => {
      this.called.set(keyOf(one), one);
      this.put(one, time_ms());
    };
  }

  apply(key: string, value: Json | undefined, left_ms: number, _from: string, now_ms: number): void {
    const [saved] = readCallback(value);
    const callback = saved && restoreCallback(saved, this.parts.listeners, now_ms + left_ms);
    if (callback === undefined || keyOf(callback) !== key) return;
    const own = this.called.get(key);
    if (own !== undefined && own.until_ms > callback.until_ms) this.put(own, now_ms);
    else this.parts.callbacks.adopt(callback);
  }

  private put(callback: Callback, now_ms: number): void {
    this.parts.replica.put(keyOf(callback), write(callback, now_ms), callback.until_ms - now_ms, now_ms);
  }
}

/** One for each phone and gateway, as a later call takes the place of an earlier one. */
function keyOf({ gateway, flow }: Callback): string {
  return `${KIND} ${gateway} ${flow.address}`;
}

function write(callback: Callback, now_ms: number): Json {
  return { ...saveCallback(callback, now_ms) };
}
