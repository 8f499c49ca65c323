/**
 * One question to DNS, from the first query to its answer: a machine that a host drives. It says whom to ask what, and hears
 * what came. It knows no socket and no clock.
 *
 * A server that can't be made to answer is followed by the next. Three tries of 1.5 s are all that a question gets, whatever
 * resolv.conf says: somebody waits to call. The way of one try:
 *
 *   UDP ── answer ─────────────────────────────────────────────▶ the next name, or the end
 *    ├── FORMERR, NOTIMP ──▶ UDP without EDNS0 ── again ───────▶ the end: it knows no such records
 *    ├── truncated, or the question in another case ──▶ TCP ───▶ as UDP
 *    └── silent, unreachable, SERVFAIL, nonsense ──────────────▶ the next server, the same one without EDNS0
 *
 * A response that doesn't belong to the query is as if it hadn't come: forgers may send thousands. What forgers outside the line have
 * to guess is the source port (a new socket for each query), the id and the case of each letter (draft-vixie-dnsext-dns0x20). A server
 * that doesn't repeat the case is asked once more by TCP, and in lower case from then on.
 */
import type { Random } from "../../base/ports.ts";
import type { Answer, Question } from "../next-hops.ts";
import { encodeName } from "./domain-name.ts";
import { encodeQuery, type Query, readResponse } from "./message.ts";
import type { ResolverSettings } from "./resolver-files.ts";
import { LEARNED_ms, type Server, type Servers, SILENT_ms } from "./servers.ts";

/** What one try gets, and how many there are: all is over within 5 s. */
const TRY_ms = 1_500;
const TRIES = 3;
const NOTHING: Answer = { records: [], lifetime_ms: 0 };
/** Of names of services: "_sip._udp.". */
const SERVICE = /^(_[^.]*\.)+/;

/** What the host does next: send `wire`, and wait for responses as long as that; or the end. */
export type Step = Ask | { readonly by: "nobody"; readonly answer: Answer | undefined };

export interface Ask {
  readonly by: "udp" | "tcp";
  /** Nothing that comes from elsewhere counts. */
  readonly server: Server;
  /** A message of DNS; TCP wants its length before it (RFC 1035 §4.2.2). */
  readonly wire: string;
  readonly patience_ms: number;
}

/** What the hosts file says; undefined when the name isn't there. A name that stands there needs no DNS, and has no other records. */
export function answerFromHosts(
  hosts: ReadonlyMap<string, readonly string[]>,
  { type, name }: Question,
  lifetime_ms: number,
): Answer | undefined {
  const own = hosts.get(name.replace(SERVICE, "").replace(/\.$/, ""));
  if (own === undefined) return undefined;
  return { records: own.filter((address) => type === (address.includes(":") ? "AAAA" : "A")), lifetime_ms };
}

export class Lookup {
  private readonly type: Question["type"];
  private readonly servers: Servers;
  private readonly random: Random;
  private readonly order: readonly Server[];
  private readonly tries: number;
  private readonly try_ms: number;
  private readonly deadline_ms: number;
  /** Those still to be asked, on the wire. */
  private readonly names: string[];
  /** Servers that had no answer when they were asked with EDNS0: that may be why. */
  private readonly doubted = new Set<Server>();
  private tried = 0;
  /** The server that is asked: one that answers is asked on. */
  private turn = 0;
  private by: Ask["by"] = "udp";
  private query: Query | undefined;

  /** @param texts at least one server; see {@link serverOf} */
  constructor(
    { type, name }: Question,
    texts: readonly string[],
    settings: ResolverSettings,
    servers: Servers,
    random: Random,
    now_ms: number,
  ) {
    const { attempts, timeout_ms } = settings;
    this.type = type;
    this.servers = servers;
    this.random = random;
    this.order = servers.inOrder(texts, now_ms);
    this.tries = Math.min(TRIES, attempts === undefined ? TRIES : attempts * texts.length);
    this.try_ms = Math.min(TRY_ms, timeout_ms ?? TRY_ms);
    this.deadline_ms = now_ms + TRIES * TRY_ms;
    // A name that can't be written has no records.
    this.names = namesFor(name, settings).flatMap((one) => encodeName(one) ?? []);
  }

  begin(now_ms: number): Step {
    return this.names.length === 0 ? end(NOTHING) : this.nextTry(now_ms);
  }

  /** @returns undefined: it isn't the answer, which is still waited for */
  onResponse(wire: string, now_ms: number): Step | undefined {
    const { query, by, server } = this;
    if (query === undefined) return undefined;
    const habits = this.servers.of(server);
    const verdict = readResponse(wire, query);
    if (verdict === "foreign" && by === "udp") return undefined;
    if (verdict === "folded") habits.foldsUntil_ms = now_ms + LEARNED_ms;
    if (by === "udp" && (verdict === "folded" || verdict === "truncated")) return this.ask("tcp", now_ms);
    if (query.isExtended && (verdict === "unknown" || verdict === "unread")) {
      habits.plainUntil_ms = now_ms + LEARNED_ms;
      return this.ask("udp", now_ms);
    }
    const answer = verdict === "unknown" ? NOTHING : verdict;
    if (typeof answer === "string") return this.next(now_ms);
    if (by === "udp" && this.doubted.has(server)) habits.plainUntil_ms = now_ms + LEARNED_ms;
    habits.silentUntil_ms = 0;
    this.names.shift();
    this.tried = 0;
    return answer.records.length > 0 || this.names.length === 0 ? end(answer) : this.nextTry(now_ms);
  }

  /** Nothing has come in time; or nothing can come, such as after an ICMP error. */
  onSilence(now_ms: number): Step {
    this.servers.of(this.server).silentUntil_ms = now_ms + SILENT_ms;
    return this.next(now_ms);
  }

  private get server(): Server {
    return this.order[this.turn % this.order.length] as Server;
  }

  private next(now_ms: number): Step {
    if (this.query?.isExtended) this.doubted.add(this.server);
    this.turn += 1;
    return this.nextTry(now_ms);
  }

  private nextTry(now_ms: number): Step {
    if (this.tried >= this.tries) return end(undefined);
    this.tried += 1;
    return this.ask("udp", now_ms);
  }

  private ask(by: Ask["by"], now_ms: number): Step {
    const { server, type, random } = this;
    const patience_ms = Math.min(this.try_ms, this.deadline_ms - now_ms);
    if (patience_ms <= 0) return end(undefined);
    const { plainUntil_ms, foldsUntil_ms } = this.servers.of(server);
    const isUdp = by === "udp";
    const isCased = isUdp && now_ms >= foldsUntil_ms;
    const isExtended = isUdp && now_ms >= plainUntil_ms && !this.doubted.has(server);
    const plain = this.names[0] ?? "";
    // No octet before a label is a letter: those are above 63.
    const name = isCased
      ? plain.replace(/[a-z]/gi, (letter) => (random.fraction() < 0.5 ? letter.toLowerCase() : letter.toUpperCase()))
      : plain;
    this.query = { id: Math.floor(random.fraction() * 0x10000), type, name, isCased, isExtended };
    this.by = by;
    return { by, server, wire: encodeQuery(this.query), patience_ms };
  }
}

function end(answer: Answer | undefined): Step {
  return { by: "nobody", answer };
}

/** Those that a name may mean, in the order in which they are asked: one with few dots may lack its domain. */
function namesFor(name: string, { search, ndots }: ResolverSettings): string[] {
  const isWhole = name.endsWith(".") || name.replace(SERVICE, "").split(".").length > ndots;
  return isWhole ? [name] : [...search.map((domain) => `${name}.${domain}`), name];
}
