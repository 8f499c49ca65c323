/** What branchline answers by HTTP: another path is a line here. */
import type { Controlled } from "../control.ts";
import type { Counted } from "./counters.ts";
import type { MetricFacts, ProcessFacts } from "./metric.ts";
import { METRICS_TYPE, metricsText } from "./metrics.ts";
import type { Route, Routes, WebAnswer } from "./web.ts";

/** What routes read. */
export interface Sources {
  readonly running: Pick<Controlled, "status" | "history" | "readiness">;
  /** What has been counted until now. */
  readonly counted: () => Counted;
  readonly process: () => ProcessFacts;
  readonly secondsOf: MetricFacts["secondsOf"];
}

export function routesOf(sources: Sources): Routes {
  return new Map<string, Route>([
    ["/healthz", { answer: () => health(sources), isOpen: true, isForMonitoring: true }],
    ["/metrics", { answer: () => metrics(sources), isForMonitoring: true }],
  ]);
}

/**
 * Whether branchline runs and listens at one address at least. That upstream is down makes it no less healthy: to start it anew
 * wouldn't help.
 */
function health({ running }: Sources): WebAnswer {
  const isListening = running.status().listen.some(({ address }) => address !== null);
  const type = "text/plain; charset=utf-8";
  return isListening ? { type, body: "ok\n" } : { type, status: 503, body: "no address of listen is here\n" };
}

function metrics({ running, counted, process, secondsOf }: Sources): WebAnswer {
  // Its counts alone: no entry is so old.
  const { counts: history } = running.history({ before: 0 });
  const facts = {
    status: running.status(),
    history,
    readiness: running.readiness(),
    counted: counted(),
    process: process(),
    secondsOf,
  };
  return { type: METRICS_TYPE, body: metricsText(facts) };
}
