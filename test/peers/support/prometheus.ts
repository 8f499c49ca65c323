/** A Prometheus of our own, which reads running branchlines by the example of deploy/monitoring, each second. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { PATIENCE_MS } from "../../support/machine.ts";
import { ALERTS, MONITORING } from "../../support/monitoring-files.ts";
import { type Endpoint, hostPort } from "./addresses.ts";
import { Child } from "./child.ts";
import { defer } from "./cleanup.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** The body of an answer, or its status. */
export function get(at: Endpoint, path: string, password?: string): Promise<string> {
  const auth = password === undefined ? {} : { auth: `prometheus:${password}` };
  return new Promise((resolve, reject) => {
    const asked = request({ host: at.host, port: at.port, path, ...auth }, (answer) => {
      let body = "";
      answer.setEncoding("utf8");
      answer.on("data", (piece: string) => {
        body += piece;
      });
      answer.on("end", () => resolve(answer.statusCode === 200 ? body : `${answer.statusCode}`));
    });
    asked.on("error", reject);
    asked.end();
  });
}

interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data?: {
    readonly result: readonly { readonly metric: object; readonly value: readonly [number, string] }[];
  };
}

/** What it reads: where, which branch that is, and the password. */
export interface Scraped {
  readonly targets: readonly { readonly at: Endpoint; readonly branch?: string }[];
  readonly password?: string;
}

export class Prometheus {
  private readonly at: Endpoint;
  private readonly child: Child;

  private constructor(at: Endpoint, child: Child) {
    this.at = at;
    this.child = child;
  }

  /** It ends with the test. @param at where it answers queries */
  static async start(at: Endpoint, { targets, password }: Scraped): Promise<Prometheus> {
    const folder = temporaryFolder();
    const example = parse(readFileSync(join(MONITORING, "prometheus.yml"), "utf8")) as {
      scrape_configs: { scrape_interval: string; static_configs: { targets: string[]; labels: object }[] }[];
    };
    const [job] = example.scrape_configs;
    const [first] = job?.static_configs ?? [];
    if (job === undefined || first === undefined) throw new Error("deploy/monitoring/prometheus.yml has no target");
    const { labels } = first;
    const static_configs = targets.map((target) => ({
      targets: [hostPort(target.at)],
      labels: target.branch === undefined ? labels : { ...labels, branch: target.branch },
    }));
    const config = {
      rule_files: [ALERTS],
      scrape_configs: [
        {
          ...job,
          scrape_interval: "1s",
          static_configs,
          ...(password === undefined ? {} : { basic_auth: { username: "prometheus", password } }),
        },
      ],
    };
    writeFileSync(join(folder, "prometheus.yml"), stringify(config));
    mkdirSync(join(folder, "data"));
    const child = new Child("prometheus", [
      `--config.file=${join(folder, "prometheus.yml")}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=${hostPort(at)}`,
    ]);
    defer(() => void child.stop());
    await child.line(/Server is ready/);
    return new Prometheus(at, child);
  }

  get pid(): number {
    return this.child.pid;
  }

  async ask(query: string): Promise<Answer> {
    const body = await get(this.at, `/api/v1/query?query=${encodeURIComponent(query)}`);
    return body.startsWith("{") ? JSON.parse(body) : { status: "error", error: body };
  }

  /** Once it has read each of so many branches so often. */
  async hasRead(times: number, branches = 1): Promise<void> {
    const end_ms = performance.now() + PATIENCE_MS;
    for (;;) {
      const { data } = await this.ask(`count(count_over_time(branchline_info[1h]) >= ${times})`);
      if (Number(data?.result[0]?.value[1] ?? 0) >= branches) return;
      if (performance.now() > end_ms) throw new Error("Prometheus has read no metrics");
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}
