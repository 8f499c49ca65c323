/** The files in deploy/monitoring/: the queries of dashboards and alert rules, each where it stands. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";

export const MONITORING = fileURLToPath(new URL("../../deploy/monitoring", import.meta.url));
export const ALERTS = join(MONITORING, "alerts.yml");

interface Panel {
  readonly title: string;
  readonly type: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets: readonly { readonly refId: string; readonly expr: string }[];
}

export interface Dashboard {
  readonly file: string;
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly query: unknown }[] };
}

interface Alert {
  readonly alert: string;
  readonly expr: string;
}

export const DASHBOARDS: readonly Dashboard[] = readdirSync(join(MONITORING, "grafana"))
  .sort()
  .map((file) => ({ file, ...JSON.parse(readFileSync(join(MONITORING, "grafana", file), "utf8")) }));

export const RULES: readonly Alert[] = (
  parse(readFileSync(ALERTS, "utf8")) as { readonly groups: readonly { readonly rules: readonly Alert[] }[] }
).groups.flatMap(({ rules }) => rules);

/** A query, and what has it. */
export interface Query {
  readonly where: string;
  readonly text: string;
}

/** All of them; variables of Grafana's have values. */
export const QUERIES: readonly Query[] = [
  ...RULES.map(({ alert, expr }) => ({ where: `alert ${alert}`, text: expr })),
  ...DASHBOARDS.flatMap(({ file, panels }) =>
    panels.flatMap(({ title, targets }) =>
      targets.map(({ expr }) => ({ where: `${file}: ${title}`, text: withValues(expr) })),
    ),
  ),
];

function withValues(expr: string): string {
  return expr.replace(/\$branch\b/g, "berlin").replace(/\$__rate_interval\b/g, "1m");
}
