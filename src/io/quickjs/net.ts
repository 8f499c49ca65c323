/** What the project uses of Node's `net`. */

export { createServer, Server } from "./net-server.ts";
export { connect, createConnection, Socket } from "./net-socket.ts";

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)$/;

export function isIPv4(text: string): boolean {
  return IPV4.test(text) && !/(^|\.)0\d/.test(text);
}

export function isIPv6(text: string): boolean {
  return isIP(text) === 6;
}

/** 4, 6, or 0 for a text that is no address. */
export function isIP(text: string): 0 | 4 | 6 {
  if (isIPv4(text)) return 4;
  const [plain = "", ...scope] = text.split("%");
  if (scope.length > 1 || scope[0] === "") return 0;
  return isPlainIPv6(plain) ? 6 : 0;
}

/** RFC 4291 §2.2: eight groups; `::` once in the place of one or more; the last two may be an IPv4 address. */
function isPlainIPv6(text: string): boolean {
  const last = text.slice(text.lastIndexOf(":") + 1);
  const plain = last.includes(".") ? `${text.slice(0, -last.length)}0:0` : text;
  if (!text.includes(":") || (last.includes(".") && !isIPv4(last))) return false;
  const halves = plain.split("::");
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === "" ? [] : half.split(":")));
  if (!groups.every((group) => /^[\da-f]{1,4}$/i.test(group))) return false;
  return halves.length === 2 ? groups.length <= 7 : groups.length === 8;
}
