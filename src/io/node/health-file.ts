/**
 * The file by which keepalived, or a script, knows whether this member of a pair may hold the shared addresses: "1" or "0", and in a second
 * line "alone" where no other member takes calls. It lies in RAM, so it isn't synced; it is replaced as a whole, so nobody reads half of it.
 */
import * as fs from "fs";
import * as path from "path";

/** Nothing that is there already is written to: a link could lead anywhere. */
const MADE = { flag: "wx", mode: 0o644 } as const;

/** keepalived and healthy.sh read the first line only. */
const TEXTS = { yes: "1\n", alone: "1\nalone\n", no: "0\n" } as const;

export class HealthFile {
  private readonly file: string;

  constructor(file: string) {
    this.file = file;
  }

  /** Its age is new, too. @throws when it can't be written */
  write(word: keyof typeof TEXTS): void {
    this.replace(TEXTS[word]);
  }

  /** Whether it says "alone"; false where it can't be read. */
  get isAlone(): boolean {
    try {
      return fs.readFileSync(this.file, "utf8") === TEXTS.alone;
    } catch {
      return false;
    }
  }

  private replace(text: string): void {
    const temporary = `${this.file}.new`;
    try {
      fs.writeFileSync(temporary, text, MADE);
    } catch {
      this.makeRoom(temporary);
      fs.writeFileSync(temporary, text, MADE);
    }
    fs.renameSync(temporary, this.file);
  }

  /** /var/run is empty after a start of the router. A file may be left behind, and a stranger may have laid a link, where others write too. */
  private makeRoom(temporary: string): void {
    fs.mkdirSync(path.dirname(this.file), { recursive: true, mode: 0o755 });
    try {
      fs.unlinkSync(temporary);
    } catch {
      // There is none; or what is written next says what is wrong.
    }
  }
}
