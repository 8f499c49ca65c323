/** The branch parameters that we give out: the only place that makes or reads them (RFC 3261 §8.1.1.7, §16.6 item 8). */
import { fnv } from "../base/fnv.ts";
import type { Mac, Random } from "../base/ports.ts";
import { PROXY_AUTHORIZATION, ROUTE } from "../message/header-names.ts";
import type { Request } from "../message/message.ts";
import { MAGIC_COOKIE } from "../message/via.ts";

/** "s" and 32 bits in base 36. */
const STATELESS_TAG_MAX = 8;

/**
 * "z9hG4bK" mark "." member start counter "-" chance "." loop
 *
 * mark: the same for the life of the installation and known only to those that we have sent a request: a peer that returns it in a
 * response has seen our request, even one from before a restart; members of a cluster share it. member: whose transaction it is; alone in
 * no cluster, nothing stands there. start: differs with each start of the process, so that branches never repeat. chance: one that has seen a branch must not foresee the next, or it answers in others' place. loop: RFC 5393 §4.2.1, what a looping request would repeat.
 */
export class BranchIds {
  private readonly mark: string;
  private readonly secondMark: string;
  private readonly prefix: string;
  private readonly chance: (text?: string) => string;
  private counter = 0;
  /** The request that has been forwarded last, and its loop: the copies of a fork have the same. */
  private lastRequest: Request | undefined = undefined;
  private lastLoop = "";

  /**
   * @param mark of this installation: at least 8 characters of token
   * @param start of this process: a few characters of token
   * @param chance at least 8 characters of token that nobody can foresee; of a text the same at each member
   * @param member in a cluster: {@link memberMark} of this one
   * @param second a mark that is ours too, while the secret behind it changes
   */
  constructor(mark: string, start: string, chance: (text?: string) => string, member = "", second = mark) {
    this.chance = chance;
    this.mark = `${MAGIC_COOKIE}${mark}.`;
    this.secondMark = `${MAGIC_COOKIE}${second}.`;
    this.prefix = `${this.mark}${member}${start}`;
  }

  /** What no other branch begins with. */
  stem(): string {
    this.counter += 1;
    return `${this.prefix}${this.counter.toString(36)}-`;
  }

  /** A branch for a new client transaction. */
  next(loop: string): string {
    return `${this.stem()}${this.chance()}.${loop}`;
  }

  /**
   * A branch for a new copy of `request`.
   * @param to where that goes
   * @param stem of a call that another member may go on with, too: for the same copy that one makes the same branch
   */
  nextFor(request: Request, to = "", stem?: string): string {
    if (request !== this.lastRequest) {
      this.lastLoop = loopHash(request);
      this.lastRequest = request;
    }
    return stem === undefined ? this.next(this.lastLoop) : `${stem}${this.chance(stem + to)}.${this.lastLoop}`;
  }

  /** The branch of a request forwarded without a transaction: the same for each retransmission (§16.11). */
  stateless(request: Request): string {
    const { branch, host, port } = request.topVia;
    return `${this.mark}-${hash(`${branch} ${host} ${port} ${request.callId} ${request.cseqNumber}`)}.0`;
  }

  /** Whether this installation made `branch`. */
  isOurs(branch: string): boolean {
    return branch.startsWith(this.mark) || branch.startsWith(this.secondMark);
  }

  /** Whether it did so for a request that no transaction of this process can know: before a restart, or without state. */
  isFromElsewhere(branch: string): boolean {
    return this.isOurs(branch) && !branch.startsWith(this.prefix);
  }

  /** Whether the member with this mark made `branch`, in this life of its or in one before. */
  isOf(member: string, branch: string): boolean {
    return branch.startsWith(this.mark + member);
  }

  /** Whether `request` passed here before and has come back unchanged, given the branch of a Via of ours (§16.3 item 4). */
  isLoop(branch: string, request: Request): boolean {
    return this.isOurs(branch) && branch.slice(branch.lastIndexOf(".") + 1) === loopHash(request);
  }
}

/** What makes branches of its own at each start, of the keyed hashes that the installation or the cluster has. */
export function branchIdsBy({ mac, secondMac, random, member }: Marks): BranchIds {
  const own = member === undefined ? "" : memberMark(mac, member);
  const chance = (text?: string) => (text === undefined ? random.token(10) : tokenOf(mac(text), 10));
  return new BranchIds(markBy(mac), random.token(4), chance, own, markBy(secondMac ?? mac));
}

interface Marks {
  readonly mac: Mac;
  readonly secondMac?: Mac | undefined;
  readonly random: Random;
  readonly member?: string | undefined;
}

function markBy(mac: Mac): string {
  return tokenOf(mac("branch"), 10);
}

/** Four characters of token that stand for a member of a cluster, the same at each of them. @param mac the cluster's */
export function memberMark(mac: Mac, name: string): string {
  return tokenOf(mac(`member ${name}`), 4);
}

function tokenOf(text: string, length: number): string {
  return text.replace(/[^A-Za-z0-9]/g, "x").slice(0, length);
}

/** A To tag for an answer without a transaction: each retransmission gets the same (§8.2.7). */
export function statelessTag(request: Request): string {
  return `s${hash(`${request.topVia.branch} ${request.callId} ${request.cseqNumber} ${request.fromTag}`)}`;
}

/** Whether `request` has that tag in To. */
export function hasStatelessTag(request: Request): boolean {
  const { toTag } = request;
  return toTag.length <= STATELESS_TAG_MAX && toTag === statelessTag(request);
}

/** RFC 5393 §4.2.1: what decides where a request goes; equal for a request that has looped. */
export function loopHash(request: Request): string {
  return hash(
    `${request.requestUri} ${request.callId} ${request.cseqNumber} ${valuesOf(request, ROUTE)}` +
      valuesOf(request, PROXY_AUTHORIZATION),
  );
}

function valuesOf(request: Request, id: number): string {
  return request.indexOf(id) < 0 ? "" : request.list(id).join();
}

function hash(text: string): string {
  return (fnv(text) >>> 0).toString(36);
}
