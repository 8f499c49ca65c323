/** A request of HTTP/1.1 as values: RFC 9112 §2 to §6, of requests that have no body. */

export interface HttpRequest {
  readonly method: string;
  /** Without the query, as it was sent. */
  readonly path: string;
  /** Decoded; of a name that comes twice, the first. */
  readonly query: ReadonlyMap<string, string>;
  /** By names in small letters; of one that comes twice, both, with a comma between. */
  readonly fields: ReadonlyMap<string, string>;
  /** The host that it asks, without the port; undefined where it doesn't say. */
  readonly host: string | undefined;
  /** Whether the connection stays for another request. */
  readonly isKept: boolean;
}

/** What is wrong with one that can't be read, as a status. */
export type HttpFault = 400 | 505;

const REQUEST_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}) (\S{1,4096}) HTTP\/(\d)\.(\d)$/;
const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/;
/** An authority: RFC 3986 §3.2 without a user. */
const AUTHORITY = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]*)(?::\d{0,5})?$/;

/** @param head all before the empty line, one character an octet */
export function readRequest(head: string): HttpRequest | HttpFault {
  const [first = "", ...lines] = head.replace(/^(?:\r\n)+/, "").split("\r\n");
  const [, method = "", target = "", major, minor] = REQUEST_LINE.exec(first) ?? [];
  if (method === "") return 400;
  if (major !== "1") return 505;
  const fields = new Map<string, string>();
  for (const line of lines) {
    const [, name = "", value = ""] = FIELD.exec(line) ?? [];
    const key = name.toLowerCase();
    if (key === "" || (key === "host" && fields.has(key))) return 400;
    const before = fields.get(key);
    fields.set(key, before === undefined ? value : `${before}, ${value}`);
  }
  const isNew = minor !== "0";
  // RFC 9112 §3.2.2: the host of an absolute target counts for more.
  const [, absolute, rest = target] = /^http:\/\/([^/?#]*)(.*)$/i.exec(target) ?? [];
  const given = fields.get("host");
  if (isNew && given === undefined) return 400;
  const host = hostOf(absolute ?? given);
  if (host === null) return 400;
  const [path = "", search = ""] = split(absolute === undefined || /^\//.test(rest) ? rest : `/${rest}`, "?");
  if (!path.startsWith("/")) return 400;
  return { method, path, query: queryOf(search), fields, host, isKept: isKept(fields, isNew) };
}

/** RFC 9112 §9.3; what has a body that nobody reads here ends the connection. */
function isKept(fields: ReadonlyMap<string, string>, isNew: boolean): boolean {
  const words = (fields.get("connection") ?? "").toLowerCase().split(/[ \t]*,[ \t]*/);
  if (fields.has("transfer-encoding") || (fields.get("content-length") ?? "0") !== "0") return false;
  return isNew ? !words.includes("close") : false;
}

/** Null: it is none. */
function hostOf(authority: string | undefined): string | undefined | null {
  if (authority === undefined) return undefined;
  const found = AUTHORITY.exec(authority);
  return found === null ? null : (found[1] ?? "").toLowerCase();
}

function queryOf(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const pair of text.split("&")) {
    const [name, value] = split(pair, "=").map(decoded);
    if (name !== undefined && name !== "" && !found.has(name)) found.set(name, value ?? "");
  }
  return found;
}

/** What isn't encoded as it should be stays as it is. */
function decoded(text: string): string {
  const plain = text.replace(/\+/g, " ");
  try {
    return decodeURIComponent(plain);
  } catch {
    return plain;
  }
}

function split(text: string, at: string): string[] {
  const end = text.indexOf(at);
  return end < 0 ? [text] : [text.slice(0, end), text.slice(end + at.length)];
}
