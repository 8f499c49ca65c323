/** A call with a story: as it begins here, and as it is told after the death of the member that made it. */
import type { Timers } from "../base/timers.ts";
import type { Request } from "../message/message.ts";
import { parse } from "../message/parse.ts";
import { tellGiven } from "../proxy/given.ts";
import type { ProxyKit } from "../proxy/kit.ts";
import { ResponseContext } from "../proxy/response-context.ts";
import type { RoutedRequest, Router, RoutingDecision } from "../proxy/router.ts";
import type { BranchIds } from "../transaction/branch-id.ts";
import { inputOf } from "../transaction/machine.ts";
import type { ServerTransaction } from "../transaction/server-transaction.ts";
import type { TransactionLayer } from "../transaction/transaction-layer.ts";
import { findFlow, nameFlow } from "../transport/flow.ts";
import { stampVia } from "../transport/receive.ts";
import { type AnewParts, anew, beginAnew } from "./anew.ts";
import { GivenBranches } from "./given-branches.ts";
import type { MutedTransport } from "./muted-transport.ts";
import { listenerName, type Opening, type StoryEvent, type StoryInput, withListeners } from "./story-events.ts";
import { type Perform, type Places, Tale } from "./tale.ts";
import { toldKit } from "./tale-kit.ts";
import { ToldGuide } from "./told-guide.ts";

/** A target that hasn't answered has this at least: its answer may have found nobody, and comes again when the INVITE does (T1), over a slow line. */
const ANSWER_LEAST_ms = 1_000;
/** The longest fr_timer, which is timer B. A timer that runs longer is timer C. */
const ANSWER_MOST_ms = 32_000;

/** What of the proxy core calls with stories are made of. */
export interface TaleCore {
  readonly kit: ProxyKit;
  readonly branchIds: Pick<BranchIds, "stem">;
  readonly transactions: TransactionLayer;
  readonly router: Router | undefined;
}

/** What of a BYE tells its call. */
export type Bye = Pick<Request, "callId" | "fromTag" | "toTag">;

/** A story as it has come from its member: its listeners are that one's. */
export interface HeardStory {
  readonly opening: Opening;
  readonly events: readonly StoryEvent[];
  /** When the call began, by the clock here. */
  readonly zero_ms: number;
}

export class Teller {
  readonly places: Places = new Map();
  readonly given = new GivenBranches();
  /** Hears of each call of another member's before what has heard of it here learns that it has ended; undefined: nobody wants to. */
  onGiven: ((callId: string, now_ms: number) => void) | undefined = undefined;
  /** Hears of each call of another member's that has been hung up there, once it is made here. */
  onBye: ((bye: Bye, now_ms: number) => void) | undefined = undefined;
  private readonly core: TaleCore;
  private readonly timers: Timers;
  private readonly transport: MutedTransport;

  constructor(core: TaleCore, timers: Timers, transport: MutedTransport) {
    this.core = core;
    this.timers = timers;
    this.transport = transport;
  }

  /** A tale that is lived here from its beginning; `live` begins it. */
  open(id: string, server: ServerTransaction, routed: RoutedRequest, decision: RoutingDecision, now_ms: number): Tale {
    const listeners = this.core.kit.listeners.map(listenerName);
    const { request, source } = routed;
    const opening = {
      key: server.key,
      wire: request.wire,
      source: nameFlow(source),
      tag: server.toTag,
      stem: this.core.branchIds.stem(),
      decision,
      listeners,
    };
    return new Tale(id, opening, server, now_ms, this.parts);
  }

  live(tale: Tale, routed: RoutedRequest, router: Router, now_ms: number): void {
    tale.happens(undefined, now_ms, () => this.begin(tale, routed, router, now_ms));
  }

  /**
   * Tells a story from its beginning, and goes on with the call.
   * @returns undefined: this router can't, since it has other listeners or goes another way than the story; "known": its caller has sent the
   * INVITE here, too, and the call goes its own way
   */
  tell(id: string, story: HeardStory, now_ms: number): Tale | "known" | undefined {
    const { listeners } = this.core.kit;
    const opening = withListeners(story.opening, story.opening.listeners, listeners);
    const events = withListeners(story.events, story.opening.listeners, listeners);
    const message = parse(story.opening.wire);
    const source = opening === undefined ? undefined : findFlow(opening.source, listeners);
    const { router } = this.core;
    if (opening === undefined || events === undefined || source === undefined || router === undefined) return undefined;
    if (message.kind !== "request" || message.method !== "INVITE") return undefined;
    const { transactions } = this.core;
    if (transactions.isKnown(message)) return "known";
    const { zero_ms } = story;
    const here = { ...opening, listeners: listeners.map(listenerName) };
    let tale: Tale | undefined;
    this.transport.quietly(() => {
      const routed = router.read(message, source, zero_ms);
      const server = transactions.adopt(message, source, opening.tag, zero_ms);
      const told = new Tale(id, here, server, zero_ms, this.parts);
      tale = told;
      try {
        for (const event of events) {
          if (!told.isBroken) told.tell(event, () => this.begin(told, routed, router, zero_ms));
        }
      } catch {
        // A member of another version may mean something else.
        told.isBroken = true;
      }
      if (told.isBroken) this.drop(told, "", now_ms);
    });
    // While the addresses were nobody's, each target was as good as silent.
    tale?.startAnew(["wait", "share"], ANSWER_LEAST_ms, ANSWER_MOST_ms, now_ms);
    return tale?.isBroken === true ? undefined : tale;
  }

  /** What a told call waits for at an address that isn't here is asked for anew. @param names the listeners of its member @returns the same */
  beginAnew(tale: Tale, names: readonly string[], now_ms: number): Tale {
    beginAnew(tale, names, this.anewParts(tale), now_ms);
    return tale;
  }

  /**
   * Another member lives it: here nothing more is sent, and those who have heard of it learn so.
   * @param member its name; "": it isn't known
   */
  drop(tale: Tale, member: string, now_ms: number): void {
    const { transactions } = this.core;
    tale.isDropped = true;
    const { incoming } = tale.server;
    if (incoming !== undefined) this.onGiven?.(incoming.request.callId, now_ms);
    this.given.add(tale, now_ms);
    tale.close();
    tale.stopTimers();
    tale.server.user = undefined;
    const { isAnswered } = tale.server;
    for (const transaction of [...tale.transactions, tale.server]) transactions.drop(transaction);
    for (const observer of tale.observers) observer.drop(now_ms);
    tellGiven(tale.listener, member, isAnswered, now_ms);
  }

  private begin(tale: Tale, routed: RoutedRequest, router: Router, now_ms: number): void {
    const { kit } = this.core;
    const stamp = stampVia(routed.request, routed.source);
    const guide = new ToldGuide(tale, router);
    const call = new ResponseContext(toldKit(tale, kit), guide, tale.server, routed, stamp, tale.opening.decision);
    tale.call = call;
    call.start(now_ms);
  }

  private anewParts(tale: Tale): AnewParts {
    const { transactions, kit } = this.core;
    const request = parse(tale.opening.wire);
    const nextBranch = () => (request.kind === "request" ? kit.branchIds.nextFor(request) : "");
    return { transactions, transport: this.transport, nextBranch };
  }

  private get parts() {
    return { timers: this.timers, perform: this.perform, places: this.places, wire: this.transport };
  }

  private readonly perform: Perform = (tale: Tale, input: StoryInput, now_ms: number): void => {
    const { transactions, kit } = this.core;
    switch (input[0]) {
      case "response": {
        const [, number, text] = input;
        const response = parse(tale.responseText(number, text));
        const transaction = tale.transactions[number];
        if (response.kind !== "response" || transaction === undefined) tale.isBroken = true;
        else transactions.step(transaction, inputOf(response.status), response, now_ms);
        break;
      }
      case "end": {
        const transaction = tale.transactions[input[1]];
        if (transaction === undefined) tale.isBroken = true;
        else transactions.step(transaction, input[2], undefined, now_ms);
        break;
      }
      case "timer":
        tale.fire(input[1], now_ms);
        break;
      case "located": {
        const [, number, flows] = input;
        if (tale.waiters[number] === undefined) tale.isBroken = true;
        const found = flows.flatMap((one) => findFlow(one, kit.listeners) ?? []);
        tale.waiters[number]?.onLocated(found, now_ms);
        break;
      }
      case "cancel": {
        const cancel = parse(input[1]);
        if (cancel.kind === "request") transactions.withdraw(tale.server, cancel, now_ms);
        else tale.isBroken = true;
        break;
      }
      case "refuse":
        tale.call.refuse(input[1], now_ms);
        break;
      case "rescue":
        if (tale.requests[input[1]] === undefined) tale.isBroken = true;
        else tale.requests[input[1]]?.rescue(now_ms);
        break;
      case "anew":
        anew(tale, input[1], this.anewParts(tale), now_ms);
        break;
      case "ack":
        transactions.step(tale.server, input[1], undefined, now_ms);
        break;
      case "bye":
        this.onBye?.({ callId: tale.callId, fromTag: input[1], toTag: input[2] }, now_ms);
        break;
      default:
        // A member of a later version says what we don't know.
        tale.isBroken = true;
    }
  };
}
