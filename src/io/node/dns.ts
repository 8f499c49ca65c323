/**
 * Asks DNS over Node's sockets; `transport/dns/lookup.ts` says what is asked. Nothing here blocks, or takes one of the few threads
 * that getaddrinfo would hold for minutes while DNS is dead. The hosts file goes first.
 */
import { performance } from "perf_hooks";
import { type Ask, answerFromHosts, Lookup, type Step } from "../../transport/dns/lookup.ts";
import { parseHosts, parseResolvConf, type ResolverSettings } from "../../transport/dns/resolver-files.ts";
import { Servers } from "../../transport/dns/servers.ts";
import type { Answer, Question } from "../../transport/locator.ts";
import { exchangeDns } from "./dns-exchange.ts";
import { createRandom } from "./secret.ts";
import { WatchedFile } from "./watched-file.ts";

/** Questions at once: each has a socket, and a process has few descriptors. The others wait their turn. */
const RUNNING_MAX = 128;
const HOSTS_LIFETIME_ms = 10_000;

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
  private readonly known = new Servers();
  private readonly random = createRandom();
  private running = 0;
  /** Questions that wait for their turn. */
  private readonly queue: (() => void)[] = [];
  /** Each ends the exchange of one question. */
  private readonly stops = new Set<() => void>();
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
    for (const stop of this.stops) stop();
    for (const next of this.queue.splice(0)) next();
  }

  private async find(question: Question): Promise<Answer | undefined> {
    const own = answerFromHosts(await this.hosts.read(), question, HOSTS_LIFETIME_ms);
    if (own !== undefined) return own;
    const settings = await this.settings.read();
    if (this.running < RUNNING_MAX) this.running += 1;
    else await new Promise<void>((resolve) => void this.queue.push(resolve));
    try {
      return await this.ask(question, settings);
    } finally {
      const next = this.queue.shift();
      if (next === undefined) this.running -= 1;
      else next();
    }
  }

  private async ask(question: Question, settings: ResolverSettings): Promise<Answer | undefined> {
    const servers = this.servers.length > 0 ? this.servers : settings.servers;
    const now_ms = performance.now();
    const lookup = new Lookup(question, servers, settings, this.known, this.random, now_ms);
    let step = lookup.begin(now_ms);
    while (step.by !== "nobody" && !this.isClosed) step = await this.take(step, lookup);
    return step.by === "nobody" ? step.answer : undefined;
  }

  /** Does one step; resolves with the next. */
  private take(step: Ask, lookup: Lookup): Promise<Step> {
    return new Promise((resolve) => {
      let close = () => {};
      let isOver = false;
      const hear = (find: () => Step | undefined) => {
        const next = isOver ? undefined : find();
        if (next === undefined) return;
        isOver = true;
        clearTimeout(timer);
        this.stops.delete(stop);
        close();
        resolve(next);
      };
      const stop = () => hear(() => step);
      const giveUp = () => hear(() => lookup.onSilence(performance.now()));
      const timer = setTimeout(giveUp, step.patience_ms);
      this.stops.add(stop);
      try {
        const onWire = (wire: string) => hear(() => lookup.onResponse(wire, performance.now()));
        close = exchangeDns(step, { onWire, onEnd: giveUp }, this.random);
        if (isOver) close();
      } catch {
        giveUp();
      }
    });
  }
}
