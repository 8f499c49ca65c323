/** Whether the beginning of a story fits into a datagram. */
import type { Request } from "../message/message.ts";
import type { RoutingDecision } from "../proxy/router.ts";

/** A datagram has 16 kB: an INVITE that is longer, with the plan of its call, has no story. */
const OPENING_CHARACTERS_MAX = 13_000;
/** What a stage of the plan and a target are counted with. */
const STAGE_CHARACTERS = 300;
const TARGET_CHARACTERS = 350;

/** Whether an INVITE, with the plan of its call, can be told. */
export function hasRoomFor(request: Request, decision: RoutingDecision): boolean {
  return request.wire.length + charactersOf(decision) <= OPENING_CHARACTERS_MAX;
}

/** About what a plan is long as JSON: only large groups matter. */
function charactersOf({ plan }: RoutingDecision): number {
  let characters = 0;
  for (const stage of plan) {
    const targets = stage.kind === "fork" && "length" in stage.targets ? stage.targets.length : 0;
    characters += STAGE_CHARACTERS + targets * TARGET_CHARACTERS;
  }
  return characters;
}
