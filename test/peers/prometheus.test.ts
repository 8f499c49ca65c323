/** Debian's Prometheus reads a running branchline: its checks of metrics and rules, and each query of the dashboards and alerts. */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { METRICS } from "../../src/app/observe/metrics.ts";
import { ALERT_CASES } from "../support/alert-cases.ts";
import { ALERTS, MONITORING, QUERIES, RULES } from "../support/monitoring-files.ts";
import { hostPort, Subnet } from "./support/addresses.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { openOffice } from "./support/office.ts";
import { OutgoingCall } from "./support/outgoing-call.ts";
import { describeWith, pathOf } from "./support/peers.ts";
import { get, Prometheus } from "./support/prometheus.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const net = new Subnet(101);
const proxy = net.at(1);
const HTTP = net.at(1, 8_080);
const PASSWORD = "correct: horse";

cleanUpAfterEach();

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
    const prometheus = await Prometheus.start(net.at(9, 9_090), { targets: [{ at: HTTP }], password: PASSWORD });
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
