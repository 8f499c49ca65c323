/** The log's events about doors beside SIP, and about what they tell: hooks, syslog, files of lines. See `events.ts`. */

export const OUTLET_EVENTS = {
  side_door: {
    at: ["warn"],
    says: "What reaches branchline beside SIP can't be opened, such as the socket for commands: see the rights and the room of its folder, and whether another program has it.",
    fields: { door: "text", error: "text", effect: "text" },
  },
  delivery_failed: {
    at: ["warn"],
    says: "A hook or a syslog server doesn't take an event: it is tried again until it works, or `keep` is over.",
    fields: { to: "text", error: "text", waiting: "number" },
  },
  delivery_works: {
    at: ["info"],
    says: "A hook or a syslog server that had failed takes events again.",
    fields: { to: "text" },
  },
  delivery_refused: {
    at: ["warn"],
    says: "A webhook answers that it doesn't want this event, which isn't sent again: see its URL and `authorization`.",
    fields: { to: "text", error: "text" },
  },
  delivery_lost: {
    at: ["warn"],
    says: "This number of events has been given up: too many waited, they waited too long, or branchline has ended.",
    fields: { to: "text", events: "number" },
  },
  lines_not_written: {
    at: ["warn"],
    says: "Events or call records can't be written to this file, and are lost: see the rights and the room of its folder.",
    fields: { file: "text", error: "text" },
  },
} as const;
