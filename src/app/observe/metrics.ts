/**
 * What Prometheus reads: the text format 0.0.4, of one table that also makes the page of names. A library would keep a value for each
 * row and label; here a row is a question to facts that are there anyway, asked only when somebody reads.
 */
import { known, type Metric, type MetricFacts } from "./metric.ts";
import { SITE_METRICS } from "./site-metrics.ts";

const PROCESS_METRICS: readonly Metric[] = [
  {
    name: "process_resident_memory_bytes",
    type: "gauge",
    help: "Memory of the process that is in RAM.",
    labels: [],
    samples: ({ process }) => known(process.resident_octets),
  },
  {
    name: "process_cpu_seconds_total",
    type: "counter",
    help: "Processor time of the process.",
    labels: [],
    samples: ({ process }) => known(process.cpu_s),
  },
];

/** In the order in which they are told and documented. */
export const METRICS: readonly Metric[] = [...SITE_METRICS, ...PROCESS_METRICS];

export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** What `/metrics` answers. */
export function metricsText(facts: MetricFacts, metrics = METRICS): string {
  const lines: string[] = [];
  for (const { name, type, help, labels, samples } of metrics) {
    const found = samples(facts);
    if (found.length === 0) continue;
    lines.push(`# HELP ${name} ${escaped(help)}`, `# TYPE ${name} ${type}`);
    for (const [value, ...values] of found) lines.push(`${name}${labelText(labels, values)} ${value}`);
  }
  return `${lines.join("\n")}\n`;
}

function labelText(names: readonly string[], values: readonly string[]): string {
  if (names.length === 0) return "";
  return `{${names.map((name, index) => `${name}="${escaped(values[index] ?? "").replace(/"/g, '\\"')}"`).join(",")}}`;
}

function escaped(text: string): string {
  return text.replace(/\\/g, "\\\\").replace(/\n/g, "\\n");
}
