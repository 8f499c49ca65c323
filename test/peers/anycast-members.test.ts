/**
 * Maintenance of three nodes that have one address, in namespaces with BIRD: while calls go on, each of them is drained, stopped, started, drained and
 * takes calls again. No call and no datagram is lost.
 */
import { expect, test } from "vitest";
import { Parties, SLOW_CLOCK, tally } from "./support/anycast-calls.ts";
import { ANYCAST_PEERS, AnycastLab, type AnycastNode, isLong, RUNS } from "./support/anycast-lab.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { pause } from "./support/clock.ts";
import { describeWith } from "./support/peers.ts";
import { takePrecedence } from "./support/priority.ts";

const CALLS_LEAST = 300;
const CALL_INTERVAL_MS = 40;
const RING_MS = 300;
/** A member that announced its route less than 1.5 s ago drains for 5 s longer. */
const HASTY_MS = 1_500;
const LIMIT_MS = 240_000;

takePrecedence();
cleanUpAfterEach();

/** Leaves, stops, starts and joins, and leaves and joins once more. @returns how much later than the member the router was done with each leave, in ms */
async function maintain(lab: AnycastLab, node: AnycastNode): Promise<readonly number[]> {
  const { branchline } = node;
  const first_ms = await leave(lab, node);
  await branchline.terminate();
  await branchline.restart();
  await node.isActive();
  await lab.leadsTo(lab.nodes);
  if (!isLong) await pause(HASTY_MS);
  const second_ms = await leave(lab, node);
  await branchline.command("join");
  await lab.leadsTo(lab.nodes);
  return [first_ms, second_ms].map(Math.round);
}

async function leave(lab: AnycastLab, node: AnycastNode): Promise<number> {
  const { state } = JSON.parse(await node.branchline.command("drain", "--json")) as { state: string };
  expect(state).toBe("drained");
  return lab.leadsTo(lab.others(node));
}

describeWith(ANYCAST_PEERS, "each of three nodes leaves and joins while calls go on", () => {
  test.each(RUNS)(
    "by $daemon, $protocol and $dealer, run $run: no call and no datagram is lost",
    { timeout: LIMIT_MS },
    async (ways) => {
      const lab = await AnycastLab.build(ways);
      const parties = new Parties(lab, { clock: SLOW_CLOCK });
      let isOver = false;
      const maintenance = (async () => {
        const known_ms: number[] = [];
        for (const node of lab.nodes) known_ms.push(...(await maintain(lab, node)));
        return known_ms;
      })().finally(() => {
        isOver = true;
      });
      const calls: Promise<string>[] = [];
      while (!isOver || calls.length < CALLS_LEAST) {
        calls.push(parties.whole("answered", RING_MS));
        await pause(CALL_INTERVAL_MS);
      }
      const known_ms = await maintenance;
      const counts = await tally(calls);
      const lost = await lab.counts.lost();
      console.log(
        `maintenance: ${JSON.stringify(counts)}; sent again by callers: ${parties.caller.resent}; lost: ${JSON.stringify(lost)}; ` +
          `the router was done with each leave ${known_ms.join(", ")} ms after the member`,
      );
      expect(counts).toEqual({ "answered: 200": calls.length });
      expect(parties.caller.resent).toBe(0);
      expect(lost).toEqual({ toNodes: 0, toClients: 0 });
    },
  );
});
