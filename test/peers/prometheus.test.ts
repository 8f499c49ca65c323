/** Debian's Prometheus reads a running branchline: its checks of metrics and rules, and each query of the dashboards and alerts. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { METRICS } from "../../src/app/observe/metrics.ts";
import { ALERT_CASES } from "../support/alert-cases.ts";
import { PATIENCE_MS } from "../support/machine.ts";
import { ALERTS, MONITORING, QUERIES, RULES } from "../support/monitoring-files.ts";
import { type Endpoint, hostPort, Subnet } from "./support/addresses.ts";
import { Child } from "./support/child.ts";
import { cleanUpAfterEach, defer } from "./support/cleanup.ts";
import { openOffice } from "./support/office.ts";
import { OutgoingCall } from "./support/outgoing-call.ts";
import { describeWith, pathOf } from "./support/peers.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const net = new Subnet(101);
const proxy = net.at(1);
const HTTP = net.at(1, 8_080);
const PASSWORD = "correct: horse";

cleanUpAfterEach();

/** The body of an answer, or its status. */
function get(at: Endpoint, path: string, password?: string): Promise<string> {
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

const office = () =>
  openOffice(net, ({ upstream }) => ({
    upstream: { targets: [`sip:${upstream.sentBy}`], fr_timer: "500ms" },
    survival: { answer: "relay", notice_hold: "0s" },
    http: { listen: hostPort(HTTP), password: PASSWORD },
  }));

/** Upstream is silent, and the gateway takes the call. */
async function saved({ upstream, gateway, phone }: Awaited<ReturnType<typeof office>>): Promise<void> {
  upstream.isAlive = false;
  const call = await OutgoingCall.start(phone, { to: "sip:5551234@pbx.example.com", through: proxy });
  const invite = await gateway.next({ method: "INVITE", callId: call.callId });
  await gateway.reply(invite, 200, "OK");
  await call.response(200);
}

const promtool = (input: string, ...args: readonly string[]) =>
  execFileSync(pathOf("promtool"), [...args], { input, encoding: "utf8", stdio: ["pipe", "pipe", "pipe"] });

interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data?: {
    readonly result: readonly { readonly metric: object; readonly value: readonly [number, string] }[];
  };
}

/** A Prometheus of our own, which reads the branch each second. */
class Prometheus {
  private readonly at: Endpoint = net.at(9, 9_090);

  async start(): Promise<void> {
    const folder = temporaryFolder();
    const example = parse(readFileSync(join(MONITORING, "prometheus.yml"), "utf8")) as {
      scrape_configs: { scrape_interval: string; static_configs: { targets: string[]; labels: object }[] }[];
    };
    const [job] = example.scrape_configs;
    const [first] = job?.static_configs ?? [];
    if (job === undefined || first === undefined) throw new Error("deploy/monitoring/prometheus.yml has no target");
    first.targets = [hostPort(HTTP)];
    const config = {
      rule_files: [ALERTS],
      scrape_configs: [
        {
          ...job,
          scrape_interval: "1s",
          static_configs: [first],
          basic_auth: { username: "prometheus", password: PASSWORD },
        },
      ],
    };
    writeFileSync(join(folder, "prometheus.yml"), stringify(config));
    mkdirSync(join(folder, "data"));
    const child = new Child("prometheus", [
      `--config.file=${join(folder, "prometheus.yml")}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=${hostPort(this.at)}`,
    ]);
    defer(() => void child.stop());
    await child.line(/Server is ready/);
  }

  async ask(query: string): Promise<Answer> {
    const body = await get(this.at, `/api/v1/query?query=${encodeURIComponent(query)}`);
    return body.startsWith("{") ? JSON.parse(body) : { status: "error", error: body };
  }

  /** Once it has read so often. */
  async hasRead(times: number): Promise<void> {
    const end_ms = performance.now() + PATIENCE_MS;
    for (;;) {
      const { data } = await this.ask('count_over_time(branchline_info{branch="berlin"}[1h])');
      if (Number(data?.result[0]?.value[1] ?? 0) >= times) return;
      if (performance.now() > end_ms) throw new Error("Prometheus has read no metrics");
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

describeWith(["prometheus", "promtool"], "Prometheus", () => {
  test("promtool takes the alert rules, the example and each query of the dashboards", () => {
    expect(promtool("", "check", "rules", ALERTS)).toContain("SUCCESS");
    expect(promtool("", "check", "config", join(MONITORING, "prometheus.yml"))).toContain("SUCCESS");
    const file = join(temporaryFolder(), "queries.yml");
    const rules = QUERIES.map(({ text }, index) => ({ record: `query_${index}`, expr: text }));
    writeFileSync(file, stringify({ groups: [{ name: "dashboards", rules }] }));
    expect(promtool("", "check", "rules", file)).toContain(`SUCCESS: ${QUERIES.length} rules found`);
  });

  test("each alert is due where it should be, and nowhere else", () => {
    expect(ALERT_CASES.map(({ alert }) => alert)).toEqual(RULES.map(({ alert }) => alert));
    for (const { alert, series, at, due } of ALERT_CASES) {
      const folder = temporaryFolder();
      // Branches that are due, without words: one value for each.
      const told = `count by (branch) (ALERTS{alertname="${alert}",alertstate="firing"})`;
      const test = {
        rule_files: [ALERTS],
        evaluation_interval: "1m",
        tests: [
          {
            interval: "1m",
            input_series: Object.entries(series).map(([text, values]) => ({ series: text, values })),
            promql_expr_test: [
              {
                expr: told,
                eval_time: at,
                exp_samples: due.map((branch) => ({ labels: `{branch="${branch}"}`, value: 1 })),
              },
            ],
          },
        ],
      };
      writeFileSync(join(folder, "test.yml"), stringify(test));
      expect(promtool("", "test", "rules", join(folder, "test.yml")), alert).toContain("SUCCESS");
    }
  });

  test("promtool finds nothing to say of the metrics of a running branch, and they are those of the page", async () => {
    const site = await office();
    await saved(site);
    const text = await get(HTTP, "/metrics", PASSWORD);
    expect(promtool(text, "check", "metrics")).toBe("");
    const told = [...text.matchAll(/^# HELP (\S+)/gm)].map(([, name]) => name);
    expect(told.filter((name) => !METRICS.some((one) => one.name === name))).toEqual([]);
    expect(text).toContain('branchline_calls_total{origin="localnet",way="gateway",result="answered"} 1\n');
    expect(text).toContain("branchline_survived_calls_total 1\n");
    expect(await get(HTTP, "/metrics", "wrong horse")).toBe("401");
    expect(await get(HTTP, "/healthz")).toBe("ok\n");
  });

  test("a real Prometheus reads them, and answers each query", async () => {
    const site = await office();
    const prometheus = new Prometheus();
    await prometheus.start();
    await saved(site);
    await prometheus.hasRead(2);
    const up = await prometheus.ask('up{job="branchline"}');
    expect(up.data?.result).toMatchObject([
      { metric: { branch: "berlin", latitude: "52.520" }, value: [expect.any(Number), "1"] },
    ]);
    for (const { where, text } of QUERIES) {
      const { status, error } = await prometheus.ask(text);
      expect({ where, status, error }).toEqual({ where, status: "success", error: undefined });
    }
    expect((await prometheus.ask("sum(branchline_survived_calls_total)")).data?.result[0]?.value[1]).toBe("1");
  }, 120_000);
});
