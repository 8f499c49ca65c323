/** What has been dropped, and how full the tables are that traffic can fill: for `branchline status`. */

/** A table of limited size. */
export interface Table {
  readonly size: number;
  readonly limit: number;
  /** How often something has come that it had no room for. */
  readonly hits: number;
}

export interface TableStatus extends Table {
  readonly name: string;
}

export class Meter {
  /** Hears of each message that is dropped; undefined: nobody wants to. */
  onDrop: ((reason: string) => void) | undefined = undefined;
  private readonly counts = new Map<string, number>();
  private readonly tables = new Map<string, Table>();

  /** @param reason one of a few words of ours: nothing that peers can choose */
  count(reason: string): void {
    this.counts.set(reason, (this.counts.get(reason) ?? 0) + 1);
    this.onDrop?.(reason);
  }

  /** From now on these tables have these names. */
  watchAll(tables: Readonly<Record<string, Table>>): void {
    for (const [name, table] of Object.entries(tables)) this.tables.set(name, table);
  }

  /** Messages by the reason for which they were dropped. */
  get dropped(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.counts);
  }

  get tableStatus(): TableStatus[] {
    return [...this.tables].map(([name, { size, limit, hits }]) => ({ name, size, limit, hits }));
  }
}
