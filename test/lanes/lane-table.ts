/** What each lane has shown, as one table. */
import type { Lane } from "./lanes.ts";
import type { Measured } from "./suite.ts";

export class LaneRow implements Measured {
  readonly lane: Lane;
  version = "";
  script_ms = Number.NaN;
  node_ms = Number.POSITIVE_INFINITY;
  answer_ms = Number.NaN;
  tests = 0;
  passed = 0;
  began_ms = 0;
  duration_ms = Number.NaN;

  constructor(lane: Lane) {
    this.lane = lane;
  }

  /** The columns of {@link HEAD}. */
  cells(bundle_bytes: number): readonly string[] {
    const { lane, version, script_ms, node_ms, answer_ms, tests, passed, duration_ms } = this;
    const name = `${lane.name}${lane.isBigEndian ? " (big-endian)" : ""}`;
    const why = lane.gone ?? lane.missing;
    if (why !== undefined) return [name, `${lane.major}`, lane.standsFor, `NOT TESTED: ${why}`];
    return [
      name,
      version.slice(1),
      lane.standsFor,
      rounded(node_ms),
      rounded(script_ms),
      rounded(answer_ms),
      String(bundle_bytes),
      `${passed} of ${tests}`,
      rounded(duration_ms / 1_000),
    ];
  }
}

const HEAD = [
  "processor",
  "Node",
  "as on",
  "start ms",
  "by run.sh ms",
  "first answer ms",
  "bundle bytes",
  "tests passed",
  "seconds",
];

/** In Markdown. */
export function tableOf(rows: readonly LaneRow[], bundle_bytes: number): string {
  const lines = [HEAD, HEAD.map(() => "---"), ...rows.map((row) => row.cells(bundle_bytes))];
  return `lanes:\n${lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n")}`;
}

function rounded(value: number): string {
  return Number.isFinite(value) ? value.toFixed(0) : "";
}
