/**
 * How much each source may ask of us, by its address, before anything is read: strangers little, phones plenty, gateways
 * and upstream as much as they like.
 */
import { BoundedMap } from "../../base/bounded-map.ts";
import { ownerNetwork } from "../../base/ip-range.ts";
import { type Limits, PLENTY } from "../../base/limits.ts";
import { NO_LIMIT, type Rate, TokenBucket } from "../../base/token-bucket.ts";
import type { Origin } from "../origin.ts";
import type { LimitSettings } from "../site.ts";

/** Source addresses can be forged: all strangers together get this many times the quota of one. */
const STRANGERS_TOGETHER = 20;
/** What belongs to a request besides itself: ACK, responses, retransmissions for as long as upstream is silent. */
const MESSAGES_PER_REQUEST = 10;
/** For a source over its quota: requests a second that get 503, and emergency calls a second that pass all the same. */
const EXCEPTIONS: Rate = { rate: 5, burst: 5 };
/** What a source is can change: DNS finds another upstream. */
const LOOK_AGAIN_ms = 1_000;

/** What a source has left. */
interface Source {
  readonly origin: Origin;
  /** Until when it is taken for what it is. */
  until_ms: number;
  readonly messages: TokenBucket;
  readonly requests: TokenBucket;
  readonly refusals: TokenBucket;
  readonly emergencies: TokenBucket;
}

type Tables = Pick<Limits, "sources" | "strangers">;

export class Quotas {
  /** By address, strangers by the network that is theirs. A source that is forgotten begins anew, and that is all. */
  readonly sources: BoundedMap<string, Source>;
  readonly strangers: BoundedMap<string, TokenBucket>;
  private readonly limits: LimitSettings;
  private readonly originOf: (address: string) => Origin;
  private readonly together: TokenBucket;

  constructor(limits: LimitSettings, originOf: (address: string) => Origin, tables: Tables = PLENTY) {
    this.sources = new BoundedMap(tables.sources);
    this.strangers = new BoundedMap(tables.strangers);
    this.limits = limits;
    this.originOf = originOf;
    this.together = bucketOf(limits.strangers, STRANGERS_TOGETHER);
  }

  /** Whether a message from `address` is to be read. */
  hears(address: string, now_ms: number): boolean {
    let source = this.sources.get(address);
    if (source === undefined || now_ms >= source.until_ms) source = this.look(address, source, now_ms);
    return source === undefined ? this.hearsStranger(address, now_ms) : source.messages.take(now_ms);
  }

  /** A stranger has shown a token of ours, or answered what we had asked: from now on it may ask as much as a phone. */
  prove(address: string): void {
    if (this.find(address) === undefined) this.remember(ownerNetwork(address), "stranger", 0);
  }

  /** Whether one more `what` from `address` has room: a new request, an emergency call beyond that, or a refusal. */
  takes(what: "requests" | "emergencies" | "refusals", address: string, now_ms: number): boolean {
    return this.find(address)?.[what].take(now_ms) !== false;
  }

  private find(address: string): Source | undefined {
    return this.sources.get(address) ?? this.sources.get(ownerNetwork(address));
  }

  private hearsStranger(address: string, now_ms: number): boolean {
    const owner = ownerNetwork(address);
    let bucket = this.strangers.get(owner);
    if (bucket === undefined) {
      bucket = bucketOf(this.limits.strangers, 1);
      this.strangers.set(owner, bucket);
    }
    return bucket.take(now_ms) && this.together.take(now_ms);
  }

  /** Undefined for a stranger who has proved nothing. */
  private look(address: string, known: Source | undefined, now_ms: number): Source | undefined {
    const origin = this.originOf(address);
    const until_ms = now_ms + LOOK_AGAIN_ms;
    if (known?.origin === origin) known.until_ms = until_ms;
    else if (origin === "stranger") this.sources.delete(address);
    else return this.remember(address, origin, until_ms);
    return this.find(address);
  }

  private remember(address: string, origin: Origin, until_ms: number): Source {
    const rate = origin === "localnet" || origin === "stranger" ? this.limits.perSource : NO_LIMIT;
    const source = {
      origin,
      until_ms,
      messages: bucketOf(rate, MESSAGES_PER_REQUEST),
      requests: bucketOf(rate, 1),
      refusals: bucketOf(EXCEPTIONS, 1),
      emergencies: bucketOf(EXCEPTIONS, 1),
    };
    this.sources.set(address, source);
    return source;
  }
}

function bucketOf({ rate, burst }: Rate, times: number): TokenBucket {
  return new TokenBucket(rate * times, burst * times);
}
