/** Floods, each from a process of its own: the test's own process has calls to make. */
import { fileURLToPath } from "node:url";
import { PATIENCE_MS } from "../../support/machine.ts";
import type { Endpoint } from "./addresses.ts";
import { Child } from "./child.ts";
import { defer } from "./cleanup.ts";

const PROGRAM = fileURLToPath(new URL("flood.mjs", import.meta.url));
const UPSTREAM = fileURLToPath(new URL("ringing-upstream.mjs", import.meta.url));
const IDLERS = fileURLToPath(new URL("idlers.mjs", import.meta.url));

export interface FloodOrder {
  /**
   * What the datagrams are: no SIP at all, or requests of users that nobody knows, each another one. "ringing" and "silent"
   * are INVITEs to users of {@link ringingUpstream}, "long" INVITEs of 60 kB to either.
   */
  readonly kind: "junk" | "INVITE" | "REGISTER" | "ringing" | "silent" | "long";
  /** Addresses that send in turn. */
  readonly sources: readonly string[];
  readonly target: Endpoint;
  readonly perSecond: number;
  readonly duration_ms: number;
  /** Of kind "ringing": so many at most neither ring nor have ended, and it is over when all do or have. */
  readonly window?: number;
}

/** Something that wears branchline out for a while; {@link over} says what it has done. */
export interface Nuisance {
  readonly over: Promise<string>;
}

/** Connections in place of datagrams, and nothing is said on them. */
export function idlers(order: Omit<FloodOrder, "kind">): Nuisance {
  const child = new Child(process.execPath, [IDLERS, JSON.stringify(order)]);
  defer(() => child.stop("SIGKILL"));
  return { over: child.line(/^sent /, order.duration_ms + PATIENCE_MS) };
}

/** Answers INVITEs to "ringing" with 180 and no more, to "silent" with nothing, all else with 200. Runs until the test ends. */
export async function ringingUpstream({ host, port }: Endpoint): Promise<void> {
  const child = new Child(process.execPath, [UPSTREAM, host, `${port}`]);
  defer(() => child.stop("SIGKILL"));
  await child.line(/^listening/);
}

export function flood(order: FloodOrder): Nuisance {
  const child = new Child(process.execPath, [PROGRAM, JSON.stringify(order)]);
  defer(() => child.stop("SIGKILL"));
  return { over: child.line(/^sent /, order.duration_ms + PATIENCE_MS) };
}
