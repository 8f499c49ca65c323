/** Header field lines of wire text, read without any code of branchline's, and what a proxy may change in them. */

import { fieldName } from "../sip/message.ts";

/** The header field lines, each with its continuation lines. */
export function headerLines(wire: string): string[] {
  const [, ...lines] = headOf(wire).split(/\r\n(?![ \t])/);
  return lines;
}

/** The field's name in lower case, spelled out. */
export function nameOf(line: string): string {
  return fieldName(line.slice(0, line.indexOf(":")));
}

/** 0 for a request. */
export function statusOf(wire: string): number {
  return Number(/^SIP\/2\.0 (\d{3}) /.exec(wire)?.[1] ?? 0);
}

/** Branchline's own OPTIONS, and Kamailio has none: it has passed nobody, so it has one Via. */
export function isProbe(wire: string): boolean {
  return wire.startsWith("OPTIONS ") && headerLines(wire).filter((line) => nameOf(line) === "via").length === 1;
}

/** The port in the top Via's sent-by. */
export function sentByPort(wire: string): number | undefined {
  const port = /^v(?:ia)?:\s*SIP\/2\.0\/\w+\s+[^\s;,]+:(\d+)[;\r]/im.exec(wire)?.[1];
  return port === undefined ? undefined : Number(port);
}

export function bodyOf(wire: string): string {
  const end = wire.indexOf("\r\n\r\n");
  return end < 0 ? "" : wire.slice(end + 4);
}

/**
 * What the copy of a request must look like, but for what the proxy put on top.
 * @param source the address that it was sent from
 */
export function expectedCopy(wire: string, source: string): { readonly lines: string[]; readonly body: string } {
  const isRegister = wire.startsWith("REGISTER ");
  const [top, ...rest] = headerLines(wire).filter((line) => nameOf(line) === "via");
  const lines = headerLines(wire).map((line) => {
    if (line === top) return stamped(line, source);
    return nameOf(line) === "max-forwards" ? oneHopLess(line) : line;
  });
  if (rest.includes(top ?? "")) throw new Error("two Vias are the same: which is the top one?");
  if (isRegister && !lines.some((line) => nameOf(line) === "supported")) lines.push("Supported: path");
  const length = lines.find((line) => nameOf(line) === "content-length");
  const body = bodyOf(wire);
  const octets = length === undefined ? body.length : Number(length.slice(length.indexOf(":") + 1));
  return { lines, body: body.slice(0, octets) };
}

/** The lines of a copy without those that the proxy put on top: its Via, Record-Route, Path, a missing Max-Forwards or Max-Breadth. */
export function withoutOwnLines(copy: string, hadMaxForwards: boolean): { own: string[]; lines: string[] } {
  const all = headerLines(copy);
  let own = 1;
  while (/^(?:Record-Route|Path): <sip:[a-z]~/.test(all[own] ?? "")) own += 1;
  if (!hadMaxForwards && all[own] === "Max-Forwards: 70") own += 1;
  if (all[own] === "Max-Breadth: 60") own += 1;
  return { own: all.slice(0, own), lines: all.slice(own) };
}

/** RFC 3261 §18.2.1, RFC 3581 §4: received unless sent-by says it already. */
function stamped(via: string, source: string): string {
  const first = /^(?:"[^"]*"|[^,])*/.exec(via)?.[0] ?? via;
  const behind = via.slice(first.length);
  const received = /(;\s*received)\s*=\s*([^;\s]+)/i.exec(first);
  if (received !== null) return first.replace(received[0], `${received[1]}=${source}`) + behind;
  const ported = first.replace(/;rport(?!\s*=)/, ";rport=5060");
  const host = /\/\s*[A-Za-z]+\s+(\[[^\]]+\]|[^:;\s]+)/.exec(first)?.[1] ?? "";
  const isSame = host.replace(/[[\]]/g, "") === source && ported === first;
  return `${ported}${isSame ? "" : `;received=${source}`}${behind}`;
}

function oneHopLess(line: string): string {
  const [, name = "", hops = ""] = /^([^:]*:\s*)(\d+)$/.exec(line) ?? [];
  return `${name}${Number(hops) - 1}`;
}

function headOf(wire: string): string {
  const end = wire.indexOf("\r\n\r\n");
  return end < 0 ? wire : wire.slice(0, end);
}
