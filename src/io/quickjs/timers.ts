/** Node's timers, over the host's one: what sockets and files need beside the core's own. */
import * as native from "native";
import { hold, letGo, setTimerOwner } from "./loop.ts";

type Call = () => void;

/** What setTimeout returns. */
export class Timeout {
  at_ms: number;
  /** Again after this time; undefined: once. */
  readonly interval_ms: number | undefined;
  readonly call: Call;
  isRunning = true;
  private isHolding = true;

  constructor(call: Call, delay_ms: number, isRepeated: boolean) {
    const wait_ms = delay_ms >= 1 ? delay_ms : 1; // as Node has it, NaN among them
    this.call = call;
    this.at_ms = native.monotonic_ms() + wait_ms;
    this.interval_ms = isRepeated ? wait_ms : undefined;
    hold();
  }

  /** The process may end without it. */
  unref(): this {
    if (this.isHolding) letGo();
    this.isHolding = false;
    return this;
  }

  ref(): this {
    if (!this.isHolding && this.isRunning) {
      this.isHolding = true;
      hold();
    }
    return this;
  }

  stop(): void {
    this.isRunning = false;
    this.unref();
  }
}

/** The next one last: the host's few timers of sockets and files are put in their place by bisection. */
const waiting: Timeout[] = [];
let immediates: Call[] = [];
/** The calls of this turn, and how many of them have been made. */
let due: Call[] = [];
let told = 0;
let isKeeping = false;
/** For the host: before any descriptor has its turn. */
const AT_ONCE = -1;

export function setTimeout(call: Call, delay_ms = 1): Timeout {
  return start(new Timeout(call, delay_ms, false));
}

export function setInterval(call: Call, delay_ms = 1): Timeout {
  return start(new Timeout(call, delay_ms, true));
}

/** Stops it; undefined, and one that has fired, are fine. */
export function clearTimeout(timeout: Timeout | undefined): void {
  if (timeout?.isRunning !== true) return;
  timeout.stop();
  const place = waiting.indexOf(timeout);
  if (place < 0) return;
  waiting.splice(place, 1);
  if (place === waiting.length) plan();
}

/** After what is being done now. */
export function setImmediate(call: Call): void {
  immediates.push(call);
  if (immediates.length > 1) return;
  keep();
  plan();
}

function start(timeout: Timeout): Timeout {
  let low = 0;
  let high = waiting.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = waiting[middle];
    if (other !== undefined && other.at_ms > timeout.at_ms) low = middle + 1;
    else high = middle;
  }
  waiting.splice(low, 0, timeout);
  if (low === waiting.length - 1) plan();
  return timeout;
}

function plan(): void {
  const next = waiting[waiting.length - 1];
  if (told < due.length) native.setTimer(AT_ONCE);
  else native.setTimer(immediates.length > 0 ? 0 : (next?.at_ms ?? Number.POSITIVE_INFINITY));
}

/**
 * One call is one event for the host: what promises bring comes before the next one, and one that throws, or that the watchdog
 * ends, keeps no other from its turn. Such an end knows no `finally`: all that comes after is set up before the call.
 */
function run(): void {
  if (told === due.length) collect();
  const call = due[told++];
  if (told >= due.length) {
    due = [];
    told = 0;
  }
  plan();
  keep();
  call?.();
}

/** What is due by now: others that are set meanwhile have the next turn. */
function collect(): void {
  const now_ms = native.monotonic_ms();
  due = immediates;
  immediates = [];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next.at_ms > now_ms) {
      waiting.push(next);
      break;
    }
    due.push(fired(next));
  }
}

/** The process goes on as long as there is a call to make. */
function keep(): void {
  const isKept = immediates.length > 0 || told < due.length;
  if (isKept === isKeeping) return;
  isKeeping = isKept;
  if (isKept) hold();
  else letGo();
}

/** What is due of it, unless it is stopped before its turn. */
function fired(timeout: Timeout): Call {
  return () => {
    if (!timeout.isRunning) return;
    if (timeout.interval_ms === undefined) timeout.stop();
    else {
      timeout.at_ms = native.monotonic_ms() + timeout.interval_ms;
      start(timeout);
    }
    timeout.call();
  };
}

setTimerOwner(run);
