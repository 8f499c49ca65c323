/** deploy/monitoring/metrics.md: the names of all metrics, made from the rows by which they are told. */
import { METRICS } from "../../src/app/observe/metrics.ts";

const HEAD = `# Metrics

\`GET /metrics\` of [\`http\`](../configuration.md#http) answers in Prometheus' text format 0.0.4. [Monitoring](../monitoring.md#prometheus-and-grafana) says how
to scrape it. \`npm run reference\` makes this page from the rows in \`src/app/observe/\`.

A name in this list stays as it is: a new meaning gets a new name. Counters begin at 0 when branchline starts, except those of the history. If a metric doesn't apply to a branch, it is
missing: for example, a single router has no metrics of a pair.

| metric | type | labels | meaning |
|---|---|---|---|
`;

export function metricsPage(): string {
  const rows = METRICS.map(({ name, type, labels, help }) => {
    const words = labels.map((label) => `\`${label}\``).join(", ");
    return `| \`${name}\` | ${type} | ${words} | ${help} |\n`;
  });
  return `${HEAD}${rows.join("")}`;
}
