/** A forced state of upstream in words. */
import { doubtful } from "../../base/ink.ts";
import type { RunningStatus } from "../status-facts.ts";
import { wrapped } from "./lines.ts";
import { callsGo } from "./peer-words.ts";
import { exactSpan, moment, type Reader } from "./times.ts";

/** "FORCED down until 14:40:05 (9 min 40 s left)"; undefined: upstream isn't forced. */
export function forcedText({ force, forced, now }: RunningStatus, reader: Reader): string | undefined {
  if (force === "auto") return undefined;
  const by = forced?.by === "file" ? ' by the file ("upstream.force")' : "";
  const name = doubtful(`FORCED ${force}`);
  if (forced?.until === undefined || forced.left_s === undefined) return `${name}${by}`;
  return `${name} until ${moment(forced.until, now, reader)} (${exactSpan(forced.left_s)} left)`;
}

/** The lines of `status` about it, first of all that it says of upstream; none where upstream isn't forced. */
export function forcedLines(status: RunningStatus, reader: Reader): string[] {
  const text = forcedText(status, reader);
  if (text === undefined) return [];
  const end = status.forced?.by === "file" ? "" : "; `branchline force auto` ends that";
  return wrapped(`Upstream is ${text}: ${callsGo(status)}${end}`, reader.width);
}

/** What `branchline force` prints: two lines at most in a terminal of usual width. */
export function forceText(status: RunningStatus, reader: Reader): string {
  const lines = forcedLines(status, reader);
  if (lines.length > 0) return `${lines.join("\n")}\n`;
  const seen = status.upstream.map(({ name, state }) => `${name} is ${state}`).join(", ");
  const state = seen === "" ? "" : `: ${seen}`;
  return `${wrapped(`Upstream isn't forced${state}; ${callsGo(status)}`, reader.width).join("\n")}\n`;
}

/** What `branchline force --json` prints. */
export function forceFacts({ force, forced, upstream, calls_go_to }: RunningStatus): object {
  return {
    force,
    forced,
    upstream: upstream.map(({ name, state, observed }) => ({ name, state, observed })),
    calls_go_to,
  };
}
