/**
 * Asks DNS, by c-ares: getaddrinfo would block Node's few threads for minutes when DNS is dead. The hosts file goes first:
 * a name that stands there needs no DNS, and has no other records.
 */
import * as dns from "dns";
import { isIPv4 } from "net";
import type { Answer, Question } from "../../transport/locator.ts";
import { parseHosts, parseResolvConf, type ResolverSettings } from "./resolver-files.ts";
import { WatchedFile } from "./watched-file.ts";

const SECOND_ms = 1_000;
/** What one server gets; with three tries all is over within 5 s. */
const TRY_ms = 1_500;
const TRIES = 3;
/** Queries at once: each is a socket, and a process has few descriptors. The others wait their turn. */
const RUNNING_MAX = 128;
/** Node tells no lifetime of SRV and NAPTR records. */
const UNTOLD_LIFETIME_ms = 300_000;
const HOSTS_LIFETIME_ms = 10_000;
/** The server has understood, and there is no such record; or it will never understand. */
const NOTHING = ["ENODATA", "ENOTFOUND", "ENOTIMP", "EFORMERR"];

/** @param answer undefined: no server has answered, or none knows itself */
export type OnAnswer = (question: Question, answer: Answer | undefined) => void;

/** Where the system's files are, for tests. */
export interface SystemFiles {
  readonly hosts: string;
  readonly resolvConf: string;
}

const SYSTEM: SystemFiles = { hosts: "/etc/hosts", resolvConf: "/etc/resolv.conf" };

export class NodeDns {
  /** Asked instead of those of resolv.conf, where there are any: address, or address:port. */
  servers: readonly string[];
  private readonly onAnswer: OnAnswer;
  private readonly hosts: WatchedFile<Map<string, string[]>>;
  private readonly settings: WatchedFile<ResolverSettings>;
  private readonly running = new Set<dns.Resolver>();
  /** Questions that wait for their turn. */
  private readonly queue: (() => void)[] = [];
  private isClosed = false;

  constructor(onAnswer: OnAnswer, servers: readonly string[] = [], files: SystemFiles = SYSTEM) {
    this.onAnswer = onAnswer;
    this.servers = servers;
    this.hosts = new WatchedFile(files.hosts, parseHosts);
    this.settings = new WatchedFile(files.resolvConf, parseResolvConf);
  }

  query(question: Question): void {
    const tell = (answer: Answer | undefined) => {
      if (!this.isClosed) this.onAnswer(question, answer);
    };
    this.find(question).then(tell, () => tell(undefined));
  }

  /** No answer is waited for any more. */
  close(): void {
    this.isClosed = true;
    for (const resolver of this.running) resolver.cancel();
    for (const next of this.queue.splice(0)) next();
  }

  private async find({ type, name }: Question): Promise<Answer | undefined> {
    const own = (await this.hosts.read()).get(name.replace(/^(_[^.]*\.)+/, ""));
    if (own !== undefined) {
      const records = own.filter((address) => type === (isIPv4(address) ? "A" : "AAAA"));
      return { records, lifetime_ms: HOSTS_LIFETIME_ms };
    }
    const { servers, search } = await this.settings.read();
    const isShort = !name.replace(/^(_[^.]*\.)+/, "").includes(".");
    const names = isShort ? [...search.map((domain) => `${name}.${domain}`), name] : [name];
    let answer: Answer | undefined;
    for (const one of names) {
      answer = await this.ask(type, one, this.servers.length > 0 ? this.servers : servers);
      if (answer === undefined || answer.records.length > 0) break;
    }
    return answer;
  }

  /** One server after the other. */
  private async ask(type: Question["type"], name: string, servers: readonly string[]): Promise<Answer | undefined> {
    for (let index = 0; index < TRIES && !this.isClosed; index++) {
      if (this.running.size >= RUNNING_MAX) await new Promise<void>((resolve) => void this.queue.push(resolve));
      const resolver = new dns.Resolver();
      const timer = setTimeout(() => resolver.cancel(), TRY_ms);
      this.running.add(resolver);
      try {
        resolver.setServers([servers[index % servers.length] ?? ""]);
        return await read(resolver, type, name);
      } catch (error) {
        const { code } = error as { code?: unknown };
        if (NOTHING.includes(String(code))) return { records: [], lifetime_ms: 0 };
      } finally {
        clearTimeout(timer);
        this.running.delete(resolver);
        this.queue.shift()?.();
      }
    }
    return undefined;
  }
}

/** All four take options, whatever Node's types say; without a time to live they answer without one. */
type Method = (name: string, options: { ttl: true }, callback: (error: Error | null, found: Found[]) => void) => void;
type Found = Partial<dns.RecordWithTtl & dns.SrvRecord> & dns.NaptrRecord;

const METHODS = { A: "resolve4", AAAA: "resolve6", SRV: "resolveSrv", NAPTR: "resolveNaptr" } as const;

function read(resolver: dns.Resolver, type: Question["type"], name: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    (resolver[METHODS[type]] as unknown as Method).call(resolver, name, { ttl: true }, (error, found) => {
      if (error !== null) {
        reject(error);
        return;
      }
      const lifetimes = found.map(({ ttl }) => (ttl === undefined ? UNTOLD_LIFETIME_ms : ttl * SECOND_ms));
      const records = found.map((one) => one.address ?? (type === "SRV" ? { ...one, target: one.name } : one));
      resolve({ records: records as Answer["records"], lifetime_ms: Math.min(...lifetimes) });
    });
  });
}
