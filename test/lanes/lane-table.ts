/** What each lane has shown, as one table. */
import { statSync } from "node:fs";
import { fileOf } from "../support/program.ts";
import type { Lane } from "./lanes.ts";
import type { Measured } from "./suite.ts";

export class LaneRow implements Measured {
  readonly lane: Lane;
  version = "";
  script_ms = Number.NaN;
  start_ms = Number.POSITIVE_INFINITY;
  answer_ms = Number.NaN;
  idle_kb = Number.NaN;
  ringing_kb = Number.NaN;
  tests = 0;
  passed = 0;
  began_ms = 0;
  duration_ms = Number.NaN;

  constructor(lane: Lane) {
    this.lane = lane;
  }

  /** The file that a router gets: the bundle, or the binary. */
  get bytes(): number {
    return statSync(fileOf(this.lane.program)).size;
  }

  /** The columns of {@link HEAD}. */
  cells(): readonly string[] {
    const { lane, version, script_ms, start_ms, answer_ms, tests, passed, duration_ms } = this;
    const name = `${lane.name}${lane.isBigEndian ? " (big-endian)" : ""}`;
    const why = lane.gone ?? lane.missing;
    if (why !== undefined) return [name, lane.engine, lane.standsFor, `NOT TESTED: ${why}`];
    return [
      name,
      version,
      lane.standsFor,
      rounded(start_ms),
      rounded(script_ms),
      rounded(answer_ms),
      String(this.bytes),
      rounded(this.idle_kb),
      rounded(this.ringing_kb),
      `${passed} of ${tests}`,
      rounded(duration_ms / 1_000),
    ];
  }
}

const HEAD = [
  "processor",
  "engine",
  "as on",
  "start ms",
  "by run.sh ms",
  "first answer ms",
  "bytes",
  "idle kB",
  "ringing kB",
  "tests passed",
  "seconds",
];

/** In Markdown. */
export function tableOf(rows: readonly LaneRow[]): string {
  const lines = [HEAD, HEAD.map(() => "---"), ...rows.map((row) => row.cells())];
  return `lanes:\n${lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n")}`;
}

function rounded(value: number): string {
  return Number.isFinite(value) ? value.toFixed(0) : "";
}
