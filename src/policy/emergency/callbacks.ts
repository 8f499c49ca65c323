/** Phones that have called an emergency number: calls that come from the same gateway soon afterwards ring them too. */
import { type Flow, type Listener, restoreFlow, type SavedFlow, saveFlow } from "../../transport/flow.ts";

/** Kept at the most: more phones than a branch has in an emergency. */
export const CALLBACKS_MAX = 20;
/** Rung at once at the most. */
const RUNG_MAX = 5;

const MINUTE_ms = 60_000;

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
  /** Hears of each that is remembered, but not of one that is adopted; undefined: nobody wants to. */
  onCallback: ((callback: Callback) => void) | undefined = undefined;

  remember(callback: Callback): void {
    this.keep([callback, ...this.without(callback)]);
    this.onCallback?.(callback);
  }

  /** Takes over what another member of a cluster knows of a phone: its call may be older than others that are known here. */
  adopt(callback: Callback): void {
    this.keep([...this.without(callback), callback].sort((a, b) => b.until_ms - a.until_ms));
  }

  /** The last caller first. */
  get all(): readonly Callback[] {
    return this.callbacks;
  }

  /** Those that calls from this gateway ring, the last caller first. */
  of(gateway: string, now_ms: number): readonly Callback[] {
    return this.callbacks.filter((one) => one.gateway === gateway && now_ms < one.until_ms).slice(0, RUNG_MAX);
  }

  save(now_ms: number): SavedCallback[] {
    return this.callbacks.filter(({ until_ms }) => now_ms < until_ms).map((one) => saveCallback(one, now_ms));
  }

  /** @param age_ms how long ago they were saved */
  restore(saved: readonly SavedCallback[], listeners: readonly Listener[], age_ms: number, now_ms: number): void {
    this.callbacks = saved.flatMap((one) => restoreCallback(one, listeners, now_ms + one.left_ms - age_ms) ?? []);
  }

  private keep(callbacks: readonly Callback[]): void {
    const before = this.callbacks.length;
    this.callbacks = callbacks.slice(0, CALLBACKS_MAX);
    this.onChange(callbacks.length > before);
  }

  private without(callback: Callback): readonly Callback[] {
    return this.callbacks.filter((one) => !isSame(one, callback));
  }
}

export function saveCallback({ caller, contact, flow, gateway, until_ms }: Callback, now_ms: number): SavedCallback {
  return { caller, contact, ...saveFlow(flow), gateway, left_ms: Math.round(until_ms - now_ms) };
}

/** Undefined where there is no listener for its flow. */
export function restoreCallback(
  { caller, contact, gateway, ...place }: SavedCallback,
  listeners: readonly Listener[],
  until_ms: number,
): Callback | undefined {
  const flow = restoreFlow(place, listeners);
  return flow === undefined ? undefined : { caller, contact, flow, gateway, until_ms };
}

/** As many have a name in a text: records keep a short one. */
const NAMED_MAX = 3;

/** These phones in words, by their users, and for how long they ring yet, the last of them the longest. "": there are none. */
export function callersText(callbacks: readonly Callback[], now_ms: number): string {
  const [first] = callbacks;
  if (first === undefined) return "";
  const names = callbacks.map(({ caller, flow }) => caller.replace(/@.*/, "") || `the phone at ${flow.address}`);
  const more = names.length > NAMED_MAX ? [`${names.length - NAMED_MAX} more`] : [];
  const told = [...names.slice(0, NAMED_MAX), ...more];
  const last = told.pop() ?? "";
  const who = told.length === 0 ? last : `${told.join(", ")} and ${last}`;
  const left_min = Math.ceil((first.until_ms - now_ms) / MINUTE_ms);
  return `${who}, which ${names.length > 1 ? "have" : "has"} called an emergency number (for another ${left_min} min)`;
}

function isSame(a: Callback, b: Callback): boolean {
  return a.gateway === b.gateway && a.flow.address === b.flow.address;
}
