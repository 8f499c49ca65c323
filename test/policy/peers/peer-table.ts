/**
 * Upstream's state as `deploy/configuration.md` has it (`upstream.probe`, `upstream.hold`), for every state and every input: "-" where nothing
 * changes, otherwise the next state and what is done. The machine in src is compared with it cell by cell.
 */
import type { PeerInput } from "../../../src/policy/peers/peer-machine.ts";

/** "next: action action", or "-". */
export type Row = Readonly<Record<PeerInput, string>>;

export const PEER_TABLE: Readonly<Record<string, Row>> = {
  unknown: {
    "probe answered": "up: noteLife probeUp",
    "enough answered": "-", // counted when down alone
    "enough failed": "down: weighHold probeDown",
    "probe failed": "suspect: probeSoon",
    "answered in time": "-",
    "failed in time": "-",
    "request answered": "up: noteLife probeUp",
    "request failed": "accused: probeNow",
    "call answered": "up: noteLife probeUp", // no probe has failed yet
    "answered elsewhere": "-",
    "hold over": "-",
    "down before restart": "remembered: probeNow", // calls don't find out again what was known
    "address gone": "cut: probeNow",
    "other gone": "unknown: probeNow",
    "address here": "unknown: probeNow",
    "other here": "-", // told apart when down alone
  },
  up: {
    "probe answered": "up: probeUp",
    "enough answered": "-",
    "enough failed": "-", // one probe alone is never enough
    "probe failed": "suspect: probeSoon",
    "answered in time": "-",
    "failed in time": "-",
    "request answered": "-", // no news
    "request failed": "accused: probeNow", // a phone can send what it likes: the probe decides
    "call answered": "-", // no news
    "answered elsewhere": "-",
    "hold over": "-",
    "down before restart": "-", // what is seen counts more
    "address gone": "cut: probeNow", // nothing can reach it: no call has to wait to find out
    "other gone": "up: probeNow",
    "address here": "up: probeNow",
    "other here": "-",
  },
  deaf: {
    "probe answered": "up: noteLife probeUp",
    "enough answered": "-",
    "enough failed": "-", // probes say nothing
    "probe failed": "deaf: probeUp",
    "answered in time": "-",
    "failed in time": "-",
    "request answered": "-",
    "request failed": "down: weighHold probeDown", // no probe could decide: the call does
    "call answered": "-",
    "answered elsewhere": "-",
    "hold over": "-",
    "down before restart": "-",
    "address gone": "cut: probeNow",
    "other gone": "deaf: probeNow",
    "address here": "deaf: probeNow",
    "other here": "-",
  },
  suspect: {
    "probe answered": "up: noteLife probeUp",
    "enough answered": "-",
    "enough failed": "down: weighHold probeDown",
    "probe failed": "suspect: probeSoon",
    "answered in time": "-",
    "failed in time": "-",
    "request answered": "up: noteLife probeUp", // any answer is life
    "request failed": "down: weighHold probeDown", // a probe and a request
    "call answered": "deaf: noteLife probeSoon", // it has left a probe unanswered, and lives: silence to OPTIONS says nothing of it
    "answered elsewhere": "-",
    "hold over": "-",
    "down before restart": "-",
    "address gone": "cut: probeNow",
    "other gone": "suspect: probeNow",
    "address here": "suspect: probeNow",
    "other here": "-",
  },
  accused: {
    "probe answered": "up: noteLife probeUp",
    "enough answered": "-",
    "enough failed": "-", // not counted: one is enough
    "probe failed": "down: weighHold probeDown", // a request and a probe
    "answered in time": "-",
    "failed in time": "-",
    "request answered": "up: noteLife probeUp",
    "request failed": "accused: probeNow", // a hundred requests are one sign
    "call answered": "up: noteLife probeUp", // the probe may be answered yet
    "answered elsewhere": "-",
    "hold over": "-",
    "down before restart": "-",
    "address gone": "cut: probeNow",
    "other gone": "accused: probeNow",
    "address here": "accused: probeNow",
    "other here": "-",
  },
  down: {
    "probe answered": "down: probeSoon",
    "enough answered": "recovering: probeSoon startHold",
    "enough failed": "-",
    "probe failed": "down: probeDown",
    "answered in time": "-",
    "failed in time": "-",
    "request answered": "-", // probes alone bring it back
    "request failed": "-",
    "call answered": "deaf: noteLife probeSoon", // a gateway that answers calls is not down for OPTIONS alone
    "answered elsewhere": "up: noteReturn noteLife probeUp", // weighed: one answer of its own
    "hold over": "-",
    "down before restart": "-",
    "address gone": "cut: probeNow", // the errors just before came of that
    "other gone": "down: probeNow",
    "address here": "back: probeNow", // it had never lived: perhaps since we had no address
    "other here": "down: probeNow",
  },
  remembered: {
    "probe answered": "up: noteLife probeUp", // the outage may have ended with the old process
    "enough answered": "-",
    "enough failed": "-",
    "probe failed": "down: weighHold probeDown", // from now on it is an outage as any other
    "answered in time": "-",
    "failed in time": "-",
    "request answered": "-",
    "request failed": "-", // the probe that is under way decides
    "call answered": "up: noteLife probeUp", // no probe has failed yet
    "answered elsewhere": "-",
    "hold over": "-",
    "down before restart": "-",
    "address gone": "cut: probeNow",
    "other gone": "remembered: probeNow",
    "address here": "remembered: probeNow",
    "other here": "-",
  },
  cut: {
    "probe answered": "up: noteReturn noteLife probeUp", // by another way
    "enough answered": "-",
    "enough failed": "-",
    "probe failed": "cut: probeSoon",
    "answered in time": "-",
    "failed in time": "-",
    "request answered": "-",
    "request failed": "-",
    "call answered": "deaf: noteLife probeSoon", // by another way
    "answered elsewhere": "-",
    "hold over": "-",
    "down before restart": "-",
    "address gone": "cut: probeNow",
    "other gone": "cut: probeNow",
    "address here": "back: probeNow",
    "other here": "-",
  },
  back: {
    "probe answered": "back: probeSoon", // too late to be our doing alone: counted as when down
    "enough answered": "recovering: probeSoon startHold",
    "enough failed": "-",
    "probe failed": "back: probeDown",
    "answered in time": "up: noteReturn noteLife probeUp", // it hadn't been away: no hold
    "failed in time": "back: probeSoon", // routes may come yet
    "request answered": "-",
    "request failed": "-",
    "call answered": "deaf: noteLife probeSoon",
    "answered elsewhere": "up: noteReturn noteLife probeUp",
    "hold over": "-",
    "down before restart": "-",
    "address gone": "cut: probeNow",
    "other gone": "back: probeNow",
    "address here": "back: probeNow",
    "other here": "-",
  },
  recovering: {
    "probe answered": "recovering: probeRecovering",
    "enough answered": "-",
    "enough failed": "-",
    "probe failed": "down: doubleHold probeDown", // a flap
    "answered in time": "-",
    "failed in time": "-",
    "request answered": "-", // the hold is to be lived through
    "request failed": "down: doubleHold probeDown",
    "call answered": "-", // probes are answered: they bring it back
    "answered elsewhere": "up: noteReturn noteLife probeUp", // another member has seen the hold over
    "hold over": "up: noteRise noteLife probeUp",
    "down before restart": "-",
    "address gone": "recovering: probeNow", // calls stay here anyway
    "other gone": "recovering: probeNow",
    "address here": "recovering: probeNow",
    "other here": "-",
  },
};
