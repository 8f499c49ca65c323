/**
 * INVITEs that are lost because they are long. A tunnel with a small MTU, or a firewall that drops IP fragments, lets short
 * datagrams pass: probes are answered, the peer looks alive, and each long INVITE costs its caller fr_timer.
 */
import type { Logger } from "../../base/ports.ts";
import type { LongInvites } from "../status.ts";

/** Datagrams up to this length pass each way: IPv6 promises packets of 1,280 octets, its header and UDP's among them. */
const SHORT_octets = 1_200;
/** The way to a peer changes: what an answer has shown of it counts for this long. */
const ANSWERED_LIFETIME_ms = 3_600_000;
/** A slow peer answers after fr_timer: only what has stayed unanswered for this time counts. */
const SLOW_ms = 3_000;
const TOLD_AGAIN_ms = 3_600_000;
/** The status shows it until an equally long request is answered, or for this long. */
const SHOWN_ms = 24 * 3_600_000;

/** "INVITEs of 1834 octets unanswered while probes are answered: MTU?", as log and status say it. */
export function longInvitesText({ octets }: LongInvites): string {
  return `INVITEs of ${octets} octets unanswered while probes are answered: MTU?`;
}

export const LONG_INVITES_CURE =
  "branchline doctor says what gets through (mtu): a larger MTU on the way, fragments let pass, or ;transport=tcp behind the URI and a tcp: address in listen";

/** The evidence about one peer. */
export class DatagramLengths {
  private answered_octets = 0;
  private answered_ms = 0;
  /** Of an INVITE that was left unanswered, and no probe has judged it yet; 0: none was. */
  private doubted_octets = 0;
  /** When the first of these was given up. */
  private doubted_ms = 0;
  private suspect_octets = 0;
  private suspected_ms = 0;
  private told_ms = Number.NEGATIVE_INFINITY;

  /** A request of this length has had an answer of any kind. */
  onAnswered(octets: number, now_ms: number): void {
    if (octets >= this.longestAnswered(now_ms)) {
      this.answered_octets = octets;
      this.answered_ms = now_ms;
    }
    if (octets >= this.suspect_octets) this.suspect_octets = 0;
    if (octets >= this.doubted_octets) this.doubted_octets = 0;
  }

  /** An INVITE of this length has had none: the probes that follow decide whether the peer lives all the same. */
  onUnanswered(octets: number, now_ms: number): void {
    const isLong = octets > SHORT_octets && octets > this.longestAnswered(now_ms);
    if (!isLong) return;
    if (this.doubted_octets === 0) this.doubted_ms = now_ms;
    this.doubted_octets = Math.max(this.doubted_octets, octets);
  }

  /** @returns what is to be logged, each hour at the most */
  onProbe(isAnswered: boolean, now_ms: number): LongInvites | undefined {
    if (isAnswered && now_ms - this.doubted_ms < SLOW_ms) return undefined;
    const octets = this.doubted_octets;
    this.doubted_octets = 0;
    if (!isAnswered || octets === 0) return undefined;
    this.suspect_octets = Math.max(this.found(now_ms)?.octets ?? 0, octets);
    this.suspected_ms = now_ms;
    if (now_ms - this.told_ms < TOLD_AGAIN_ms) return undefined;
    this.told_ms = now_ms;
    return this.found(now_ms);
  }

  /** A probe of the peer is answered: what has been left unanswered was lost for another reason. */
  onLife({ role, name }: { readonly role: string; readonly name: string }, log: Logger, now_ms: number): void {
    const found = this.onProbe(true, now_ms);
    if (found !== undefined) log.warn("invites_unanswered", { [role]: name, ...longInvitesFields(found) });
  }

  /** What is suspected now. */
  found(now_ms: number): LongInvites | undefined {
    if (this.suspect_octets === 0 || now_ms - this.suspected_ms > SHOWN_ms) return undefined;
    return { octets: this.suspect_octets, answered_octets: this.longestAnswered(now_ms) };
  }

  private longestAnswered(now_ms: number): number {
    return now_ms - this.answered_ms > ANSWERED_LIFETIME_ms ? 0 : this.answered_octets;
  }
}

/** The same for the log. */
function longInvitesFields(found: LongInvites) {
  const { octets, answered_octets } = found;
  const answered = answered_octets === 0 ? {} : { answered_octets };
  return { octets, ...answered, what: longInvitesText(found), cure: LONG_INVITES_CURE };
}
