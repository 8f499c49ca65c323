/** Whether an upstream target or a gateway lives, as a table: for a state and what has been seen, the next state and its probes. */
import { type Row, to } from "../../base/machine.ts";

export type PeerPlace =
  /** From the start: nothing is known, calls go up. */
  | "unknown"
  | "up"
  /** It answers calls, and not the probes: calls alone decide. */
  | "deaf"
  /** Probes have failed. */
  | "suspect"
  /** A request of a phone has failed: one failed probe is enough. */
  | "accused"
  | "down"
  /** Down when the state was saved before a restart: believed until the first probe is judged. */
  | "remembered"
  /** Down by our own doing: we lack the address from which it was reached. */
  | "cut"
  /** That address is back: a peer that answers in time hadn't been away. */
  | "back"
  /** It answers, and has to for a while, in case its line flaps. */
  | "recovering";

/** What has been seen, weighed by what is known. Every response is life, whatever it answers. */
export type PeerInput =
  | "probe answered"
  /** With this one enough probes in a row were answered, or have failed. */
  | "enough answered"
  | "enough failed"
  | "probe failed"
  /** Back: before routes have had time to come. */
  | "answered in time"
  | "failed in time"
  /** A request of a phone got a response; or none within fr_timer, or could not be delivered. */
  | "request answered"
  | "request failed"
  /** A gateway has answered a call, with more than 100: what silence to probes says is refuted. */
  | "call answered"
  /** It has answered, and another member of a cluster has it up: it hadn't been away, our own line had. */
  | "answered elsewhere"
  /** The hold of recovering is over. */
  | "hold over"
  /** The state folder has it as down, lately. */
  | "down before restart"
  /** An address of ours is gone, or here; "other": it explains nothing, or did so too often. */
  | "address gone"
  | "other gone"
  | "address here"
  | "other here";

export type PeerAction =
  /** The next probe: at once; after suspect_interval; interval; down_interval; or the shorter of the last two. */
  | "probeNow"
  | "probeSoon"
  | "probeUp"
  | "probeDown"
  | "probeRecovering"
  /** It has lived from now on, and is up once more: a fall soon after that is a flap. */
  | "noteLife"
  | "noteRise"
  /** It is believed at once since our address or line is back: not more often than a line that doesn't flap. */
  | "noteReturn"
  /** The next hold: as the file has it, or twice the last after a flap; after one for certain. */
  | "weighHold"
  | "doubleHold"
  | "startHold";

type PeerRow = Row<PeerPlace, PeerInput, PeerAction>;

const RISE = to("up", "noteLife", "probeUp");
const FALL = to("down", "weighHold", "probeDown");
const FLAP = to("down", "doubleHold", "probeDown");
const RETURN = to("up", "noteReturn", "noteLife", "probeUp");
const DEAF = to("deaf", "noteLife", "probeSoon");
const CUT = to("cut", "probeNow");

/** An input that is missing changes nothing. */
export const PEER: Readonly<Record<PeerPlace, PeerRow>> = {
  unknown: {
    "probe answered": RISE,
    "probe failed": to("suspect", "probeSoon"),
    "enough failed": FALL,
    "request answered": RISE,
    "request failed": to("accused", "probeNow"),
    "call answered": RISE,
    "address gone": CUT,
    "other gone": to("unknown", "probeNow"),
    "address here": to("unknown", "probeNow"),
    "down before restart": to("remembered", "probeNow"),
  },
  up: {
    "probe answered": to("up", "probeUp"),
    "probe failed": to("suspect", "probeSoon"),
    "request failed": to("accused", "probeNow"),
    "address gone": CUT,
    "other gone": to("up", "probeNow"),
    "address here": to("up", "probeNow"),
  },
  deaf: {
    "probe answered": RISE,
    "probe failed": to("deaf", "probeUp"),
    "request failed": FALL,
    "address gone": CUT,
    "other gone": to("deaf", "probeNow"),
    "address here": to("deaf", "probeNow"),
  },
  suspect: {
    "probe answered": RISE,
    "probe failed": to("suspect", "probeSoon"),
    "enough failed": FALL,
    "request answered": RISE,
    "request failed": FALL,
    "call answered": DEAF,
    "address gone": CUT,
    "other gone": to("suspect", "probeNow"),
    "address here": to("suspect", "probeNow"),
  },
  accused: {
    "probe answered": RISE,
    "probe failed": FALL,
    "request answered": RISE,
    "request failed": to("accused", "probeNow"),
    "call answered": RISE,
    "address gone": CUT,
    "other gone": to("accused", "probeNow"),
    "address here": to("accused", "probeNow"),
  },
  down: {
    "probe answered": to("down", "probeSoon"),
    "enough answered": to("recovering", "probeSoon", "startHold"),
    "answered elsewhere": RETURN,
    "probe failed": to("down", "probeDown"),
    "call answered": DEAF,
    "address gone": CUT,
    "other gone": to("down", "probeNow"),
    "address here": to("back", "probeNow"),
    "other here": to("down", "probeNow"),
  },
  remembered: {
    // The outage may have ended with the old process: one answer is enough, as it is where nothing is known.
    "probe answered": RISE,
    "probe failed": FALL,
    "call answered": RISE,
    "address gone": CUT,
    "other gone": to("remembered", "probeNow"),
    "address here": to("remembered", "probeNow"),
  },
  cut: {
    "probe answered": RETURN,
    "probe failed": to("cut", "probeSoon"),
    "call answered": DEAF,
    "address gone": CUT,
    "other gone": CUT,
    "address here": to("back", "probeNow"),
  },
  back: {
    "answered in time": RETURN,
    "failed in time": to("back", "probeSoon"),
    "probe answered": to("back", "probeSoon"),
    "enough answered": to("recovering", "probeSoon", "startHold"),
    "answered elsewhere": RETURN,
    "probe failed": to("back", "probeDown"),
    "call answered": DEAF,
    "address gone": CUT,
    "other gone": to("back", "probeNow"),
    "address here": to("back", "probeNow"),
  },
  recovering: {
    "probe answered": to("recovering", "probeRecovering"),
    "probe failed": FLAP,
    "request failed": FLAP,
    "answered elsewhere": RETURN,
    "hold over": to("up", "noteRise", "noteLife", "probeUp"),
    "address gone": to("recovering", "probeNow"),
    "other gone": to("recovering", "probeNow"),
    "address here": to("recovering", "probeNow"),
  },
};
