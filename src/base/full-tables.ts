/** Tables that are full, where that harms anybody: what it means, and what helps, for the log and for `branchline status`. */
import type { Meter, TableStatus } from "./meter.ts";
import type { Logger } from "./ports.ts";

interface Harm {
  readonly effect: string;
  readonly cure: string;
}

const MORE_MEMORY = "a larger heap: BRANCHLINE_HEAP_MB for run.sh, or --max-old-space-size";
const FEWER_REQUESTS = "find the source that asks so much (over_quota, branchline calls), and lower limits.per_source";

/** Tables that aren't here forget their oldest entry, and it is found anew. */
const HARMS: Readonly<Record<string, Harm>> = {
  bindings: { effect: "phones beyond that aren't known here: nobody can call them in an outage", cure: MORE_MEMORY },
  unanswered: { effect: "new requests get 503, emergency calls have room beyond", cure: FEWER_REQUESTS },
  transactions: { effect: "new requests get 503, emergency calls have room beyond", cure: FEWER_REQUESTS },
  lingering: { effect: "requests that come again late are taken for new ones", cure: MORE_MEMORY },
  lookups: { effect: "requests to names that aren't known yet fail", cure: "dns.servers that answer" },
  calls: { effect: "calls beyond that don't count as channels of a gateway", cure: MORE_MEMORY },
  records: {
    effect: "phones and channels beyond that aren't known at other members of the cluster when they take over",
    cure: MORE_MEMORY,
  },
  stories: { effect: "calls beyond that end if this router dies while they ring", cure: MORE_MEMORY },
  heard_stories: {
    effect: "calls beyond that end if another member of the cluster dies while they ring",
    cure: MORE_MEMORY,
  },
  connections: { effect: "the oldest connections of the address that has most are ended", cure: MORE_MEMORY },
};

/** How often tables are looked at, and the same one is told of again. */
const LOOK_INTERVAL_ms = 10_000;
const TELL_INTERVAL_ms = 3_600_000;

export interface FullTable extends TableStatus, Harm {}

/** Those that have no room now. */
export function fullTables(tables: readonly TableStatus[]): FullTable[] {
  return tables.flatMap((table) => {
    const harm = HARMS[table.name];
    return harm === undefined || table.size < table.limit ? [] : [{ ...table, ...harm }];
  });
}

/** Warns of each table that something has come to for which it had no room, once an hour at most. */
export class TableWatch {
  private readonly meter: Meter;
  private readonly log: Logger;
  private next_ms = 0;
  /** By table: hits that have been told of, and when. */
  private readonly told = new Map<string, { readonly hits: number; readonly at_ms: number }>();

  constructor(meter: Meter, log: Logger) {
    this.meter = meter;
    this.log = log;
  }

  look(now_ms: number): void {
    if (now_ms < this.next_ms) return;
    this.next_ms = now_ms + LOOK_INTERVAL_ms;
    for (const { name, size, limit, hits } of this.meter.tableStatus) {
      const harm = HARMS[name];
      const told = this.told.get(name);
      if (harm === undefined || hits === (told?.hits ?? 0)) continue;
      if (told !== undefined && now_ms < told.at_ms + TELL_INTERVAL_ms) continue;
      this.told.set(name, { hits, at_ms: now_ms });
      this.log.warn("table_full", { table: name, size, limit, refused: hits - (told?.hits ?? 0), ...harm });
    }
  }
}
