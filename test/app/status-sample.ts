/** The status of a site where all is well, and of one in an outage, for tests of words. */
import type { PeerFacts, RunningStatus } from "../../src/app/status-facts.ts";
import { type StatusWish, statusText } from "../../src/app/words/status-words.ts";
import { withoutInk } from "../../src/base/ink.ts";
import { READER } from "./reader.ts";

export const NOW = "2026-11-29T13:30:05.000Z";

export const UP: PeerFacts = {
  name: "pbx.example.com",
  state: "up",
  observed: "up",
  since: "2026-11-29T10:25:05.000Z",
  since_s: 11_100,
  evidence: "probe answered",
};
export const DOWN: PeerFacts = {
  ...UP,
  state: "down",
  observed: "down",
  since: "2026-11-28T23:00:22.000Z",
  since_s: 52_183,
  evidence: "probe failed",
  probe_failure: "silence",
};
export const GATEWAY = { ...UP, name: "10.10.1.3", calls: 1, channels: undefined };

export const STATUS: RunningStatus = {
  version: "0.2.0",
  now: NOW,
  up_s: 11_105,
  listen: [{ name: "udp:10.0.0.1:5060", address: "10.0.0.1" }],
  force: "auto",
  calls_go_to: { role: "upstream", peers: ["pbx.example.com"] },
  upstream: [UP],
  gateways: [GATEWAY],
  phones: { addresses: 2, contacts: 2 },
  calls_now: 3,
  dropped: {},
  tables: [
    { name: "bindings", size: 1, limit: 2_000, hits: 0 },
    { name: "strangers", size: 3, limit: 1_024, hits: 0 },
  ],
  history: [],
};
export const OUTAGE: Partial<RunningStatus> = {
  upstream: [DOWN],
  calls_go_to: { role: "gateway", peers: ["10.10.1.3"] },
};

export function words(change: Partial<RunningStatus> = {}, wish: Partial<StatusWish> = {}): string {
  const all = { isVerbose: false, disk: undefined, installed: "0.2.0", ...wish };
  return withoutInk(statusText({ ...STATUS, ...change }, all, READER));
}

/** What the words say beyond those of a site where all is well. */
export function more(change: Partial<RunningStatus>, wish: Partial<StatusWish> = {}): string[] {
  const usual = words().split("\n");
  return words(change, wish)
    .split("\n")
    .filter((line) => !usual.includes(line));
}
