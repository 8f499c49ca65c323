/** What Node has and the engine has not, for all modules that are imported after this one. */
import { Buffer } from "./buffer.ts";
import * as own from "./process.ts";
import * as timers from "./timers.ts";

const { settable, ...fixed } = own;
const process = Object.create(
  {},
  { ...Object.getOwnPropertyDescriptors(fixed), ...Object.getOwnPropertyDescriptors(settable) },
);

const { setTimeout, setInterval, setImmediate, clearTimeout } = timers;
Object.assign(globalThis, { setTimeout, setInterval, setImmediate, clearTimeout, clearInterval: clearTimeout });
Object.assign(globalThis, { process, Buffer, global: globalThis });

// V8's own, which libraries call in the constructors of their errors: here a stack is there without it.
const errors: { captureStackTrace?: () => void } = Error as object;
errors.captureStackTrace ??= () => {};
