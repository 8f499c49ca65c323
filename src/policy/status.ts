/** How the site is at one moment, as plain data. */

/** What speaks for a small MTU on the way to a peer. */
export interface LongInvites {
  /** The longest INVITE that was left unanswered while probes were answered. */
  readonly octets: number;
  /** The longest request that was answered lately; 0: none is known. */
  readonly answered_octets: number;
}

/** How REGISTERs go up to an upstream target. */
export interface PaceStatus {
  /** REGISTERs that may go up each second: fewer than the most after an outage, until the target has shown that it bears more. */
  readonly per_s: number;
  /** By the file. */
  readonly most_per_s: number;
  /** Those that wait for the target's answer. */
  readonly unanswered: number;
}

export interface PeerStatus {
  readonly name: string;
  readonly state: string;
  /** What has been seen of it; differs from `state` while that is forced. */
  readonly observed: string;
  /** When it came to be seen so; undefined: it isn't watched yet. */
  readonly since_ms?: number;
  /** What had been seen just before (`Evidence` in peers/peer-state.ts); undefined: nothing has been seen of it yet. */
  readonly evidence?: string;
  /** Why the probe had failed that is the evidence; as its change in the history has it. */
  readonly evidence_failure?: string | number | undefined;
  /** Recovering: how long it must go on answering before calls go there. */
  readonly hold_left_ms?: number | undefined;
  /** Those that it has now; older versions don't tell. */
  readonly addresses?: readonly string[];
  /** DNS has told none since the restart: they are those of before. */
  readonly addresses_from?: "before restart";
  /**
   * Why the last probe has failed: "silence", "refused", "unreachable", a status; its name has no address: "dns_silent" where no DNS
   * server answers, "no_address" where DNS says so; undefined when it hasn't failed.
   */
  readonly probe_failure?: string | number | undefined;
  /** False: it answers calls, and has left OPTIONS unanswered before that; calls alone decide its state. */
  readonly answers_options?: false | undefined;
  /** Of an upstream target; older versions don't tell. */
  readonly registers?: PaceStatus;
  /** Of a gateway: when it last answered a call, with more than 100. */
  readonly call_answered_ms?: number | undefined;
  /** Of a gateway: whether its last 2xx to a new call had the Record-Route that we had put in the INVITE. */
  readonly record_route?: "copied" | "missing" | undefined;
  /** Long INVITEs are lost on the way to it, as it seems. */
  readonly long_invites?: LongInvites | undefined;
}

export interface GatewayStatus extends PeerStatus {
  readonly calls: number;
  /** Undefined: no limit. */
  readonly channels: number | undefined;
}

export interface MemberStatus {
  readonly group: string;
  /** As the file names it. */
  readonly member: string;
  /** The address-of-record of the phone that it is, if that is registered. */
  readonly registered: string | null;
}

/** A phone whose REGISTER was refused here in upstream's place, in an outage or until its turn has come. */
export interface RefusedPhone {
  /** Its address-of-record. */
  readonly name: string;
  /** The address that it asked from. */
  readonly from: string;
  readonly status: number;
  /** Whether `registration.unknown` lets it in. */
  readonly is_known: boolean;
}

/** What isn't well with upstream and the Path of registrations, in words. */
export interface PathFinding {
  /** The upstream target, as logs name it. */
  readonly upstream: string;
  readonly path: "unconfirmed" | "ignored";
  readonly text: string;
  readonly cures: readonly string[];
}

/** A change of the state of an upstream target or a gateway. */
export interface Edge {
  readonly at_ms: number;
  readonly role: "upstream" | "gateway";
  readonly name: string;
  readonly from: string;
  readonly to: string;
  /** What had been seen (`Evidence` in peers/peer-state.ts), "forced" or "no longer forced". */
  readonly evidence: string;
  /** Why the probe had failed that is the evidence; of a request: "dns_silent", "no_address". */
  readonly probe_failure?: string | number | undefined;
}

/** A state of upstream that an administrator has chosen. */
export interface ForcedStatus {
  readonly by: "command" | "file";
  readonly since_ms: number;
  /** When it ends by itself; undefined: it doesn't. */
  readonly until_ms?: number;
}

/** Where a phone's new call to the outside goes now. */
export interface CallsGoTo {
  /** "none": it finds no way out, since there is no gateway or all are down; phones here can still call each other. */
  readonly role: "upstream" | "gateway" | "none";
  /** Those that take calls, by the names of the file; empty for upstream where each call's own domain is asked. */
  readonly peers: readonly string[];
}

/** A gateway or a phone at an address that upstream or a gateway has as well: what comes from there can't be told apart. */
export interface AddressConflict {
  readonly with: "gateway" | "phone";
  readonly address: string;
  /** What is wrong, in words. */
  readonly text: string;
  readonly cure: string;
}

/** A name that phones have as outbound proxy, and that isn't known to mean us. */
export interface ProxyName {
  readonly name: string;
  /** Where DNS leads it. */
  readonly addresses: readonly string[];
  /** The address of a phone that has it. */
  readonly from: string;
  /** What is wrong, in words. */
  readonly text: string;
  readonly cure: string;
}

/** A peer that the router reaches from an address on which branchline doesn't listen. */
export interface MissingWay {
  readonly role: "upstream" | "gateway";
  /** As logs name it. */
  readonly peer: string;
  /** Of the peer. */
  readonly address: string;
  readonly protocol: string;
  /** The local address from which the kernel would send there, and the interface that has it, where that is known. */
  readonly source: string;
  readonly device: string | null;
  /** The address of `listen` from which requests leave; null: none can. */
  readonly sends_from: string | null;
  /** What `listen` lacks, as the file writes it; null while `away` says why. */
  readonly listen: string | null;
  /** The entry of `listen` that the router has no address for now, and that may be the one on the way; null: none. */
  readonly away: string | null;
  /** What is wrong, in words. */
  readonly text: string;
  readonly cure: string;
}

export interface SiteStatus {
  /** What upstream's state is pinned to. */
  readonly force: "auto" | "up" | "down";
  /** Undefined: "auto". */
  readonly forced?: ForcedStatus | undefined;
  /** Older versions don't tell. */
  readonly calls_go_to?: CallsGoTo;
  readonly upstream: readonly PeerStatus[];
  readonly gateways: readonly GatewayStatus[];
  readonly phones: {
    /** Numbers that have a contact. */
    readonly addresses: number;
    readonly contacts: number;
    /** Numbers whose phones have been answered here, and of which upstream, which lives, hasn't heard since. */
    readonly not_back?: number;
    /**
     * Numbers whose phones are known from before a restart only, while no request of upstream's has come down a Path since: it
     * may have forgotten them.
     */
    readonly not_heard?: number;
    /** Contacts registered from the address of a gateway. */
    readonly at_gateways?: number;
  };
  /** Members that hunt groups name; older versions don't tell. */
  readonly members?: readonly MemberStatus[];
  /** Phones that have been refused lately, and have got nothing else since; older versions don't tell. */
  readonly refused?: readonly RefusedPhone[];
  /** What isn't well with upstream and the Path of registrations; older versions don't tell. */
  readonly path?: readonly PathFinding[];
  /** Outbound proxies of phones that don't mean us, as far as is known; older versions don't tell. */
  readonly proxy_names?: readonly ProxyName[];
  /** Phones and gateways that share an address with upstream, or phones an address and port with a gateway; older versions don't tell. */
  readonly conflicts?: readonly AddressConflict[];
  /** Calls that ring or are up, whatever way they go, and that have begun since branchline was started; older versions don't tell. */
  readonly calls_now?: number;
  readonly history: readonly Edge[];
}
