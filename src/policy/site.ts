/** The site as its administrator describes it: who is who, and what to do in an outage. */
import type { IpRanges } from "../base/ip-range.ts";
import type { Rate } from "../base/token-bucket.ts";
import type { SipUri } from "../message/uri.ts";
import type { OptionsForm } from "../proxy/options-request.ts";
import type { GatewayChoice } from "./gateway-strategies.ts";

export interface ProbeSettings {
  /** Between probes while upstream answers. */
  readonly interval_ms: number;
  /** Between probes while it is suspect, and while it proves that it has come back. */
  readonly suspect_interval_ms: number;
  /** Between probes while it is down. */
  readonly down_interval_ms: number;
  /** How long a probe waits for its answer. */
  readonly timeout_ms: number;
  /** Probes that fail before suspect turns down. */
  readonly failures: number;
  /** Probes that succeed before down turns recovering. */
  readonly successes: number;
  /** What the OPTIONS request looks like. */
  readonly options: OptionsForm;
  /** Final statuses that show life, and no others; undefined: all but the dead codes, and provisional ones too. */
  readonly aliveCodes: readonly StatusRange[] | undefined;
}

/** Statuses of responses, both ends among them. */
export interface StatusRange {
  readonly first: number;
  readonly last: number;
}

/** How a peer is watched: an upstream target or a gateway. */
export interface WatchSettings {
  readonly probe: ProbeSettings;
  /** How long recovering lasts; doubles at each flap, up to `hold_max_ms`. */
  readonly hold_ms: number;
  readonly hold_max_ms: number;
  /** Final responses without a body that mean that nobody lives behind the one who sent them. */
  readonly deadCodes: readonly number[];
}

export interface UpstreamSettings extends WatchSettings {
  /** In order of preference; empty: each Request-URI's own domain is upstream. */
  readonly targets: readonly SipUri[];
  /** How single targets are probed, by the text of their URI, where that differs from `probe`. */
  readonly ownProbes: ReadonlyMap<string, ProbeSettings>;
  /** Whether its requests may end at a gateway; emergency numbers may in any case. */
  readonly mayDialOut: boolean;
  /** Pins the state: "down" for a site that is to live on its own. */
  readonly force: "auto" | "up" | "down";
  /** How long a request may stay without any response. */
  readonly fr_timer_ms: number;
}

/** Replaces what `match` finds in a number; `replace` may use $1, $2 … */
export interface NumberRule {
  readonly match: RegExp;
  readonly replace: string;
}

export interface Gateway {
  /** As carriers and logs name it. */
  readonly name: string;
  readonly uri: SipUri;
  /** Lower goes first. */
  readonly priority: number;
  /** Its share among gateways of the same priority. */
  readonly weight: number;
  /** It may learn who calls in spite of a wish for privacy, and gets all credentials. */
  readonly isTrusted: boolean;
  /** Calls that it can carry at once; undefined: no limit. */
  readonly channels: number | undefined;
  /** How it is probed. */
  readonly probe: ProbeSettings;
  /** The first rule that matches rewrites the number that goes there. */
  readonly called: readonly NumberRule[];
  /** The same for the caller's number, which goes there in P-Asserted-Identity (RFC 3325). */
  readonly calling: readonly NumberRule[];
}

/** Numbers that begin so go to these gateways, in this order. */
export interface Carrier {
  readonly name: string;
  readonly prefixes: readonly string[];
  readonly gateways: readonly string[];
}

export interface GatewaySettings {
  /** How gateways of the same priority share calls. */
  readonly choice: GatewayChoice;
  readonly carriers: readonly Carrier[];
  /** How gateways are probed that have nothing of their own. */
  readonly probe: ProbeSettings;
  /** A call of which no BYE has been seen holds its channel for this time. */
  readonly max_call_ms: number;
}

export interface EmergencySettings {
  /** As they are dialled; none: no number is special. */
  readonly numbers: readonly string[];
  /** What phones dial before an outside number: with 0, 0112 is 112. */
  readonly prefixes: readonly string[];
  /** Channels, of all gateways together, that are kept free of ordinary calls from here. */
  readonly reserve: number;
  /** Whether the youngest ordinary call is ended when no gateway takes an emergency call. */
  readonly preempt: boolean;
  /** For this time afterwards, calls from that gateway ring the caller too. */
  readonly callback_ms: number;
}

/** Which numbers mean phones of this site, beyond the users of their addresses-of-record. */
export interface ExtensionSettings {
  /** Number → extension. */
  readonly aliases: ReadonlyMap<string, string>;
  /** What the outside dials before an extension: with 5550, 5550201 is 201. */
  readonly prefixes: readonly string[];
  /**
   * Of two numbers of which one ends with the other, the shorter at least this long, both mean one phone. Undefined: no
   * guessing, since 112 ends 4112 too, and many an outside number ends with an extension.
   */
  readonly suffix_digits: number | undefined;
  readonly forwards: ReadonlyMap<string, Forward>;
  /** How long a phone rings before `noAnswer`, or before the caller hears that nobody answers. */
  readonly ring_ms: number;
}

/** Where the calls of an extension go when it can't take them: another extension or an outside number. */
export interface Forward {
  readonly busy: string | undefined;
  readonly noAnswer: string | undefined;
}

/** An extension, or the URI of a phone. */
export type Member = string | SipUri;

export interface HuntGroup {
  /** The called number that it serves, or "default". */
  readonly name: string;
  readonly members: readonly Member[];
  /** All at once, one after the other, or the same beginning with another one each time. */
  readonly strategy: "parallel" | "serial" | "round-robin";
  /** What a phone's 603, 606 and 607 speak for. */
  readonly decline: "member" | "group";
  /** How long the group rings; with serial and round-robin, each member. */
  readonly ring_ms: number;
  /** Another group, an extension or an outside number, when nobody of this one takes the call. */
  readonly overflow: string | undefined;
}

export interface InboundSettings {
  /** Calls from a gateway ring here at once, or upstream is asked first, so that its menus and opening hours work. */
  readonly order: "hunt" | "upstream-first";
  /** How long upstream may stay silent then. */
  readonly timer_ms: number;
}

/** What the phones of one maker are told. */
export interface PhoneText {
  /** Occurs in their User-Agent (RFC 3261 §20.41), letters in either case. */
  readonly agent: string;
  /** The provisional response of the notice: 181 by default. */
  readonly status?: 181 | 182 | undefined;
  /** Its reason phrase, in place of the one for all. */
  readonly notice?: string | undefined;
  /** The display name of the called party, where a gateway takes the call; `{number}` stands for what was dialled. */
  readonly called?: string | undefined;
  /** The Alert-Info of a 180 from a gateway: another ringback tone (§20.4). */
  readonly alert_info?: string | undefined;
}

export interface SurvivalSettings {
  /** auto: 302, but relay for phones that have been found not to follow it. */
  readonly answer: 302 | 380 | "relay" | "auto";
  /** Reason phrase of the 181. */
  readonly notice: string;
  /** What the phones of some makers are told besides; the first row that is a phone's counts. */
  readonly makers: readonly PhoneText[];
  /** Between the 181 and the answer. */
  readonly notice_hold_ms: number;
}

/** REGISTERs of phones that this branchline and a foreign proxy, the other half of a pair, copy to each other. */
export interface CopySettings {
  /** Where copies go: URIs with addresses. */
  readonly to: readonly SipUri[];
  /** Addresses from which a REGISTER is a copy, in their canonical form. */
  readonly from: readonly string[];
}

export interface RegistrationSettings {
  /** "contact" for an upstream that knows no Path: phones' Contacts are hidden behind our own address. */
  readonly mode: "path" | "contact";
  /** No phone is told a longer expiry, so that each comes back often enough to notice what has changed. */
  readonly expires_cap_ms: number;
  /** What phones are told in an outage, less a random part. */
  readonly survival_expires_ms: number;
  /** A known phone whose REGISTER upstream leaves unanswered for this time is answered here. */
  readonly local_after_ms: number;
  /** Phones that are answered in an outage: those seen before, all in localnet, or none. */
  readonly unknown: "known" | "localnet" | "none";
  /** REGISTERs per second that go up after an outage. */
  readonly pace: number;
  readonly copies: CopySettings;
  /** Refreshes that upstream doesn't need yet are answered here in normal times too. */
  readonly throttle: boolean;
}

/** How much each source may ask of us. */
export interface LimitSettings {
  /** New requests of an address in localnet. */
  readonly perSource: Rate;
  /** Messages of any kind of a stranger's address. */
  readonly strangers: Rate;
}

/** What the file says of the site. A field that one rule alone reads stands with that rule. */
export interface Site {
  readonly localnet: IpRanges;
  /** Host names that mean this proxy. */
  readonly names: readonly string[];
  /** The names in our own TLS certificate, without wildcards. */
  readonly certificateNames: readonly string[];
  readonly upstream: UpstreamSettings;
  readonly registration: RegistrationSettings;
  readonly extensions: ExtensionSettings;
  /** Plain numbers that the file names as extensions, or as theirs: they never leave by a gateway. */
  readonly ownNumbers: ReadonlySet<string>;
  readonly gateways: readonly Gateway[];
  readonly gatewaySettings: GatewaySettings;
  readonly emergency: EmergencySettings;
  readonly survival: SurvivalSettings;
  readonly inbound: InboundSettings;
  readonly huntGroups: readonly HuntGroup[];
  /** What a request from a stranger gets. "auto": 403 on a listener in localnet, nothing on any other. */
  readonly strangers: "auto" | "drop" | "reject";
  readonly limits: LimitSettings;
}
