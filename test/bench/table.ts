/** Samples of every round, and the Markdown table of their medians. */

export interface Row {
  readonly key: string;
  readonly label: string;
  /** Digits behind the decimal point. */
  readonly digits: number;
  /** Left out where no system has it. */
  readonly isOptional?: boolean;
}

export class Samples {
  private readonly values = new Map<string, number[]>();

  add(system: string, key: string, value: number): void {
    if (Number.isNaN(value)) return;
    const name = `${system}/${key}`;
    const known = this.values.get(name);
    if (known === undefined) this.values.set(name, [value]);
    else known.push(value);
  }

  median(system: string, key: string): number | undefined {
    return median(this.values.get(`${system}/${key}`) ?? []);
  }
}

/** The table: a row per measure, a column per system, and how `subject` compares with each of `bars` that is there. */
export function markdownTable(
  rows: readonly Row[],
  systems: readonly string[],
  samples: Samples,
  subject: string,
  bars: readonly string[],
): string {
  const compared = systems.includes(subject) ? bars.filter((bar) => systems.includes(bar)) : [];
  const header = ["", ...systems, ...compared.map((bar) => `/ ${bar}`)];
  const isThere = ({ key, isOptional }: Row) =>
    isOptional !== true || systems.some((system) => samples.median(system, key) !== undefined);
  const body = rows.filter(isThere).map((row) => {
    const cells = systems.map((system) => format(samples.median(system, row.key), row.digits));
    const own = samples.median(subject, row.key);
    return [row.label, ...cells, ...compared.map((bar) => formatRatio(own, samples.median(bar, row.key)))];
  });
  const widths = header.map((cell, column) =>
    Math.max(3, ...[header, ...body].map((line) => line[column]?.length ?? 0), cell.length),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(" | ")} |`;
  const rule = `|${widths.map((width, column) => "-".repeat(width + 1) + (column === 0 ? "-" : ":")).join("|")}|`;
  return [line(header), rule, ...body.map(line)].join("\n");
}

export function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[sorted.length >> 1];
  const lower = sorted[(sorted.length - 1) >> 1];
  return upper === undefined || lower === undefined ? undefined : (lower + upper) / 2;
}

function format(value: number | undefined, digits: number): string {
  if (value === undefined) return "n/a";
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function formatRatio(value: number | undefined, bar: number | undefined): string {
  return value === undefined || bar === undefined || bar === 0 ? "–" : (value / bar).toFixed(2);
}
