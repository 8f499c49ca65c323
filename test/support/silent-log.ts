/** A log that keeps its lines for a test to read: "warn event field=value". */
import type { LogFields, Logger } from "../../src/base/ports.ts";

export class SilentLog implements Logger {
  readonly lines: string[] = [];

  error: Logger["error"] = (event, fields) => this.keep("error", event, fields);
  warn: Logger["warn"] = (event, fields) => this.keep("warn", event, fields);
  info: Logger["info"] = (event, fields) => this.keep("info", event, fields);
  debug: Logger["debug"] = () => {};

  private keep(level: string, event: string, fields: LogFields = {}): void {
    const words = Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
    this.lines.push([level, event, ...words].join(" "));
  }
}
