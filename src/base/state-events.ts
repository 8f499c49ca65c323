/** Events of what is kept in the state folder; the others are in `events.ts`. */

export const STATE_EVENTS = {
  bindings_restored: {
    at: ["info"],
    says: "The phones that were registered before the restart are known again.",
    fields: { phones: "number", age_s: "number" },
  },
  bindings_unreadable: {
    at: ["warn"],
    says: "The kept registrations are damaged and have been left out; phones are known again as they register.",
    fields: { error: "text" },
  },
  bindings_not_saved: {
    at: ["warn"],
    says: "Registrations can't be written to the state folder: see its rights and its room.",
    fields: { error: "text" },
  },
  calls_unreadable: {
    at: ["warn"],
    says: "The kept list of the last calls is damaged: what can't be read of it is left out.",
    fields: { error: "text" },
  },
  calls_not_saved: {
    at: ["warn"],
    says: "The list of the last calls can't be written to the state folder: see its rights and its room.",
    fields: { error: "text" },
  },
  history_unreadable: {
    at: ["warn"],
    says: "The kept history of outages, drills and calls is damaged: what can't be read of it is left out.",
    fields: { error: "text" },
  },
  history_not_saved: {
    at: ["warn"],
    says: "The history of outages, drills and calls can't be written to the state folder: see its rights and its room.",
    fields: { error: "text" },
  },
  state_in_use: {
    at: ["info"],
    says: "Another branchline has the state folder; this one waits a moment, since that one may be about to end.",
    fields: { folder: "text", by: "text" },
  },
  state_lock: {
    at: ["warn"],
    says: "The state folder can't be locked: see its rights and its room.",
    fields: { error: "text", effect: "text" },
  },
} as const;
