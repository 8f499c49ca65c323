/** Node's `fs.Stats`. */

const KIND = 0o170_000;

export class Stats {
  readonly mode: number;
  readonly size: number;
  readonly uid: number;
  readonly dev: number;
  readonly ino: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  /** Old kernels don't say when a file was made: its last change of state, as Node tells there. */
  readonly birthtimeMs: number;

  /** @param fields as the host has them */
  constructor([mode = 0, size = 0, uid = 0, dev = 0, ino = 0, mtime_ms = 0, ctime_ms = 0]: readonly number[]) {
    this.mode = mode;
    this.size = size;
    this.uid = uid;
    this.dev = dev;
    this.ino = ino;
    this.mtimeMs = mtime_ms;
    this.ctimeMs = ctime_ms;
    this.birthtimeMs = ctime_ms;
  }

  get mtime(): Date {
    return new Date(this.mtimeMs);
  }

  isFile(): boolean {
    return this.is(0o100_000);
  }

  isDirectory(): boolean {
    return this.is(0o040_000);
  }

  isSymbolicLink(): boolean {
    return this.is(0o120_000);
  }

  isSocket(): boolean {
    return this.is(0o140_000);
  }

  isFIFO(): boolean {
    return this.is(0o010_000);
  }

  private is(kind: number): boolean {
    return (this.mode & KIND) === kind;
  }
}
