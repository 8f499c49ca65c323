/** Answers by HTTP: to which senders, by which names, with which password, and a table of paths. `routes.ts` has the answers. */
import type { HttpAnswer } from "../../base/http-answer.ts";
import { IpRange, IpRanges, ipVersion, isLoopback } from "../../base/ip-range.ts";
import { hostText } from "../../message/uri.ts";
import type { HttpAddress, HttpSettings } from "../config/load-http.ts";
import { type HttpRequest, readRequest } from "./http-request.ts";

/** What a path answers; what all answers have is added to it. */
export interface WebAnswer
  extends Pick<HttpAnswer, "body" | "isOctets" | "stream">,
    Partial<Pick<HttpAnswer, "headers">> {
  /** Missing: 200. */
  readonly status?: number;
  /** The Content-Type. */
  readonly type: string;
}

export interface Route {
  /** May be asked GET, with HEAD as the same without the body; must not throw. */
  readonly answer: (request: HttpRequest) => WebAnswer;
  /** It needs no password. */
  readonly isOpen?: boolean;
  /** Addresses of `http.metrics_from` may ask it too. */
  readonly isForMonitoring?: boolean;
}

/** By path. */
export type Routes = ReadonlyMap<string, Route>;

/** What a wrong password costs whoever sends it. */
export const WRONG_PASSWORD_DELAY_ms = 1_000;

/** Nothing is cached, guessed or shown within another page, unless a route says so. */
const ALWAYS: Readonly<Record<string, string>> = {
  "Cache-Control": "no-store",
  "X-Content-Type-Options": "nosniff",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "Referrer-Policy": "no-referrer",
};

export class Web {
  private readonly settings: HttpSettings;
  private readonly routes: Routes;
  private readonly isLocal: (address: string) => boolean;
  private readonly monitors: IpRanges;
  private readonly names: ReadonlySet<string>;
  private readonly onFault: (path: string, error: unknown) => void;
  private readonly faulty = new Set<string>();
  readonly tooMany = plain(503, "too many readers", { "Retry-After": "15" }, true);

  /**
   * @param isLocal whether an address is in `localnet`, which a reload may change
   * @param onFault hears of a bug in a route's answer, once for each path
   * @param ownNames names by which the router calls itself
   */
  constructor(
    settings: HttpSettings,
    routes: Routes,
    isLocal: (address: string) => boolean,
    onFault: (path: string, error: unknown) => void,
    ownNames: readonly string[] = [],
  ) {
    this.settings = settings;
    this.routes = routes;
    this.isLocal = isLocal;
    this.onFault = onFault;
    this.monitors = new IpRanges(settings.metrics_from.flatMap((text) => IpRange.parse(text) ?? []));
    this.names = new Set(["localhost", ...settings.names, ...ownNames.map((name) => name.toLowerCase())]);
  }

  /** Whether an address gets an answer at all. */
  admits(address: string): boolean {
    return this.isNear(address) || this.monitors.contains(address);
  }

  /**
   * @param head of the request, all before the empty line, one character an octet; undefined: it was too long
   * @param address that it has come from, and that is admitted
   */
  answer(head: string | undefined, address: string): HttpAnswer {
    const request = head === undefined ? 431 : readRequest(head);
    if (typeof request === "number") return plain(request, FAULTS[request], {}, true);
    const isHeadOnly = request.method === "HEAD";
    const isLast = !request.isKept;
    try {
      return { ...this.answerTo(request, address), isHeadOnly, isLast };
    } catch (error) {
      const { path } = request;
      if (!this.faulty.has(path)) this.onFault(path, error);
      this.faulty.add(path);
      return { ...plain(500, "this answer has a fault", {}, true), isHeadOnly };
    }
  }

  private answerTo(request: HttpRequest, address: string): HttpAnswer {
    const { method, path, host } = request;
    if (host !== undefined && !this.isOwnName(host)) {
      return plain(421, `this router isn't known as ${host}: ask its address, or add the name to http.names`);
    }
    const route = this.routes.get(path);
    if (!this.isNear(address) && route?.isForMonitoring !== true)
      return plain(403, "only the metrics are for this address");
    if (method !== "GET" && method !== "HEAD") return plain(405, "only GET and HEAD", { Allow: "GET, HEAD" });
    if (route?.isOpen !== true && !this.isTrusted(request)) return challenge(request);
    if (route === undefined) return plain(404, "there is nothing here");
    const { status = 200, type, headers, ...rest } = route.answer(request);
    return { ...rest, status, headers: { ...ALWAYS, "Content-Type": type, ...headers } };
  }

  private isNear(address: string): boolean {
    return isLoopback(address) || this.isLocal(address);
  }

  /** A page from elsewhere comes by a name that its owner has given our address (DNS rebinding), never by the address itself. */
  private isOwnName(host: string): boolean {
    if (host.startsWith("[")) return ipVersion(host.slice(1, -1)) === 6;
    return ipVersion(host) === 4 || this.names.has(host.replace(/\.$/, ""));
  }

  private isTrusted({ fields }: HttpRequest): boolean {
    const { password } = this.settings;
    if (password === undefined) return true;
    const given = passwordOf(fields.get("authorization"));
    return given !== undefined && isEqual(given, password);
  }
}

const FAULTS: Readonly<Record<400 | 431 | 505, string>> = {
  400: "this is no request of HTTP/1.1",
  431: "the request is too long",
  505: "only HTTP/1.1",
};

function challenge({ fields }: HttpRequest): HttpAnswer {
  const answer = plain(401, "this needs the password of http.password", {
    "WWW-Authenticate": 'Basic realm="branchline", charset="UTF-8"',
  });
  return fields.has("authorization") ? { ...answer, delay_ms: WRONG_PASSWORD_DELAY_ms } : answer;
}

function plain(status: number, words: string, headers: HttpAnswer["headers"] = {}, isLast = false): HttpAnswer {
  return {
    status,
    headers: { ...ALWAYS, "Content-Type": "text/plain; charset=utf-8", ...headers },
    body: `${words}\n`,
    isLast,
  };
}

/** RFC 7617: the user's name ends at the first colon. */
function passwordOf(credentials: string | undefined): string | undefined {
  const [, code] = /^Basic +([A-Za-z0-9+/]{1,512}={0,2})$/i.exec(credentials ?? "") ?? [];
  const text = code === undefined ? "" : fromBase64(code);
  const colon = text.indexOf(":");
  return colon < 0 ? undefined : text.slice(colon + 1);
}

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** @returns one character an octet */
function fromBase64(code: string): string {
  let [text, bits, count] = ["", 0, 0];
  for (const character of code.replace(/=+$/, "")) {
    bits = ((bits << 6) | BASE64.indexOf(character)) & 0xffff;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    text += String.fromCharCode((bits >> count) & 0xff);
  }
  return text;
}

/** As in a URL. */
export function addressText({ host, port }: HttpAddress): string {
  return `${hostText(host)}:${port}`;
}

/** Takes as long wherever they differ. */
function isEqual(given: string, expected: string): boolean {
  let difference = given.length ^ expected.length;
  for (let index = 0; index < given.length; index++) {
    difference |= given.charCodeAt(index) ^ expected.charCodeAt(index % expected.length);
  }
  return difference === 0;
}
