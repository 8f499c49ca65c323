/** The question that the proxy asks of policy, and the shape of the answer. */
import type { Request, Response } from "../message/message.ts";
import type { Reply } from "../message/reply.ts";
import type { Splice } from "../message/splice.ts";
import type { SipUri } from "../message/uri.ts";
import type { Flow, NamedFlow } from "../transport/flow.ts";
import type { Hop } from "../transport/locator.ts";
import type { Announcement } from "./announce.ts";
import type { Condition, EndedBranch, Outcome } from "./plan/condition.ts";
import type { RouteSet } from "./preprocess-routes.ts";

/**
 * What the router does, or works out, only when its time has come, by name. All else in it are plain values that the router has
 * put there: decisions and plans are plain values all through.
 */
export interface Named {
  readonly name: string;
}

/** A request that waits for a target. */
export interface WaitingRequest {
  readonly routed: RoutedRequest;
  /** The request of which this is a copy. */
  readonly running: Refusable;
  /** The target is known to be dead now: don't wait any longer, unless somebody's phone rings already. */
  rescue(now_ms: number): void;
}

/** Hears what becomes of requests sent to a target: evidence of whether it lives. */
export interface TargetObserver {
  /** From now on, until {@link onEnd}, this request waits for the target. */
  onStart(request: WaitingRequest, now_ms: number): void;
  onEnd(request: WaitingRequest, ended: EndedBranch, now_ms: number): void;
  /** It answered, with whatever status. */
  onAnswer(status: number, now_ms: number): void;
  /** It said nothing within fr_timer, or timer B or F. */
  onSilence(method: string, now_ms: number): void;
  /** A datagram of this length has got there: the request in it was answered. */
  onDatagramAnswered?(octets: number, now_ms: number): void;
  /** The same for one that nothing has answered; {@link onSilence} follows. */
  onDatagramUnanswered?(method: string, octets: number, now_ms: number): void;
  /** It has said 100 to an INVITE, and nothing for another fr_timer. */
  onHush?(now_ms: number): void;
  /** No route, ICMP: it can't be reached. */
  onUnreachable(method: string, now_ms: number): void;
}

/** One place to forward to (RFC 3261 §16.5). */
export interface Target extends Announcement {
  /** The Request-URI to put; undefined leaves it untouched. */
  readonly requestUri?: string;
  /** Sends there, whatever Route and Request-URI say. */
  readonly nextHop?: Hop | NamedFlow;
  /**
   * The Route that a copy gets, whole values, the first of which says where it goes (RFC 3327 §5.3). Where that names a listener of ours
   * that is here by now, or nothing answers on that way, the copy goes straight to `nextHop`.
   */
  readonly path?: readonly string[];
  /** Where its connection is gone, nobody is connected to in its place. */
  readonly isOnlyWay?: boolean;
  /** For REGISTER: Path (RFC 3327), with a token that leads back to the phone. */
  readonly addPath?: boolean;
  /** For REGISTER to an upstream that knows no Path: each Contact becomes our own URI, with a token that stands for the phone. */
  readonly hideContact?: boolean;
  /** The Route that the caller has preloaded isn't for this target. */
  readonly dropRoutes?: boolean;
  /** Targets of one party, such as all contacts of one phone in a group, stop together when one of them answers as `mutes` says. */
  readonly party?: string;
  /** Answers that speak for the target's party alone, and count as 480: a 6xx that isn't meant for all (§16.7 item 5), a 3xx that the caller can't use. */
  readonly mutes?: Condition;
  /**
   * While fr_timer runs, a target that can't be reached is tried again and again: the line may come back. A BYE is so for as long
   * as its transaction would last, whatever its caller has been told meanwhile.
   */
  readonly isPersistent?: boolean;
  /** An emergency call: the one that takes it learns who calls. */
  readonly isForHelp?: boolean;
  /** One side of the dialog is a PSTN gateway. */
  readonly touchesGateway?: boolean;
  /** The URI that P-Asserted-Identity says instead of what the caller sent (RFC 3325 §9.1). */
  readonly assertedIdentity?: string;
  /** The observer that hears what becomes of it. */
  readonly observer?: Named;
}

/** What stages have in common. */
interface AnyStage {
  /** What it concerns, in words, for call records and explanations: "gateway 10.10.1.3". */
  readonly what?: string;
}

/** Forwards to all targets at once. */
export interface ForkStage extends AnyStage {
  readonly kind: "fork";
  /** The targets, or the name of those that are chosen when their time has come; none is as good as silence. */
  readonly targets: readonly Target[] | Named;
  /** A target that has said nothing for this time counts as silent; default: timer B or F. */
  readonly fr_timer_ms?: number;
  /** It shares fr_timer with the fork before it: its targets have what is left of it, this at least. */
  readonly fr_least_ms?: number;
  /** How long the targets may ring in all; default: timer C. */
  readonly ring_ms?: number;
  /** What follows, once all targets have ended without a 2xx: the first that is met; none: the caller is answered. */
  readonly on?: readonly Sequel[];
}

/** What follows an outcome. */
export interface Sequel {
  readonly when: Condition;
  readonly go: Onward;
}

/** The next stage of the plan; or these stages instead of the rest of it; or those that the router has then. */
export type Onward = "next" | readonly Stage[] | Continuation;

/** Stages that are decided only when their time has come, by name. Where it has nothing to offer, the next sequel counts. */
export interface Continuation extends Named {
  /** The number that the call goes on to. */
  readonly number?: string;
  /** Extensions that the call has rung so far. */
  readonly rung?: readonly string[];
}

/** Tells the caller 181 and then waits, without holding up anything else. A caller that requires 100rel is told nothing. */
export interface NoticeStage extends AnyStage {
  readonly kind: "notice";
  /** Default: 181. */
  readonly status?: 181 | 182;
  readonly reason: string;
  readonly hold_ms: number;
}

/** Prepares the next stage, and waits until that has taken effect. */
export interface PauseStage extends AnyStage {
  readonly kind: "pause";
  /** What is done as it begins. */
  readonly begin: Named;
}

/** Answers the caller. */
export interface ReplyStage extends AnyStage {
  readonly kind: "reply";
  /** The answer, or the name of one that is made when its time has come. */
  readonly reply: Reply | Named;
}

export type Stage = ForkStage | NoticeStage | PauseStage | ReplyStage;

/** What is done with a request: stages, one after the other, until the caller has a final response. */
export interface RoutingDecision {
  /** The rule that decided, and why, for the log. */
  readonly rule: string;
  readonly why: string;
  readonly plan: readonly Stage[];
  /** How a 2xx is changed before it goes to the caller. */
  readonly revise?: Named;
  /** The listener that hears what becomes of the request. */
  readonly listener?: Named;
  /**
   * A 503 goes to the caller as it is: whatever it asks next would meet the same next hop. Otherwise it becomes 500, since
   * one phone's 503 is none of the trunk's (§16.7 item 6).
   */
  readonly passes503?: boolean;
  /** Final responses that the caller can't use: it gets 480 in their place. */
  readonly hides?: Condition;
}

/** What the router has learned of a request on its way, for later stages of its plan: plain values. */
export interface Notes {
  /** Names of gateways that it has been offered to. */
  readonly asked?: readonly string[];
  /** A channel is what is lacking: a gateway said so, or our own count did. */
  readonly lacksChannel?: true;
  /** The gateway of which a channel was freed for it, by name. */
  readonly freed?: string;
  /** Why nobody can be asked in the fork that it is in now, in words; "": nobody need be. */
  readonly unasked?: string;
}

export const NO_NOTES: Notes = {};

/** A request that can be ended before its time. */
export interface Refusable {
  /** Ends it: nobody rings on, and the caller gets this answer. Does nothing once the caller has a final response. */
  refuse(reply: Reply, now_ms: number): void;
}

/** A request on its way through its plan. */
export interface RunningRequest extends Refusable {
  /** The router alone replaces them. */
  notes: Notes;
}

/** A 2xx with what is to be changed in it. */
export interface Revised {
  /** Our Via is on top. */
  readonly response: Response;
  /** Of its wire text. */
  readonly edits?: Splice;
}

/** Hears what becomes of a request, as far as it wants to. */
export interface DecisionListener {
  /** It sets out. */
  onStart?(request: RunningRequest, now_ms: number): void;
  /** A stage of the plan begins. */
  onStage?(stage: Stage, running: RunningRequest, now_ms: number): void;
  /** A fork of the plan has ended without a 2xx, and its sequel is about to be chosen. */
  onOutcome?(outcome: Outcome, running: RunningRequest, now_ms: number): void;
  /** The first 2xx. */
  onAnswer?(target: Target, response: Response, now_ms: number): void;
  /**
   * A final response other than 2xx has gone to the caller.
   * @param own the response, where it is ours and nobody's whom we have asked
   */
  onFailure?(status: number, now_ms: number, own?: Reply): void;
  /** Another member of a cluster goes on with it, and here nothing more happens: see `given.ts`. It may be told once more, with another name. */
  onGiven?(member: string, isAnswered: boolean, now_ms: number): void;
  /** The caller has acknowledged it. */
  onAck?(now_ms: number): void;
}

/** A request with what has been found out about it: made by the router, which gets it back with each question about it. */
export interface RoutedRequest {
  readonly request: Request;
  readonly source: Flow;
  /** What is left of Route, and the Request-URI, after §16.4. */
  readonly routes: RouteSet;
  /** The Request-URI after §16.4; undefined when it is no SIP URI. */
  readonly uri: SipUri | undefined;
  /**
   * The number to dial at a gateway when this is a new call for help. It leaves by a Request-URI of ours, and nothing in its own
   * may keep it here.
   */
  readonly emergency: string | undefined;
}

/** The fate of a request before a transaction is made: "forbidden" answers 403, "stranger" and "scanner" nothing. */
export type Verdict = "admit" | "forbidden" | "stranger" | "scanner";

/** What a request on its way through its plan asks. */
export type Guide = Pick<Router, "continue" | "targets" | "begin" | "reply" | "revise" | "listener" | "observer">;

export interface Router {
  /** Before a message is read: whether this source hasn't sent too many already. */
  hears(address: string, now_ms: number): boolean;
  /** May this source ask anything of us? */
  admit(request: Request, source: Flow, now_ms: number): Verdict;
  /** Whether this source hasn't asked for too much already, for a request that would open a transaction. */
  mayOpen(request: Request, source: Flow, now_ms: number): "open" | "refuse" | "ignore";
  /** When there is no room left: whether this request needs it all the same, an emergency call or what ends a call. */
  isUrgent(request: Request, source: Flow, now_ms: number): boolean;
  /**
   * Whether a response from `address` counts where `asked` was asked: not a phone's in upstream's place.
   * @param asked undefined when nobody remembers, after a restart: then it must be no stranger's
   */
  mayAnswer(address: string, asked: string | undefined): boolean;
  /**
   * The header fields of a message, by index, that aren't for the peer at `address`.
   * @param isForHelp it belongs to an emergency call
   */
  withheld(message: Request | Response, address: string, isForHelp: boolean): readonly number[];
  /** The peer at `address` wants a password: 401 or 407 to what we have sent there. */
  onChallenge(response: Response, address: string): void;
  /** Whether two addresses are one party's: equal, or those of one upstream target. */
  isSameParty(address: string, other: string): boolean;
  /** Finds out what an admitted request is about; happens once. */
  read(request: Request, source: Flow, now_ms: number): RoutedRequest;
  /** @param routed from {@link read} */
  decide(routed: RoutedRequest, now_ms: number): RoutingDecision;
  /**
   * The stages of a continuation of a plan of its own; undefined when it has nothing to offer now.
   * @param outcome how the fork before it has ended; undefined in a rehearsal
   */
  continue(
    routed: RoutedRequest,
    continuation: Continuation,
    now_ms: number,
    outcome?: Outcome,
  ): readonly Stage[] | undefined;
  /** The targets of a fork whose time has come. Nothing changes but the notes. */
  targets(routed: RoutedRequest, source: Named, running: RunningRequest, now_ms: number): readonly Target[];
  /**
   * Does what a pause is for.
   * @returns how long to wait, 0 for not at all
   */
  begin(routed: RoutedRequest, act: Named, running: RunningRequest, now_ms: number): number;
  /** An answer whose time has come: it goes to the caller now. */
  reply(routed: RoutedRequest, reply: Named, now_ms: number): Reply;
  /** A 2xx as the caller gets it. */
  revise(routed: RoutedRequest, revision: Named, response: Response, now_ms: number): Revised;
  /** What is to hear of a request that sets out now, for as long as that is on its way. */
  listener(routed: RoutedRequest, decision: RoutingDecision, now_ms: number): DecisionListener | undefined;
  /** What is to hear of a branch that starts now. */
  observer(routed: RoutedRequest, watch: Named): TargetObserver | undefined;
}
