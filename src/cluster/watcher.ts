/** What the cluster tells those that attend to it: who lives, and what this member does. */
import type { OwnState } from "./member-machine.ts";

/** Hears of changes; each is over by then, so that the watcher may ask and speak. */
export interface ClusterWatcher {
  /** A member is heard and hears us: from now on it gets what is told to all. After a restart of it, `onDead` comes first. */
  onAlive?(member: string, now_ms: number): void;
  /** It is silent, has restarted, or has said that it stops. */
  onDead?(member: string, now_ms: number): void;
  /** No member that lives hears it any more, or that life of it is over by its own word: what it was doing is for others. `onDead` came before. */
  onGone?(member: string, now_ms: number): void;
  /** A beat of a member that lives has come: ten times a second. */
  onBeat?(member: string, now_ms: number): void;
  /** This member has sent its own beat: ten times a second. */
  onOwnBeat?(): void;
  onState?(state: OwnState, now_ms: number): void;
  /** Upstream answers at this member while it is silent here; undefined: no longer so. */
  onUpstreamAt?(member: string | undefined, now_ms: number): void;
}
