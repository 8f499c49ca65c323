/** Log lines for journald, procd and logger: "<priority>event key=value …" on standard error. */
import * as fs from "fs";
import type { EventFields, EventsAt, LogLevel } from "../../base/event-types.ts";
import type { LogFields, Logger } from "../../base/ports.ts";
import { printable } from "../../base/printable.ts";

/** RFC 5424 severities. */
const PRIORITY: Readonly<Record<LogLevel, number>> = { error: 3, warn: 4, info: 6, debug: 7 };

const SILENT = () => {};
const STDERR_FD = 2;

export class StderrLog implements Logger {
  /** One for each transaction: where it isn't wanted, nothing is made of its fields. */
  debug: Logger["debug"] = SILENT;
  private readonly isTerminal = process.stderr.isTTY === true;
  private readonly writeLine: (line: string) => void;
  private level: LogLevel = "info";

  /**
   * @param level what is less important than this is left out
   * @param writeLine gets each line, with its end
   */
  constructor(level: LogLevel, writeLine = standardError()) {
    this.writeLine = writeLine;
    this.setLevel(level);
  }

  setLevel(level: LogLevel): void {
    this.level = level;
    this.debug = level === "debug" ? (event, fields) => this.write("debug", event, fields) : SILENT;
  }

  error<N extends EventsAt<"error">>(event: N, fields: EventFields[N]): void {
    this.write("error", event, fields);
  }

  warn<N extends EventsAt<"warn">>(event: N, fields: EventFields[N]): void {
    this.write("warn", event, fields);
  }

  info<N extends EventsAt<"info">>(event: N, fields: EventFields[N]): void {
    this.write("info", event, fields);
  }

  private write(severity: LogLevel, event: string, fields?: LogFields): void {
    if (PRIORITY[severity] > PRIORITY[this.level]) return;
    const start = this.isTerminal ? `${new Date().toISOString()} ${severity} ` : `<${PRIORITY[severity]}>`;
    this.writeLine(`${start}${event}${fieldsText(fields)}\n`);
  }
}

/**
 * What the scripts of packages set whose supervisor starts the proxy and the reader of its log together: when the reader has ended,
 * there is another log only after a restart, which costs no call.
 */
const HAS_SUPERVISED_READER = (process.env["BRANCHLINE_LOG_READER"] ?? "") !== "";

/** Writes to standard error. A full disk, or a reader that has ended, costs lines and never the proxy. */
function standardError(): (line: string) => void {
  const stat = fs.fstatSync(STDERR_FD);
  if (stat.isFIFO() || stat.isSocket() || process.stderr.isTTY) {
    process.stderr.on("error", HAS_SUPERVISED_READER ? () => void process.kill(process.pid, "SIGTERM") : SILENT);
    return (line) => void process.stderr.write(line);
  }
  // Node 12's stream of a file takes no line any more after one that has failed, and keeps them all.
  return (line) => {
    try {
      fs.writeSync(STDERR_FD, line);
    } catch {
      // The next one may fit.
    }
  };
}

function fieldsText(fields: LogFields | undefined): string {
  let text = "";
  for (const [name, value] of Object.entries(fields ?? {})) {
    if (value !== undefined) text += ` ${name}=${quoted(String(value))}`;
  }
  return text;
}

/** Values with white space or quotes are quoted; line ends never break a line in two, and no terminal obeys a peer. */
function quoted(value: string): string {
  return printable(/^[^\s"=]+$/.test(value) ? value : JSON.stringify(value));
}
