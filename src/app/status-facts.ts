/** The state of a running branchline as facts: what `status --json` prints, and what all words about it are made of. */
import type { TableStatus } from "../base/meter.ts";
import type { ForcedStatus, GatewayStatus, MissingWay, PeerStatus, SiteStatus } from "../policy/status.ts";
import type { TlsFiles } from "../transport/tls-files.ts";
import type { ClusterFacts } from "./cluster-facts.ts";
import type { DrillFacts } from "./drill-desk.ts";
import type { Refusal } from "./reload.ts";

const DAY_ms = 86_400_000;

/** Times of day are in ISO 8601, UTC; the same event has the same time in each answer. */
export interface RunningStatus extends Omit<SiteStatus, "forced" | "upstream" | "gateways" | "history"> {
  readonly version: string;
  /** The path of the file that it reads; older versions don't tell. */
  readonly file?: string;
  /** The time of this answer; older versions don't tell. */
  readonly now?: string;
  readonly up_s: number;
  /** As the file names it, and the address that it has now; null: none. */
  readonly listen: readonly { readonly name: string; readonly address: string | null }[];
  /** Peers that the router reaches from an address on which branchline doesn't listen; older versions don't tell. */
  readonly missing_ways?: readonly MissingWay[];
  /** What forces upstream's state, where something does. */
  readonly forced?: Forced | undefined;
  readonly upstream: readonly PeerFacts[];
  readonly gateways: readonly (PeerFacts & Pick<GatewayStatus, "calls" | "channels">)[];
  /** The last reload was refused, and none has been done since. */
  readonly reload_refused?: (Refusal & { readonly at: string }) | undefined;
  /** Where the file has a cluster. */
  readonly cluster?: ClusterFacts | undefined;
  /** The drill that runs, where one does. */
  readonly drill?: DrillFacts | undefined;
  /** Of the file's `tls`; older versions don't tell. */
  readonly certificate?: CertificateFacts | undefined;
  /** Messages dropped, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
  readonly tables: readonly TableStatus[];
  /** Oldest first. */
  readonly history: readonly Change[];
}

/** Our certificate that is in use. */
export interface CertificateFacts {
  readonly file: string;
  /** Whole days until it is no longer valid, less than 0 since then; null: its dates can't be read. */
  readonly left_days: number | null;
}

/** A state of upstream that an administrator has chosen. */
export interface Forced extends Pick<ForcedStatus, "by"> {
  readonly since: string;
  /** When it ends by itself, and how long that is; missing where it doesn't. */
  readonly until?: string;
  readonly left_s?: number;
}

/** What of a peer's status is told as a time of day, or in seconds. */
type Times = Pick<PeerStatus, "since_ms" | "hold_left_ms" | "call_answered_ms">;

export interface PeerFacts extends Omit<PeerStatus, keyof Times> {
  /** When it came to be seen as it is, and how long ago. */
  readonly since?: string;
  readonly since_s?: number;
  /** Recovering: how long it must go on answering before calls go there. */
  readonly hold_left_s?: number;
  /** Of a gateway: when it last answered a call, with more than 100, and how long ago. */
  readonly call_answered?: string;
  readonly call_answered_s?: number;
}

/** A change of the state of an upstream target or a gateway. */
export interface Change {
  readonly at: string;
  readonly role: "upstream" | "gateway";
  readonly peer: string;
  readonly from: string;
  readonly to: string;
  /** What had been seen: "probe failed", "request unanswered", "forced" … */
  readonly evidence: string;
  /** Of "probe failed": "silence", "refused", "unreachable", or the status that was answered; of requests too: "dns_silent", "no_address". */
  readonly probe_failure?: string | number | undefined;
}

/** Tells the time of day of what happened at `at_ms`. */
export type IsoTime = (at_ms: number) => string;

/** The site's part of the status, in facts that another process can read. */
export function siteFacts(
  { force, forced, calls_go_to, upstream, gateways, history, ...rest }: SiteStatus,
  iso: IsoTime,
  now_ms: number,
): Omit<SiteStatus, "forced" | "upstream" | "gateways" | "history"> &
  Pick<RunningStatus, "forced" | "upstream" | "gateways" | "history"> {
  return {
    force,
    forced: forced === undefined ? undefined : forcedFacts(forced, iso, now_ms),
    ...(calls_go_to === undefined ? {} : { calls_go_to }),
    upstream: upstream.map((peer) => peerFacts(peer, iso, now_ms)),
    gateways: gateways.map((gateway) => peerFacts(gateway, iso, now_ms)),
    ...rest,
    history: history.map(({ at_ms, role, name, from, to, evidence, probe_failure }) => {
      return { at: iso(at_ms), role, peer: name, from, to, evidence, probe_failure };
    }),
  };
}

/** @param host tells when the certificate of a file ends */
export function certificateFacts(
  tls: TlsFiles | undefined,
  host: { certificateEnd_ms(file: string): number | undefined; wallClock_ms(): number },
): CertificateFacts | undefined {
  if (tls === undefined) return undefined;
  const end_ms = host.certificateEnd_ms(tls.certificate);
  const left_days = end_ms === undefined ? null : Math.floor((end_ms - host.wallClock_ms()) / DAY_ms);
  return { file: tls.certificate, left_days };
}

function forcedFacts({ by, since_ms, until_ms }: ForcedStatus, iso: IsoTime, now_ms: number): Forced {
  const since = iso(since_ms);
  if (until_ms === undefined) return { by, since };
  return { by, since, until: iso(until_ms), left_s: seconds(Math.max(0, until_ms - now_ms)) };
}

function peerFacts<P extends PeerStatus>(
  { since_ms, hold_left_ms, call_answered_ms: call_ms, ...rest }: P,
  iso: IsoTime,
  now_ms: number,
): Omit<P, keyof Times> & Pick<PeerFacts, "since" | "since_s" | "hold_left_s" | "call_answered" | "call_answered_s"> {
  return {
    ...rest,
    ...(since_ms === undefined ? {} : { since: iso(since_ms), since_s: seconds(now_ms - since_ms) }),
    ...(hold_left_ms === undefined ? {} : { hold_left_s: seconds(hold_left_ms) }),
    ...(call_ms === undefined ? {} : { call_answered: iso(call_ms), call_answered_s: seconds(now_ms - call_ms) }),
  };
}

function seconds(duration_ms: number): number {
  return Math.round(duration_ms / 1_000);
}
