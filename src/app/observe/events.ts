/** What the outside is told of a site: few events, each a turn that somebody may want to act upon. Made of the journal alone. */
import { ownText } from "../../base/own-text.ts";
import { EMERGENCY_WHY } from "../../policy/rules/emergency.ts";
import type { Edge } from "../../policy/status.ts";
import type { JournalEntry } from "./journal-entry.ts";
import type { ReadinessTurn } from "./readiness-watch.ts";

/** By name, as `on` of a hook has it: whether it is trouble. */
const KINDS = {
  upstream_down: true,
  upstream_up: false,
  gateway_down: true,
  gateway_up: false,
  emergency_call: true,
  readiness_lost: true,
  readiness_regained: false,
} as const;

export type SiteEventName = keyof typeof KINDS;
export const SITE_EVENTS = Object.keys(KINDS) as readonly SiteEventName[];

export interface SiteEvent {
  /** Another one for each event, after a restart too: what is delivered twice has the same. */
  readonly id: string;
  /** The router's time of day, ISO 8601. */
  readonly at: string;
  /** The router's host name. */
  readonly router: string;
  readonly event: SiteEventName;
  /** Numbers have their unit at the end of the name. */
  readonly [field: string]: string | number;
}

/** What an event says besides what the journal has. */
export interface EventFacts {
  readonly router: string;
  /** Another one after each start. */
  readonly run: string;
  /** The time of day, ISO 8601. */
  readonly now: () => string;
  /** Where calls to the outside go now: "upstream", "gateway", "none"; undefined: that isn't known. */
  readonly callsGoTo: () => string | undefined;
  /** The caller of a call; undefined: that isn't known. */
  readonly callerOf: (callId: string) => string | undefined;
}

/** Peers that are down, and emergency calls that have been told, which are remembered. */
const REMEMBERED_MAX = 100;
const CHARACTERS_MAX = 128;

export class SiteEvents {
  private readonly facts: EventFacts;
  private readonly tell: (event: SiteEvent) => void;
  private count = 0;
  /** By role and name: since when. */
  private readonly down = new Map<string, number>();
  /** Call-IDs: a challenge lets an INVITE come twice. */
  private readonly calls = new Map<string, true>();

  constructor(facts: EventFacts, tell: (event: SiteEvent) => void) {
    this.facts = facts;
    this.tell = tell;
  }

  /** To be called once the engine's event is over: what it asks about the site is then so. */
  hear(entry: JournalEntry): void {
    if (entry.kind === "edge") this.turn(entry.edge);
    else if (entry.kind === "readiness") this.readiness(entry.turn);
    else if (entry.kind === "decision" && entry.rule === "emergency") this.emergency(entry.call_id, entry.why);
  }

  /** A state between up and down is no news. After a start nothing comes up that wasn't down. */
  private turn({ role, name, to, evidence: what, probe_failure, at_ms }: Edge): void {
    const key = `${role} ${name}`;
    const since_ms = this.down.get(key);
    const evidence = probe_failure === undefined ? what : `${what}: ${probe_failure}`;
    if (to === "down" && since_ms === undefined) {
      remember(this.down, key, at_ms);
      this.make(`${role}_down`, { [role]: name, evidence });
    } else if (to === "up" && since_ms !== undefined) {
      this.down.delete(key);
      this.make(`${role}_up`, { [role]: name, evidence, down_s: Math.round((at_ms - since_ms) / 1_000) });
    }
  }

  private readiness({ is_ready, faults: [finding = "", ...others], lost_ms = 0 }: ReadinessTurn): void {
    if (is_ready) this.make("readiness_regained", { lost_s: Math.round(lost_ms / 1_000) });
    else this.make("readiness_lost", { finding, faults: 1 + others.length });
  }

  private emergency(callId: string, why: string): void {
    // What a gateway sends back to us is no call.
    const key = ownText(callId.slice(0, CHARACTERS_MAX));
    if (!why.endsWith(EMERGENCY_WHY) || this.calls.has(key)) return;
    remember(this.calls, key, true);
    const number = why.slice(0, -EMERGENCY_WHY.length);
    this.make("emergency_call", { number, from: this.facts.callerOf(callId) ?? "", call_id: callId });
  }

  private make(event: SiteEventName, fields: Readonly<Record<string, string | number>>): void {
    const { router, run, now, callsGoTo } = this.facts;
    this.count += 1;
    const short: Record<string, string | number> = {};
    for (const [name, value] of Object.entries(fields)) {
      short[name] = typeof value === "number" ? value : ownText(value.slice(0, CHARACTERS_MAX));
    }
    const calls_go_to = callsGoTo() ?? "";
    this.tell({ id: `${run}-${this.count}`, at: now(), router, event, ...short, calls_go_to });
  }
}

/** Whether somebody should look. */
export function isTrouble({ event }: SiteEvent): boolean {
  return KINDS[event];
}

/** The environment of a command: each field by its name, and the whole as JSON. */
export function eventEnvironment(json: string): Readonly<Record<string, string>> {
  const found: Record<string, string> = { BRANCHLINE_EVENT_JSON: json };
  for (const [name, value] of Object.entries(JSON.parse(json) as SiteEvent)) {
    // A process takes no NUL in its environment.
    found[`BRANCHLINE_${name.toUpperCase()}`] = String(value).split("\0").join("");
  }
  return found;
}

/** The oldest goes where there is no room. */
function remember<T>(known: Map<string, T>, key: string, value: T): void {
  const [oldest] = known.keys();
  if (known.size >= REMEMBERED_MAX && oldest !== undefined) known.delete(oldest);
  known.set(key, value);
}
