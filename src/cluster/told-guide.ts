/**
 * The router of a call with a story, with the tale between: what it decides on the way is written down while the tale is lived, and read while
 * it is told. Then targets' observers don't take it for evidence, and nobody is asked anything.
 */
import type { Response } from "../message/message.ts";
import type { Reply } from "../message/reply.ts";
import type { Outcome } from "../proxy/plan/condition.ts";
import type {
  Continuation,
  Guide,
  Named,
  Notes,
  Revised,
  RoutedRequest,
  RoutingDecision,
  RunningRequest,
  Stage,
  Target,
  TargetObserver,
} from "../proxy/router.ts";
import type { FindingOf } from "./story-events.ts";
import type { Tale } from "./tale.ts";
import { ToldListener } from "./told-listener.ts";
import { ToldObserver } from "./told-observer.ts";

/** Findings with the notes that the call has then. */
type NotedKind = "stages" | "targets" | "hold" | "reply";

/** The router of one call. */
export class ToldGuide implements Guide {
  private readonly tale: Tale;
  private readonly router: Guide;

  constructor(tale: Tale, router: Guide) {
    this.tale = tale;
    this.router = router;
  }

  continue(
    routed: RoutedRequest,
    continuation: Continuation,
    now_ms: number,
    outcome?: Outcome,
  ): readonly Stage[] | undefined {
    const { tale, router } = this;
    if (!tale.asks()) return this.reads("stages")?.[1] ?? undefined;
    const stages = router.continue(routed, continuation, now_ms, outcome);
    tale.finds(["stages", stages ?? null, tale.notes]);
    return stages;
  }

  targets(routed: RoutedRequest, source: Named, _running: RunningRequest, now_ms: number): readonly Target[] {
    const { tale, router } = this;
    if (!tale.asks()) return this.reads("targets")?.[1] ?? [];
    const targets = router.targets(routed, source, tale, now_ms);
    tale.finds(["targets", targets, tale.notes]);
    return targets;
  }

  begin(routed: RoutedRequest, act: Named, _running: RunningRequest, now_ms: number): number {
    const { tale, router } = this;
    if (!tale.asks()) return this.reads("hold")?.[1] ?? 0;
    const hold_ms = router.begin(routed, act, tale, now_ms);
    tale.finds(["hold", hold_ms, tale.notes]);
    return hold_ms;
  }

  reply(routed: RoutedRequest, named: Named, now_ms: number): Reply {
    const { tale, router } = this;
    if (!tale.asks()) return this.reads("reply")?.[1] ?? { status: 500 };
    const reply = router.reply(routed, named, now_ms);
    tale.finds(["reply", reply, tale.notes]);
    return reply;
  }

  revise(routed: RoutedRequest, revision: Named, response: Response, now_ms: number): Revised {
    return this.router.revise(routed, revision, response, now_ms);
  }

  listener(routed: RoutedRequest, decision: RoutingDecision, now_ms: number): ToldListener | undefined {
    const inner = this.router.listener(routed, decision, now_ms);
    this.tale.listener = inner;
    return inner === undefined ? undefined : new ToldListener(this.tale, inner);
  }

  observer(routed: RoutedRequest, watch: Named): TargetObserver | undefined {
    const inner = this.router.observer(routed, watch);
    if (inner === undefined) return undefined;
    const told = new ToldObserver(this.tale, inner);
    this.tale.observers.push(told);
    return told;
  }

  /** What the story says; the call has its notes from now on. */
  private reads<K extends NotedKind>(kind: K): FindingOf<K> | undefined {
    const finding = this.tale.reads(kind, false);
    if (finding !== undefined) this.tale.notes = notesOf(finding);
    return finding;
  }
}

function notesOf([, , notes]: FindingOf<NotedKind>): Notes {
  return notes;
}
