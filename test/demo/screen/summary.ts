/** The table at the end: what should have happened, and what did. */
import { bold, dim, green, red } from "./style.ts";

export interface StepResult {
  readonly title: string;
  readonly expected: string;
  /** What happened, or why the step failed. */
  readonly found: string;
  /** How long the step took; undefined when it wasn't played. */
  readonly time_ms: number | undefined;
  readonly outcome: "passed" | "failed" | "not played";
}

const HEADINGS = ["step", "what should happen", "what happened", "time"];
const MARKS = { passed: green("✓"), failed: red("✗"), "not played": dim("–") };

export function summaryTable(results: readonly StepResult[]): string {
  const rows = results.map(({ title, expected, found, time_ms }, index) => [
    `${index + 1} ${title}`,
    expected,
    found,
    time_ms === undefined ? "" : `${(time_ms / 1_000).toFixed(1)} s`,
  ]);
  const widths = HEADINGS.map((heading, column) =>
    Math.max(heading.length, ...rows.map((cells) => (cells[column] ?? "").length)),
  );
  const line = (cells: readonly string[]) => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ");
  const body = rows.map((cells, index) => `${line(cells)}  ${MARKS[results[index]?.outcome ?? "not played"]}`);
  return [bold(line(HEADINGS).trimEnd()), ...body].join("\n");
}
