/**
 * The file by which keepalived, or a script, knows whether this member of a pair may hold the shared addresses: "1" or "0". It lies in RAM, so
 * it isn't synced; it is replaced as a whole, so nobody reads half of it.
 */
import * as fs from "fs";
import * as path from "path";

export class HealthFile {
  private readonly file: string;

  constructor(file: string) {
    this.file = file;
  }

  /** Its age is new, too. @throws when it can't be written */
  write(isHealthy: boolean): void {
    this.replace(isHealthy ? "1\n" : "0\n");
  }

  private replace(text: string): void {
    const temporary = `${this.file}.new`;
    try {
      fs.writeFileSync(temporary, text);
    } catch {
      // /var/run is empty after a start of the router.
      fs.mkdirSync(path.dirname(this.file), { recursive: true });
      fs.writeFileSync(temporary, text);
    }
    fs.renameSync(temporary, this.file);
  }
}
