/** A changed copy of wire text: pieces are cut out or put in, all the rest leaves as it came. */
export class Splice {
  private readonly wire: string;
  /** Sorted by start; edits at the same place stay in the order in which they were asked for. */
  private readonly starts: number[] = [];
  private readonly ends: number[] = [];
  private readonly texts: string[] = [];

  constructor(wire: string) {
    this.wire = wire;
  }

  /** Replaces [start, end) by `text`. Edits must not overlap. */
  replace(start: number, end: number, text: string): this {
    let place = this.starts.length;
    while (place > 0 && (this.starts[place - 1] ?? 0) > start) place -= 1;
    if (place === this.starts.length) {
      this.starts.push(start);
      this.ends.push(end);
      this.texts.push(text);
    } else {
      this.starts.splice(place, 0, start);
      this.ends.splice(place, 0, end);
      this.texts.splice(place, 0, text);
    }
    return this;
  }

  insert(at: number, text: string): this {
    return this.replace(at, at, text);
  }

  remove(start: number, end: number): this {
    return this.replace(start, end, "");
  }

  /** The edited text. */
  build(): string {
    let result = "";
    let position = 0;
    for (let index = 0; index < this.starts.length; index++) {
      const start = this.starts[index] ?? 0;
      if (start > position) result += this.wire.slice(position, start);
      result += this.texts[index] ?? "";
      position = Math.max(position, this.ends[index] ?? position);
    }
    return result + this.wire.slice(position);
  }
}
