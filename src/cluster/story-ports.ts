/** What the stories of calls are given to work with. */
import type { Limits } from "../base/limits.ts";
import type { Logger, Random } from "../base/ports.ts";
import type { Timers } from "../base/timers.ts";
import type { Storyteller } from "../proxy/storyteller.ts";
import type { MutedTransport } from "./muted-transport.ts";
import type { Placement } from "./placement.ts";
import type { PatientSpeaker } from "./ports.ts";
import type { TaleCore } from "./telling.ts";

export interface StoryPorts {
  readonly core: TaleCore & { storyteller: Storyteller | undefined };
  /** The one by which the core sends. */
  readonly transport: MutedTransport;
  readonly timers: Timers;
  readonly speaker: PatientSpeaker;
  readonly random: Random;
  readonly log: Logger;
  readonly limits: Pick<Limits, "unanswered" | "unansweredCharacters">;
  /** Where calls are made. */
  readonly placement: Placement;
}
