/** What decisions and plans name, and leave to the policy until its time has come: `rules/resolvers.ts` has all of it. */

/** Targets that are chosen when their time has come. */
export type TargetSource = GatewayTargets | EmergencyTargets;

/** A gateway, where it has a channel free for an ordinary call. */
export interface GatewayTargets {
  readonly name: "gateway";
  readonly gateway: string;
  readonly number: string;
  /** The number is one that the gateway knows: its rules have been applied, or aren't meant for it. */
  readonly isRewritten: boolean;
}

/**
 * A gateway for an emergency call. "free": where it seems to have a channel. "unasked": where it hasn't been asked before.
 * "freed": the one of which a channel has been freed, where one has.
 */
export interface EmergencyTargets {
  readonly name: "emergency";
  readonly when: "free" | "unasked" | "freed";
  readonly number: string;
  readonly gateway?: string;
}

/** Frees a channel of one of these gateways for an emergency call, where one is lacking. */
export interface MakeRoom {
  readonly name: "make-room";
  readonly gateways: readonly string[];
}

/** Answers that are made when their time has come. */
export type ReplySource = RedirectReply | RegistrarReply | CopiedReply;

/** A redirect to those of these gateways that have a free channel. */
export interface RedirectReply {
  readonly name: "redirect";
  readonly status: 302 | 380;
  readonly gateways: readonly string[];
  readonly number: string;
}

/** The registrar's own answer in upstream's place. */
export interface RegistrarReply {
  readonly name: "registrar";
  /** When the REGISTER came. */
  readonly asked_ms: number;
  /** The keys of upstream targets: while one of them recovers, the phone is to come back soon. */
  readonly upstreams: readonly string[];
  /** It is to do so anyway. */
  readonly isReturning: boolean;
}

/** The answer to a copy of a REGISTER from the foreign other half of a pair, which makes bindings. */
export interface CopiedReply {
  readonly name: "copied";
}

/** The observer of a target: an upstream target, by its key, for which a request waits; or only within a dialog; or a gateway. */
export type Watch = UpstreamWatch | GatewayWatch;

export interface UpstreamWatch {
  readonly name: "upstream" | "upstream-in-dialog";
  readonly key: string;
}

/** It takes one of the gateway's channels. */
export interface GatewayWatch {
  readonly name: "gateway";
  readonly gateway: string;
  /** Given for emergency calls: whether the gateway's calls ring the caller's phone afterwards. */
  readonly isCalledBack?: boolean;
}

/** How a REGISTER's 2xx is changed: the phone is told what it may be told. */
export interface Revision {
  readonly name: "register";
  /** When the REGISTER came. */
  readonly asked_ms: number;
  /** It comes from the phone's own registrar, whose word makes bindings. */
  readonly isTheirs: boolean;
}

/** What hears of a request that a rule has decided about. */
export type Hearing =
  | { readonly name: "emergency"; readonly number: string }
  | { readonly name: "emergency-loop" }
  | FromGatewayHearing
  | { readonly name: "redirect"; readonly caller: string }
  | { readonly name: "to-gateway" }
  | { readonly name: "register"; readonly isTheirs: boolean }
  | { readonly name: "in-dialog" };

export interface FromGatewayHearing {
  readonly name: "from-gateway";
  /** Of the gateway, as calls know it. */
  readonly channel: string;
  /** It rings phones that have called for help: no other call may take its channel. */
  readonly isCallback: boolean;
}
