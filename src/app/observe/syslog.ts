/** Events as syslog has them: RFC 5424, and the frames of RFC 6587 §3.4.1 where a stream carries them. */
import { isTrouble, type SiteEvent } from "./events.ts";

/** "daemon" (RFC 5424 §6.2.1). */
const FACILITY = 3;
const WARNING = 4;
const NOTICE = 5;

/**
 * One message. Its text is "@cee:" and the event as JSON of ASCII alone: rsyslog and syslog-ng know this as structured data.
 * @param json the event, as it is written to the file
 */
export function syslogMessage(event: SiteEvent, json: string): string {
  const priority = FACILITY * 8 + (isTrouble(event) ? WARNING : NOTICE);
  const head = `<${priority}>1 ${event.at} ${nameOf(event.router, 255)} branchline - ${nameOf(event.event, 32)} -`;
  return `${head} @cee: ${ascii(json)}`;
}

/** Octet counting: a text of ASCII. */
export function syslogFrame(message: string): string {
  return `${message.length} ${message}`;
}

/** PRINTUSASCII, RFC 5424 §6; "-" where there is nothing. */
function nameOf(text: string, most: number): string {
  return text.replace(/[^!-~]/g, "_").slice(0, most) || "-";
}

function ascii(json: string): string {
  return json.replace(/[^ -~]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
