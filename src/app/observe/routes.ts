/** What branchline answers by HTTP: another path is a line here. */
import type { Controlled } from "../control.ts";
import type { Route, Routes, WebAnswer } from "./web.ts";

/** What routes read: the running branchline. */
export type Sources = Pick<Controlled, "status">;

export function routesOf(sources: Sources): Routes {
  return new Map<string, Route>([["/healthz", { answer: () => health(sources), isOpen: true, isForMonitoring: true }]]);
}

/**
 * Whether branchline runs and listens at one address at least. That upstream is down makes it no less healthy: to start it anew
 * wouldn't help.
 */
function health(sources: Sources): WebAnswer {
  const isListening = sources.status().listen.some(({ address }) => address !== null);
  const type = "text/plain; charset=utf-8";
  return isListening ? { type, body: "ok\n" } : { type, status: 503, body: "no address of listen is here\n" };
}
