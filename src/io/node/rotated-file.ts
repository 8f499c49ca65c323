/** A file of lines that is added to, and never takes more than its share of a disk. */
import * as fs from "fs";
import * as path from "path";

export interface RotatedFileSettings {
  readonly file: string;
  /** A file that is longer is put aside before the next lines. */
  readonly size_bytes: number;
  /** Files that are kept beside it, FILE.1 the newest. */
  readonly keep: number;
}

export class RotatedFile {
  private readonly settings: RotatedFileSettings;
  private readonly head: string;

  /** @param head what each file begins with */
  constructor(settings: RotatedFileSettings, head = "") {
    this.settings = settings;
    this.head = head;
  }

  /**
   * Only its owner may read it: numbers that people call are in it.
   * @throws when the disk doesn't take it
   */
  add(lines: string): void {
    const bytes = Buffer.from(lines);
    if (this.isTaken(bytes, this.settings.size_bytes - bytes.length)) return;
    this.rotate();
    this.isTaken(bytes, Number.POSITIVE_INFINITY);
  }

  /** @returns whether they are written: not behind more than `most_bytes` */
  private isTaken(bytes: Buffer, most_bytes: number): boolean {
    const handle = this.open();
    try {
      const { size } = fs.fstatSync(handle);
      if (size > 0 && size > most_bytes) return false;
      const all = size === 0 ? Buffer.concat([Buffer.from(this.head), bytes]) : bytes;
      for (let done = 0; done < all.length; ) done += fs.writeSync(handle, all, done);
      return true;
    } finally {
      fs.closeSync(handle);
    }
  }

  /** Each time anew: somebody may have put the file, or its folder, aside. */
  private open(): number {
    const { file } = this.settings;
    try {
      return fs.openSync(file, "a", 0o600);
    } catch {
      fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
      return fs.openSync(file, "a", 0o600);
    }
  }

  private rotate(): void {
    const { file, keep } = this.settings;
    const name = (index: number) => (index === 0 ? file : `${file}.${index}`);
    for (let index = keep; index > 0; index--) {
      if (fs.existsSync(name(index - 1))) fs.renameSync(name(index - 1), name(index));
    }
    if (keep === 0) fs.unlinkSync(file);
  }
}
