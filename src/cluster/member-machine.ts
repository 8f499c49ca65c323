/** Whether a peer lives, and what this member is doing itself, as tables: for a state and what has happened, the next state and deeds. */
import { type Row, to } from "../base/machine.ts";

export type PeerLife =
  /** From our start: nothing has come from it that it has proved. */
  | "unheard"
  | "alive"
  | "dead"
  /** It has said that it stops. */
  | "left";

export type PeerLifeInput =
  /** A datagram of the session with it, from one that hears us too. */
  | "heard"
  /** Another life of it has proved itself: the one before is over. */
  | "restarted"
  /** Nothing has come for so long that four beats are missing. */
  | "silent"
  | "farewell";

export type PeerLifeAction =
  | "startSilence"
  | "stopSilence"
  /** Ends the session: its next datagram has to prove itself. */
  | "forget"
  | "tellAlive"
  | "tellDead";

const LIVES = to("alive", "startSilence", "tellAlive");
const LEAVES = to("left", "stopSilence", "forget", "tellDead");

/** An input that is missing changes nothing. */
export const PEER_LIFE: Readonly<Record<PeerLife, Row<PeerLife, PeerLifeInput, PeerLifeAction>>> = {
  unheard: { heard: LIVES },
  alive: {
    heard: to("alive", "startSilence"),
    // The new session is kept: the new life of it is alive once it says that it hears us.
    restarted: to("dead", "stopSilence", "tellDead"),
    silent: to("dead", "forget", "tellDead"),
    farewell: LEAVES,
  },
  dead: { heard: LIVES },
  left: { heard: LIVES },
};

export type OwnState =
  | "stopped"
  /** It may lack what the other members know: it takes no new work yet. */
  | "syncing"
  | "active"
  /** It takes no new work, and ends or hands over what it has. */
  | "draining"
  /** Nothing is left: it can be stopped. */
  | "drained";

export type OwnInput =
  | "start"
  /** A live member has the same records. */
  | "ready"
  | "member heard"
  | "none lives"
  /** No member has been heard for a while. */
  | "alone"
  /** It isn't ready after ten seconds: a member that takes no calls helps nobody. */
  | "overdue"
  | "drain"
  /** Nothing is left to end or to hand over. */
  | "empty"
  | "join"
  /** The same, before its records have been found complete. */
  | "join incomplete"
  | "stop";

export type OwnAction = "startAlone" | "stopAlone" | "startOverdue" | "stopOverdue" | "tell" | "beat" | "farewell";

type OwnRow = Row<OwnState, OwnInput, OwnAction>;

const SYNC = to("syncing", "startAlone", "startOverdue", "tell", "beat");
const SYNCED = to("active", "stopAlone", "stopOverdue", "tell", "beat");
// Its records are kept equal meanwhile.
const JOIN = to("active", "tell", "beat");
const DRAIN = to("draining", "stopAlone", "stopOverdue", "tell", "beat");
const STOP = to("stopped", "stopAlone", "stopOverdue", "farewell", "tell");

/** An input that is missing changes nothing. */
export const OWN: Readonly<Record<OwnState, OwnRow>> = {
  stopped: { start: SYNC },
  syncing: {
    ready: SYNCED,
    alone: SYNCED,
    overdue: SYNCED,
    "member heard": to("syncing", "stopAlone"),
    "none lives": to("syncing", "startAlone"),
    drain: DRAIN,
    stop: STOP,
  },
  active: { drain: DRAIN, stop: STOP },
  draining: { empty: to("drained", "tell", "beat"), join: JOIN, "join incomplete": SYNC, stop: STOP },
  drained: { join: JOIN, "join incomplete": SYNC, stop: STOP },
};

/** Why a state was entered, as `status` and the log say it. */
export const WHY: Readonly<Record<OwnInput, string>> = {
  start: "it has started",
  ready: "its records are complete",
  "member heard": "a member is heard",
  "none lives": "no member is heard",
  alone: "no other member was heard",
  overdue: "its records weren't equal to another member's after 10 s",
  drain: "it was told to drain",
  empty: "nothing is left",
  join: "it was told to join",
  "join incomplete": "it was told to join, and its records may be incomplete",
  stop: "it was told to stop",
};

export const PEER_WHY: Readonly<Record<PeerLifeInput, string>> = {
  heard: "it is heard, and hears us",
  restarted: "it has restarted",
  silent: "four of its beats were missing",
  farewell: "it has said that it stops",
};
