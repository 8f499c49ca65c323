/** What a running branchline answers to the commands that reach it through its control socket. */
import type { DrillPhones } from "../policy/drilling.ts";
import { FORCED_MAX_ms, type Pin } from "../policy/peers/forcing.ts";
import type { RegisteredPage } from "../policy/phones/registered.ts";
import { type ClusterFacts, isRelieved, othersInWords } from "./cluster-facts.ts";
import type { DrillOrder, DrillsTold } from "./drill-desk.ts";
import { DRILL_MAX_ms, DRILL_PHONES_MAX } from "./drills.ts";
import type { HistoryPage, HistoryQuestion } from "./observe/history.ts";
import type { Readiness } from "./observe/readiness.ts";
import type { TracePage, TraceQuestion } from "./observe/trace.ts";
import type { CallsPage, CallsQuestion } from "./recorded-calls.ts";
import type { ReloadOutcome } from "./reload.ts";
import type { RunningStatus } from "./status-facts.ts";

export { FORCED_MAX_ms, type Pin } from "../policy/peers/forcing.ts";
export type { RegisteredContact } from "../policy/phones/registered.ts";
export type { RunningStatus } from "./status-facts.ts";

/** Commands, as the socket carries them: one JSON object in one line. */
export type ControlQuestion =
  | { readonly command: "status" | "readiness" | "snapshot" | "reload" | "file" }
  | { readonly command: "join" }
  | { readonly command: "drill"; readonly phones: DrillPhones; readonly for_s: number }
  | { readonly command: "end-drill" }
  /** `report`: the number of the one that is wanted whole; 0: the newest */
  | { readonly command: "drills"; readonly report?: number | undefined }
  /** `alone`: also where no other member takes calls */
  | { readonly command: "drain"; readonly alone: boolean }
  | ({ readonly command: "calls" } & CallsQuestion)
  | ({ readonly command: "trace" } & TraceQuestion)
  | ({ readonly command: "history" } & HistoryQuestion)
  /** `after`: "", or the `next` of the piece before */
  | { readonly command: "registered"; readonly after: string }
  /** `for_s`: until it ends by itself; missing: it doesn't */
  | { readonly command: "force"; readonly state: Pin; readonly for_s?: number | undefined };

export type ControlAnswer =
  | {
      readonly ok: true;
      readonly status: RunningStatus;
      readonly calls?: CallsPage;
      readonly trace?: TracePage;
      readonly history?: HistoryPage;
      readonly readiness?: Readiness;
      readonly snapshot?: string;
      readonly registered?: RegisteredPage;
      readonly reload?: ReloadOutcome;
      readonly drills?: DrillsTold;
      /** The text of the file that is in use. */
      readonly file_text?: string;
      /** What that file takes from the environment. */
      readonly variables?: Readonly<Record<string, string>>;
    }
  | { readonly ok: false; readonly error: string };

/** The branchline that commands ask. */
export interface Controlled {
  status(): RunningStatus;
  calls(question: CallsQuestion): CallsPage;
  /** What the journal has. */
  trace(question: TraceQuestion): TracePage;
  /** Outages, drills and calls of months. */
  history(question: HistoryQuestion): HistoryPage;
  /** What would become of calls, were the WAN to die now. */
  readiness(): Readiness;
  /** The bindings, as the state file keeps them. */
  snapshot(): string;
  registered(after: string): RegisteredPage;
  /** @param for_ms until it ends by itself; undefined: it doesn't */
  force(pin: Pin, for_ms?: number): void;
  /** Begins, ends or tells of drills. @returns as text why that can't be */
  drill(order: DrillOrder): DrillsTold | string;
  /** How the pair is; undefined: the file has no cluster. */
  clusterFacts(): ClusterFacts | undefined;
  /** Gives the shared addresses away, and takes no new calls. Only where there is a cluster. @param isAlone also where no other member takes calls */
  drain(isAlone: boolean): void;
  /** Ends that: takes calls again once all is known that the other member knows. Only where there is a cluster. */
  join(): void;
  /** Reloads the configuration. */
  reload(): ReloadOutcome;
  /** The text of the file that is in use, which may be another on disk by now. */
  fileText(): string;
  /** What that file takes from the environment, by name. */
  variables(): Readonly<Record<string, string>>;
  /** Whether an address is in the phones' networks. */
  isLocal(address: string): boolean;
}

/** One line for one line; never throws. */
export function answerControl(line: string, controlled: Controlled): string {
  try {
    return JSON.stringify(answerTo(line, controlled));
  } catch (error) {
    const refusal: ControlAnswer = { ok: false, error: String(error) };
    return JSON.stringify(refusal);
  }
}

/** Commands that change nothing, and that show neither the state file nor the configuration. */
const READ_ONLY: readonly unknown[] = ["status", "registered", "calls", "trace", "history", "readiness", "drills"];

/** The same for somebody who may only look: what isn't in READ_ONLY is refused. */
export function answerReadOnly(line: string, controlled: Controlled): string {
  const fields = parseFields(line);
  if (READ_ONLY.includes(fields.get("command")) && fields.get("unmasked") !== true)
    return answerControl(line, controlled);
  const refusal: ControlAnswer = { ok: false, error: `only root may ask for that; others: ${READ_ONLY.join(", ")}` };
  return JSON.stringify(refusal);
}

function answerTo(line: string, controlled: Controlled): ControlAnswer {
  const fields = parseFields(line);
  switch (fields.get("command")) {
    case "status":
      return { ok: true, status: controlled.status() };
    case "calls":
      return { ok: true, status: controlled.status(), calls: controlled.calls(callsQuestion(fields)) };
    case "trace":
      return { ok: true, status: controlled.status(), trace: controlled.trace(traceQuestion(fields)) };
    case "readiness":
      return { ok: true, status: controlled.status(), readiness: controlled.readiness() };
    case "history":
      return { ok: true, status: controlled.status(), history: controlled.history(historyQuestion(fields)) };
    case "snapshot":
      return { ok: true, status: controlled.status(), snapshot: controlled.snapshot() };
    case "reload": {
      const reload = controlled.reload();
      return { ok: true, status: controlled.status(), reload };
    }
    case "file":
      return {
        ok: true,
        status: controlled.status(),
        file_text: controlled.fileText(),
        variables: controlled.variables(),
      };
    case "registered":
      return { ok: true, status: controlled.status(), registered: controlled.registered(`${fields.get("after")}`) };
    case "force": {
      const state = fields.get("state");
      if (state !== "auto" && state !== "up" && state !== "down") return { ok: false, error: "force up, down or auto" };
      const for_ms = forcedFor_ms(fields.get("for_s"));
      if (for_ms === null) return { ok: false, error: `a time is from 1 to ${FORCED_MAX_ms / 1_000} seconds` };
      controlled.force(state, for_ms);
      return { ok: true, status: controlled.status() };
    }
    case "drill":
      return drill(controlled, phonesOf(fields.get("phones")), fields.get("for_s"));
    case "end-drill":
      return drillAnswer(controlled, { wish: "end" });
    case "drills": {
      const report = fields.get("report");
      return drillAnswer(controlled, { wish: "tell", report: typeof report === "number" ? report : undefined });
    }
    case "drain":
      return drain(controlled, fields.get("alone") === true);
    case "join":
      if (controlled.clusterFacts() === undefined) return { ok: false, error: NO_CLUSTER };
      controlled.join();
      return { ok: true, status: controlled.status() };
    default:
      return { ok: false, error: "this branchline doesn't know the command; is another version running?" };
  }
}

const NO_CLUSTER = "this branchline has no cluster in its file: there is no other router for its calls";

function drill(controlled: Controlled, phones: DrillPhones, for_s: unknown): ControlAnswer {
  if (phones.length === 0) return { ok: false, error: "no phone is named" };
  const isTime = typeof for_s === "number" && for_s >= 1 && for_s <= DRILL_MAX_ms / 1_000;
  if (!isTime) return { ok: false, error: `a drill lasts from 1 to ${DRILL_MAX_ms / 1_000} seconds` };
  return drillAnswer(controlled, { wish: "begin", phones, for_ms: for_s * 1_000 });
}

function drillAnswer(controlled: Controlled, order: DrillOrder): ControlAnswer {
  const drills = controlled.drill(order);
  return typeof drills === "string" ? { ok: false, error: drills } : { ok: true, status: controlled.status(), drills };
}

/** Anything else is as good as no phone. */
function phonesOf(value: unknown): DrillPhones {
  if (value === "all") return value;
  return Array.isArray(value) ? value.filter((one) => typeof one === "string").slice(0, DRILL_PHONES_MAX) : [];
}

/** What drains has another member for new calls, or its administrator insists. */
function drain(controlled: Controlled, isAlone: boolean): ControlAnswer {
  const cluster = controlled.clusterFacts();
  if (cluster === undefined) return { ok: false, error: NO_CLUSTER };
  if (!isAlone && !isRelieved(cluster)) return { ok: false, error: notRelieved(cluster) };
  controlled.drain(isAlone);
  return { ok: true, status: controlled.status() };
}

function notRelieved(cluster: ClusterFacts): string {
  return `no other member takes calls: ${othersInWords(cluster)}. Nothing has changed; to drain all the same: --alone`;
}

/** A field of another type is as good as none. */
function callsQuestion(fields: ReadonlyMap<string, unknown>): CallsQuestion {
  const [before, since, match] = [fields.get("before"), fields.get("since"), fields.get("match")];
  return {
    ...(typeof before === "number" ? { before } : {}),
    ...(typeof since === "number" ? { since } : {}),
    ...(typeof match === "string" ? { match } : {}),
  };
}

/** A field of another type is as good as none. */
function traceQuestion(fields: ReadonlyMap<string, unknown>): TraceQuestion {
  const [after, calls, match] = [fields.get("after"), fields.get("calls"), fields.get("match")];
  return {
    ...(typeof after === "number" ? { after } : {}),
    ...(Array.isArray(calls) ? { calls: calls.map(String) } : {}),
    ...(typeof match === "string" ? { match } : {}),
    open: fields.get("open") === true,
    unmasked: fields.get("unmasked") === true,
  };
}

function historyQuestion(fields: ReadonlyMap<string, unknown>): HistoryQuestion {
  const [before, past_s] = [fields.get("before"), fields.get("past_s")];
  return {
    ...(typeof before === "number" ? { before } : {}),
    ...(typeof past_s === "number" ? { past_s } : {}),
  };
}

/** Null: no such time is meant. */
function forcedFor_ms(for_s: unknown): number | undefined | null {
  if (for_s === undefined) return undefined;
  if (typeof for_s !== "number" || !(for_s >= 1 && for_s <= FORCED_MAX_ms / 1_000)) return null;
  return for_s * 1_000;
}

function parseFields(line: string): ReadonlyMap<string, unknown> {
  try {
    const data: unknown = JSON.parse(line);
    return new Map<string, unknown>(typeof data === "object" && data !== null ? Object.entries(data) : []);
  } catch {
    return new Map();
  }
}
