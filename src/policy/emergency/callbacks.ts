/** Phones that have called an emergency number: calls that come from the same gateway soon afterwards ring them too. */
import { type Flow, type Listener, restoreFlow, type SavedFlow, saveFlow } from "../../transport/flow.ts";

/** Kept at the most: more phones than a branch has in an emergency. */
const CALLBACKS_MAX = 20;
/** Rung at once at the most. */
const RUNG_MAX = 5;

export interface Callback {
  /** The caller's address-of-record, "user@domain", if it was registered from where the call came; or "". */
  readonly caller: string;
  /** The Contact that it gave, and where it was: it need not be registered. */
  readonly contact: string;
  readonly flow: Flow;
  /** Its address. */
  readonly gateway: string;
  readonly until_ms: number;
}

/** As a file keeps it. */
export interface SavedCallback extends SavedFlow {
  readonly caller: string;
  readonly contact: string;
  readonly gateway: string;
  readonly left_ms: number;
}

export class Callbacks {
  private callbacks: readonly Callback[] = [];
  /** Called when something has changed that a restart must not lose; news: a phone that wasn't there yet. */
  onChange: (isNews: boolean) => void = () => {};

  remember(callback: Callback): void {
    const before = this.callbacks.length;
    const others = this.callbacks.filter((one) => !isSame(one, callback));
    this.callbacks = [callback, ...others].slice(0, CALLBACKS_MAX);
    this.onChange(others.length === before);
  }

  /** Those that calls from this gateway ring, the last caller first. */
  of(gateway: string, now_ms: number): readonly Callback[] {
    return this.callbacks.filter((one) => one.gateway === gateway && now_ms < one.until_ms).slice(0, RUNG_MAX);
  }

  save(now_ms: number): SavedCallback[] {
    return this.callbacks
      .filter(({ until_ms }) => now_ms < until_ms)
      .map(({ caller, contact, flow, gateway, until_ms }) => {
        return { caller, contact, ...saveFlow(flow), gateway, left_ms: Math.round(until_ms - now_ms) };
      });
  }

  /** @param age_ms how long ago they were saved */
  restore(saved: readonly SavedCallback[], listeners: readonly Listener[], age_ms: number, now_ms: number): void {
    this.callbacks = saved.flatMap(({ listener, address, port, left_ms, ...rest }) => {
      const flow = restoreFlow({ listener, address, port }, listeners);
      const until_ms = now_ms + left_ms - age_ms;
      return flow === undefined ? [] : [{ ...rest, flow, until_ms }];
    });
  }
}

function isSame(a: Callback, b: Callback): boolean {
  return a.gateway === b.gateway && a.flow.address === b.flow.address;
}
