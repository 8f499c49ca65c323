/** DNS servers in virtual time, and a lookup that asks them. */
import { type Ask, Lookup } from "../../../src/transport/dns/lookup.ts";
import type { ResolverSettings } from "../../../src/transport/dns/resolver-files.ts";
import { Servers } from "../../../src/transport/dns/servers.ts";
import type { Answer, Question } from "../../../src/transport/next-hops.ts";
import { Rng } from "../../fuzz/rng.ts";
import { type Query, readQuery, replyTo, type Twist, type Zone } from "../../support/dns-packets.ts";
import { bytesOf } from "./codec-lab.ts";

/** What a server does with a query: a reply, several one after the other, silence, or a closed port. */
export type Conduct = (
  query: Query,
  ask: Ask,
  reply: (twist?: Twist) => string,
) => string | readonly string[] | "silent" | "refused";

export const ANSWERS: Conduct = (_query, _ask, reply) => reply();
export const SILENT: Conduct = () => "silent";
export const REFUSED: Conduct = () => "refused";
/** What an answer takes on its way. */
export const WAY_ms = 20;

const SETTINGS: ResolverSettings = { servers: [], search: [], ndots: 1, timeout_ms: undefined, attempts: undefined };

export interface Told {
  readonly answer: Answer | undefined;
  readonly took_ms: number;
}

export class Lab {
  /** By address; one that isn't here refuses. */
  readonly conducts = new Map<string, Conduct>();
  /** Each query: when, to whom, how, what; "+" where it has EDNS0. */
  readonly log: string[] = [];
  readonly queries: Query[] = [];
  now_ms = 1_000_000;
  private readonly servers = new Servers();
  private readonly rng: Rng;
  private readonly zone: Zone;

  constructor(zone: Zone, seed = 1) {
    this.zone = zone;
    this.rng = new Rng(seed);
  }

  /** @param texts the servers that are asked, in this order */
  ask(question: Question, texts: readonly string[], settings: Partial<ResolverSettings> = {}): Told {
    const start_ms = this.now_ms;
    const random = { token: () => "", fraction: () => this.rng.below(0x1000000) / 0x1000000 };
    const whole = { ...SETTINGS, ...settings };
    const lookup = new Lookup(question, texts, whole, this.servers, random, start_ms);
    let step = lookup.begin(start_ms);
    while (step.by !== "nobody") {
      const { patience_ms } = step;
      const found = this.carry(step, start_ms);
      if (typeof found === "string") {
        this.now_ms += found === "silent" ? patience_ms : WAY_ms;
        step = lookup.onSilence(this.now_ms);
        continue;
      }
      this.now_ms += WAY_ms;
      const until_ms = this.now_ms + patience_ms - WAY_ms;
      let next: ReturnType<typeof lookup.onResponse>;
      for (const wire of found) next = next ?? lookup.onResponse(wire, this.now_ms);
      if (next === undefined) this.now_ms = until_ms;
      step = next ?? lookup.onSilence(this.now_ms);
    }
    return { answer: step.answer, took_ms: this.now_ms - start_ms };
  }

  private carry(ask: Ask, start_ms: number): "silent" | "refused" | readonly string[] {
    const { address } = ask.server;
    const query = readQuery(bytesOf(ask.wire));
    this.queries.push(query);
    const mark = query.isExtended ? "+" : "";
    this.log.push(`${this.now_ms - start_ms} ${address} ${ask.by}${mark} ${query.type} ${query.name}`);
    const reply = (twist: Twist = {}) => replyTo(query, this.zone, twist).toString("latin1");
    const found = (this.conducts.get(address) ?? REFUSED)(query, ask, reply);
    if (found === "silent" || found === "refused") return found;
    return typeof found === "string" ? [found] : found;
  }
}
