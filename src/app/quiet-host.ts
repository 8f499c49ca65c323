/** The host of a rehearsal. */
import { PLENTY } from "../base/limits.ts";
import type { Host } from "./host.ts";

const nothing = () => {};

/** A host that does nothing: no time passes, no message leaves, and nobody is told. */
export const QUIET_HOST: Host = {
  transport: { send: () => true, watch: nothing, unwatch: nothing, giveUp: nothing },
  lookup: { query: nothing, findSource: nothing },
  random: { token: (length) => "x".repeat(length), fraction: () => 0 },
  mac: () => "0".repeat(16),
  log: { error: nothing, warn: nothing, info: nothing, debug: nothing },
  limits: PLENTY,
  now_ms: () => 0,
  wakeAt: nothing,
  isNear: () => false,
};
