/** What a running branchline answers to the commands that reach it through its control socket. */
import type { TableStatus } from "../base/meter.ts";
import type { Pin } from "../policy/peers/peer.ts";
import type { RegisteredPage } from "../policy/phones/registered.ts";
import type { MissingWay, SiteStatus } from "../policy/status.ts";
import type { CallsPage, CallsQuestion } from "./recorded-calls.ts";
import type { ReloadOutcome } from "./reload.ts";

export type { RegisteredContact } from "../policy/phones/registered.ts";

/** Commands, as the socket carries them: one JSON object in one line. */
export type ControlQuestion =
  | { readonly command: "status" | "snapshot" | "reload" }
  | ({ readonly command: "calls" } & CallsQuestion)
  /** `after`: "", or the `next` of the piece before */
  | { readonly command: "registered"; readonly after: string }
  | { readonly command: "force"; readonly state: Pin };

export type ControlAnswer =
  | {
      readonly ok: true;
      readonly status: RunningStatus;
      readonly calls?: CallsPage;
      readonly snapshot?: string;
      readonly registered?: RegisteredPage;
      readonly reload?: ReloadOutcome;
    }
  | { readonly ok: false; readonly error: string };

export interface RunningStatus extends Omit<SiteStatus, "history"> {
  readonly version: string;
  /** The path of the file that it reads; older versions don't tell. */
  readonly file?: string;
  readonly up_s: number;
  /** As the file names it, and the address that it has now; null: none. */
  readonly listen: readonly { readonly name: string; readonly address: string | null }[];
  /** Peers that the router reaches from an address on which branchline doesn't listen; older versions don't tell. */
  readonly missing_ways?: readonly MissingWay[];
  /** Messages dropped, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
  readonly tables: readonly TableStatus[];
  readonly history: readonly { readonly at: string; readonly text: string }[];
}

/** The branchline that commands ask. */
export interface Controlled {
  status(): RunningStatus;
  calls(question: CallsQuestion): CallsPage;
  /** The bindings, as the state file keeps them. */
  snapshot(): string;
  registered(after: string): RegisteredPage;
  force(pin: Pin): void;
  /** Reads the file anew. */
  reload(): ReloadOutcome;
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

/** Commands that change nothing, and that show no more than a phone book does: neither the state file nor the configuration. */
const READ_ONLY: readonly unknown[] = ["status", "registered", "calls"];

/** The same for somebody who may only look: what isn't in READ_ONLY is refused. */
export function answerReadOnly(line: string, controlled: Controlled): string {
  if (READ_ONLY.includes(parseFields(line).get("command"))) return answerControl(line, controlled);
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
    case "snapshot":
      return { ok: true, status: controlled.status(), snapshot: controlled.snapshot() };
    case "reload": {
      const reload = controlled.reload();
      return { ok: true, status: controlled.status(), reload };
    }
    case "registered":
      return { ok: true, status: controlled.status(), registered: controlled.registered(`${fields.get("after")}`) };
    case "force": {
      const state = fields.get("state");
      if (state !== "auto" && state !== "up" && state !== "down") return { ok: false, error: "force up, down or auto" };
      controlled.force(state);
      return { ok: true, status: controlled.status() };
    }
    default:
      return { ok: false, error: "this branchline doesn't know the command; is another version running?" };
  }
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

function parseFields(line: string): ReadonlyMap<string, unknown> {
  try {
    const data: unknown = JSON.parse(line);
    return new Map<string, unknown>(typeof data === "object" && data !== null ? Object.entries(data) : []);
  } catch {
    return new Map();
  }
}
