/**
 * What becomes of a peer, and of this member, for every state and every input: "-" where nothing changes, otherwise the next state and what
 * is done. The machines in src are compared with it cell by cell.
 */
import type { OwnInput, PeerLifeInput } from "../../src/cluster/member-machine.ts";

/** "next: action action", or "-". */
export type PeerRow = Readonly<Record<PeerLifeInput, string>>;
export type OwnRow = Readonly<Record<OwnInput, string>>;

const ALIVE = "alive: startSilence tellAlive";

export const PEER_TABLE: Readonly<Record<string, PeerRow>> = {
  unheard: {
    heard: ALIVE,
    restarted: "-", // nothing was known of the life before
    silent: "-",
    farewell: "-", // a member that was never alive doesn't leave
  },
  alive: {
    heard: "alive: startSilence",
    restarted: "dead: stopSilence tellDead", // its new life has to say that it hears us
    silent: "dead: forget tellDead",
    farewell: "left: stopSilence forget tellDead",
  },
  dead: {
    heard: ALIVE,
    restarted: "-",
    silent: "-",
    farewell: "-",
  },
  left: {
    heard: ALIVE,
    restarted: "-",
    silent: "-",
    farewell: "-",
  },
};

const SYNCED = "active: stopAlone stopOverdue tell beat";
const SYNC = "syncing: startAlone startOverdue tell beat";
const STOP = "stopped: stopAlone stopOverdue farewell tell";
const DRAIN = "draining: stopAlone stopOverdue tell beat";
const JOIN = "active: tell beat";

export const OWN_TABLE: Readonly<Record<string, OwnRow>> = {
  stopped: {
    start: SYNC,
    ready: "-",
    "member heard": "-",
    "none lives": "-",
    alone: "-",
    overdue: "-",
    drain: "-",
    empty: "-",
    join: "-",
    "join incomplete": "-",
    stop: "-",
  },
  syncing: {
    start: "-",
    ready: SYNCED,
    "member heard": "syncing: stopAlone", // it may have what is missing here
    "none lives": "syncing: startAlone",
    alone: SYNCED,
    overdue: SYNCED,
    drain: DRAIN,
    empty: "-",
    join: "-",
    "join incomplete": "-",
    stop: STOP,
  },
  active: {
    start: "-",
    ready: "-",
    "member heard": "-",
    "none lives": "-",
    alone: "-",
    overdue: "-",
    drain: DRAIN,
    empty: "-", // only a draining member is waited for
    join: "-",
    "join incomplete": "-",
    stop: STOP,
  },
  draining: {
    start: "-",
    ready: "-", // told to drain, whatever its records are
    "member heard": "-",
    "none lives": "-", // an administrator's word stands: the address is nowhere then
    alone: "-",
    overdue: "-",
    drain: "-",
    empty: "drained: tell beat",
    join: JOIN,
    "join incomplete": SYNC,
    stop: STOP,
  },
  drained: {
    start: "-",
    ready: "-",
    "member heard": "-",
    "none lives": "-",
    alone: "-",
    overdue: "-",
    drain: "-",
    empty: "-",
    join: JOIN,
    "join incomplete": SYNC,
    stop: STOP,
  },
};
