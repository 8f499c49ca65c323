/** The tables of evidence in `deploy/trouble.md` and `deploy/gateway.md` against what the log can say of a change of state. */
import { describe, expect, test } from "vitest";
import { type Evidence, initialState, nameOf, observe, type PeerState } from "../../src/policy/peers/peer-state.ts";
import type { ProbeFailure } from "../../src/proxy/prober.ts";
import type { Lack } from "../../src/transport/names.ts";
import { DEFAULTS } from "../policy/peers/target.ts";
import { page } from "./pages.ts";

/** The compiler sees that none is missing. */
const EVIDENCE: Readonly<Record<Evidence, true>> = {
  "probe answered": true,
  "probe failed": true,
  "request answered": true,
  "call answered": true,
  "request unanswered": true,
  "request undeliverable": true,
  "own address gone": true,
  "own address missing": true,
  "own address here": true,
  "hold over": true,
  "up at another member": true,
  "down before restart": true,
};
const FAILURES: Readonly<Record<Exclude<ProbeFailure, number>, true>> = {
  silence: true,
  refused: true,
  unreachable: true,
};
const LACKS: Readonly<Record<Lack, true>> = { dns_silent: true, no_address: true };
/** What `Peer.force` tells. */
const FORCED = ["forced", "no longer forced"];
/** Of the page's own kind: any status. */
const NUMBER = "a number";
const STEPS_MAX = 8;
/** Longer than routes need to come, shorter than a flap. */
const STEP_ms = 31_000;

/** The evidence that changes the state as others see it, wherever it does. */
function telling(): string[] {
  const found = new Set<string>();
  const seen = new Set<string>();
  let states: readonly PeerState[] = [initialState(DEFAULTS)];
  for (let step = 1; step <= STEPS_MAX; step += 1) {
    states = states.flatMap((state) =>
      (Object.keys(EVIDENCE) as Evidence[]).flatMap((evidence) => {
        const next = observe(state, evidence, DEFAULTS, step * STEP_ms).state;
        if (nameOf(next) !== nameOf(state)) found.add(evidence);
        const key = JSON.stringify({ ...next.now, since_ms: 0, until_ms: 0, hasLived: next.past.hasLived });
        if (seen.has(key)) return [];
        seen.add(key);
        return [next];
      }),
    );
  }
  return [...found];
}

/** The values in the first column of a page's table of evidence; a row in words has none. */
function rowsOf(path: string): string[] {
  const [, table = ""] = page(path).text.split("| `evidence` | meaning |\n|---|---|\n");
  const rows = table.split("\n\n")[0]?.split("\n") ?? [];
  return rows.flatMap((row) => {
    const [, cell = ""] = row.split("|");
    if (cell.includes("…")) return [];
    return [...cell.matchAll(/`([^`]+)`/g)].map(([, value = ""]) => value.replace(/\d+$/, NUMBER));
  });
}

const failed = (...failures: string[]) => failures.map((one) => `probe failed: ${one}`);

describe("evidence", () => {
  test("deploy/trouble.md has each value that the log can have, and no other", () => {
    const values = telling().flatMap((one) =>
      one === "probe failed" ? failed(...Object.keys(FAILURES), ...Object.keys(LACKS), NUMBER) : [one],
    );
    expect(rowsOf("deploy/trouble.md").sort()).toEqual([...values, ...FORCED].sort());
  });

  test("it says what an unanswered request of a peer without an address has", () => {
    const row = page("deploy/trouble.md")
      .text.split("\n")
      .find((line) => line.startsWith("| a value `request …`"));
    for (const lack of Object.keys(LACKS)) expect(row).toContain(`\`: ${lack}\``);
  });

  test("deploy/gateway.md has each value of a failed probe; a gateway has no name to look up", () => {
    expect(rowsOf("deploy/gateway.md").sort()).toEqual(failed(...Object.keys(FAILURES), NUMBER).sort());
  });
});
