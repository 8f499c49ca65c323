/** Log lines for journald, procd and logger: "<priority>event key=value …" on standard error. */

import type { LogLevel } from "../../base/event-types.ts";
import type { LogFields, Logger } from "../../base/ports.ts";
import { printable } from "../../base/printable.ts";

/** RFC 5424 severities. */
const PRIORITY: Readonly<Record<LogLevel, number>> = { error: 3, warn: 4, info: 6, debug: 7 };

/** @param level what is less important than this is left out */
export function createLogger(level: LogLevel): Logger {
  const isTerminal = process.stderr.isTTY === true;
  const write = (severity: LogLevel, event: string, fields?: LogFields) => {
    if (PRIORITY[severity] > PRIORITY[level]) return;
    const start = isTerminal ? `${new Date().toISOString()} ${severity} ` : `<${PRIORITY[severity]}>`;
    process.stderr.write(`${start}${event}${fieldsText(fields)}\n`);
  };
  return {
    error: (event, fields) => write("error", event, fields),
    warn: (event, fields) => write("warn", event, fields),
    info: (event, fields) => write("info", event, fields),
    debug: level === "debug" ? (event, fields) => write("debug", event, fields) : () => {},
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
