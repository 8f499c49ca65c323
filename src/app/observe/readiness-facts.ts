/** What readiness rests on, as a running branchline knows it. */
import { type RegisteredContact, registeredAfter } from "../../policy/phones/registered.ts";
import type { Config } from "../config/config.ts";
import type { Engine } from "../engine.ts";
import type { Host, RouterHost } from "../host.ts";
import type { RunningStatus } from "../status-facts.ts";
import type { KeptHistory } from "./history.ts";
import type { ReadinessFacts } from "./readiness-verdict.ts";

const DAY_ms = 86_400_000;

/** What is asked of the host. */
type ReadinessHost = Host & Pick<RouterHost, "wallClock_ms" | "isOpen" | "isoTime">;

/**
 * @param unsaved why registrations couldn't be written the last time
 * @param isBrief only faults are wanted: a thousand phones cost a slow router too much to be listed each minute
 */
export function gatherReadiness(
  { site }: Pick<Config, "site">,
  status: RunningStatus,
  { bindings, host }: Pick<Engine<ReadinessHost>, "bindings" | "host">,
  unsaved: string | undefined,
  history: KeptHistory,
  isBrief = false,
): ReadinessFacts {
  const [now_ms, wall_ms] = [host.now_ms(), host.wallClock_ms()];
  const contacts: RegisteredContact[] = [];
  for (let after: string | undefined = isBrief ? undefined : ""; after !== undefined; ) {
    const page = registeredAfter(bindings, after, (flow) => host.isOpen(flow), now_ms);
    contacts.push(...page.contacts);
    after = page.next;
  }
  const last = history.lastDrill;
  return {
    status,
    site,
    built: BRANCHLINE_BUILT,
    contacts,
    peak: history.peak(now_ms),
    unsaved,
    drill:
      last === undefined
        ? undefined
        : { until: host.isoTime(last.until), end: last.end, age_days: Math.max(0, days(wall_ms - last.until)) },
  };
}

function days(duration_ms: number): number {
  return Math.floor(duration_ms / DAY_ms);
}
