/** Events of outages that are rehearsed, by force or in a drill, and of readiness for one, as `events.ts` has all others. */
export const REHEARSAL_EVENTS = {
  force: {
    at: ["warn"],
    says: "`branchline force` has set upstream's state by hand; auto leaves it to the probes again.",
    fields: { upstream: "text", for_s: "number?" },
  },
  force_ended: {
    at: ["warn"],
    says: "The time of `branchline force … --for` is over: upstream's state is no longer the one that was forced.",
    fields: { upstream: "text", now: "text" },
  },
  readiness_lost: {
    at: ["warn"],
    says: "If the WAN failed now, some calls would fail: `branchline readiness` says what to repair.",
    fields: { finding: "text", faults: "number" },
  },
  readiness_regained: {
    at: ["info"],
    says: "The branch is ready for an outage again.",
    fields: { lost_s: "number" },
  },
  drill_started: {
    at: ["warn"],
    says: "A drill has begun: branchline treats these phones as in an outage, while upstream works.",
    fields: { phones: "text", for_s: "number", by: "text" },
  },
  drill_ended: {
    at: ["warn"],
    says: "The drill is over, and its phones' calls go to upstream again: `branchline drill --report last` prints its report.",
    fields: { end: "text", why: "text", calls: "number", answered: "number", failed: "number" },
  },
  drill_refused: {
    at: ["warn"],
    says: "The drill that the file has on a schedule hasn't begun, for this reason; the next one is tried at its time.",
    fields: { phones: "text", why: "text" },
  },
  drills_unreadable: {
    at: ["warn"],
    says: "The kept reports of drills are damaged: what can't be read of them is left out.",
    fields: { error: "text" },
  },
  drills_not_saved: {
    at: ["warn"],
    says: "The report of a drill can't be written to the state folder: see its rights and its room.",
    fields: { error: "text" },
  },
} as const;
