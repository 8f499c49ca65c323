/** What the core still holds. Private tables are looked into: a leak is what nobody else would show. */
import type { Engine } from "../../src/app/engine.ts";
import type { CallEntry } from "../../src/policy/call-entry.ts";
import { Branch } from "../../src/proxy/branch/branch.ts";
import { ResponseContext } from "../../src/proxy/response-context.ts";
import { ClientTransaction } from "../../src/transaction/client-transaction.ts";
import { ServerTransaction } from "../../src/transaction/server-transaction.ts";

interface Asked {
  readonly waiters: readonly unknown[];
  readonly isAsking: boolean;
}

interface Entries {
  readonly entries: ReadonlyMap<string, Asked>;
}

interface Insides {
  readonly transactions: {
    readonly table: {
      readonly servers: ReadonlyMap<string, ServerTransaction>;
      readonly clients: ReadonlyMap<string, ClientTransaction>;
    };
    readonly unanswered: { readonly size: number; readonly characters: number };
  };
  readonly locator: {
    readonly names: { readonly table: Entries };
    readonly routes: Entries;
    readonly lookups: { readonly size: number };
  };
}

interface Queue {
  readonly head: { readonly owner: unknown; readonly next: Queue["head"] } | undefined;
}

/** Of timers that must end, by names that no bundler shortens. */
const OWNERS = [
  ["branch", Branch],
  ["response context", ResponseContext],
  ["server transaction", ServerTransaction],
  ["client transaction", ClientTransaction],
] as const;

/** All that isn't empty, in words. Our own probes don't count. */
export function tablesOf(
  { core, timers, calls, callLog }: Engine,
  probes: readonly string[],
  now_ms: number,
): string[] {
  const { transactions, locator } = core as unknown as Insides;
  const left: string[] = [];
  const isProbe = (one: ClientTransaction) => probes.includes(one.key);
  for (const one of transactions.table.servers.values()) left.push(`server transaction, ${one.state}: ${one.key}`);
  let probing = 0;
  for (const one of transactions.table.clients.values()) {
    if (isProbe(one)) probing += one.weighed;
    else left.push(`client transaction, ${one.state}: ${one.key}`);
  }
  const { size } = transactions.unanswered;
  const characters = transactions.unanswered.characters - probing;
  if (size !== 0 || characters !== 0) left.push(`unanswered: ${size} requests, ${characters} characters`);
  let waiting = 0;
  for (const { entries } of [locator.names.table, locator.routes]) {
    // Peers ask DNS for ever; but who waits although nobody asks will wait for ever too.
    for (const [key, { waiters, isAsking }] of entries) {
      waiting += waiters.length;
      if (waiters.length > 0 && !isAsking) left.push(`${waiters.length} wait for ${key}`);
    }
  }
  if (locator.lookups.size !== waiting) left.push(`${waiting} wait for DNS and routes, not ${locator.lookups.size}`);
  calls.count("", now_ms); // forgets those that have lasted too long
  const { calls: all } = calls as unknown as { calls: ReadonlyMap<string, { dialog: unknown }> };
  // One that was answered lasts until its BYE, which may never come; nobody else may be left.
  for (const [callId, call] of all) if (call.dialog === undefined) left.push(`call that nobody answered: ${callId}`);
  callLog.countNow(now_ms); // forgets likewise
  const { open } = (callLog as unknown as { now: { open: ReadonlySet<CallEntry> } }).now;
  for (const { id, answered_ms } of open)
    if (answered_ms === undefined) left.push(`call ${id} counts, and rings no more`);
  const isProber = (owner: unknown) => owner instanceof ClientTransaction && isProbe(owner);
  for (const queue of (timers as unknown as { queues: ReadonlyMap<number, Queue> }).queues.values()) {
    for (let timer = queue.head; timer !== undefined; timer = timer.next) {
      const owner = OWNERS.find(([, kind]) => timer.owner instanceof kind);
      if (owner !== undefined && !isProber(timer.owner)) left.push(`timer of a ${owner[0]}`);
    }
  }
  return left.slice(0, 5);
}
