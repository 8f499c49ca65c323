/** A router's part in a cluster, as the service knows it. All of it is loaded only where the file has `cluster:`. */
import type { ClusterFacts } from "./cluster-facts.ts";
import type { Config } from "./config/config.ts";
import type { Engine } from "./engine.ts";

export interface ClusterPart {
  /**
   * Begins to speak with the other members. What this one has kept on disk is known by then.
   * @param savedAt_ms when that was written, in ms since 1970
   * @throws when its own address can't be had
   */
  start(savedAt_ms?: number): Promise<void>;
  /** Our listeners have gone after the router's addresses. */
  onLook(): void;
  /** After a reload of the configuration. */
  reload(config: Config): void;
  /**
   * From now on no new work; the shared addresses are given away.
   * @param isAlone also where no other member takes calls
   * @returns false where that is so already, or can't be now
   */
  drain(isAlone: boolean): boolean;
  /** Takes work again. @returns false where it does, or can't now */
  join(): boolean;
  /** @param timeOf a time of day, in ISO 8601 */
  facts(timeOf: (at_ms: number) => string, now_ms: number): ClusterFacts;
  /**
   * Before a stop, while this router still works: messages that come to one address of all members are led elsewhere from then on, where
   * another member takes calls. It takes a few seconds at most.
   */
  leave(): Promise<void>;
  /** Says farewell: the other member takes over at once. */
  stop(): Promise<void>;
}

/** Makes it for an engine that hasn't been started. */
export type MakeClusterPart = (engine: Engine) => ClusterPart;
