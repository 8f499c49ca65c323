/** A small file of the system that others may change: read again when it has changed. */
import * as fs from "fs";

/** It is looked at so often at the most. */
const LOOK_ms = 2_000;

export class WatchedFile<T> {
  private readonly path: string;
  private readonly parse: (text: string) => T;
  private value: Promise<T>;
  private stamp = "";
  private looked_ms = 0;

  constructor(path: string, parse: (text: string) => T) {
    this.path = path;
    this.parse = parse;
    this.value = Promise.resolve(parse(""));
  }

  /** What it says now. A file that is missing is empty. */
  read(): Promise<T> {
    const now_ms = Date.now();
    if (Math.abs(now_ms - this.looked_ms) >= LOOK_ms) {
      this.looked_ms = now_ms;
      this.value = this.look(this.value);
    }
    return this.value;
  }

  private async look(known: Promise<T>): Promise<T> {
    try {
      const { mtimeMs, size, ino } = await fs.promises.stat(this.path);
      const stamp = `${mtimeMs} ${size} ${ino}`;
      if (stamp === this.stamp) return known;
      const value = this.parse(await fs.promises.readFile(this.path, "latin1"));
      this.stamp = stamp;
      return value;
    } catch {
      this.stamp = "";
      return this.parse("");
    }
  }
}
