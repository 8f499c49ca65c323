/**
 * Whether upstream keeps the Path of REGISTERs (RFC 3327). A registrar that does so lists it in its 200 (§5.3), but some
 * store it and don't tell. One that ignores it looks well in every way, except that its calls don't find the phones. What
 * upstream's own requests show counts for more than what its answers say.
 */
import { BoundedMap } from "../../base/bounded-map.ts";
import type { Logger } from "../../base/ports.ts";
import type { PathFinding } from "../status.ts";

/**
 * unknown: nothing has been seen yet; unconfirmed: it answers without our Path; ignored: its requests come without it;
 * confirmed: it lists it, or uses it.
 */
type PathState = "unknown" | "confirmed" | "unconfirmed" | "ignored";

/** An upstream target: a peer. */
interface Named {
  readonly name: string;
}

interface Seen {
  readonly state: PathState;
  /** Its requests have shown it. */
  readonly isByUse: boolean;
}

/** Upstream targets remembered: more than a file names. */
const UPSTREAMS_MAX = 64;
const UNSEEN: Seen = { state: "unknown", isByUse: false };

const PATH_CURES: readonly string[] = [
  "on the PBX: support_path=yes in each phone's aor (Asterisk and FreePBX)",
  "or in branchline's file: registration: contact, which passes all PBXs",
];

export class PathWatch {
  private readonly log: Logger;
  private readonly seen = new BoundedMap<string, Seen>(UPSTREAMS_MAX);

  constructor(log: Logger) {
    this.log = log;
  }

  /**
   * Upstream has said 2xx to a REGISTER with our Path that makes a binding.
   * @param listsPath whether our Path stands in its answer
   */
  registered(upstream: Named | undefined, listsPath: boolean): void {
    if (upstream === undefined) return;
    const { state, isByUse } = this.seenOf(upstream);
    if (listsPath) this.note(upstream, "confirmed", isByUse && state === "confirmed");
    else if (!isByUse) this.note(upstream, "unconfirmed", false);
  }

  /** A request of upstream's has come down the Path of a registration. */
  used(upstream: Named | undefined): void {
    if (upstream !== undefined) this.note(upstream, "confirmed", true);
  }

  /** A request of upstream's for a registered phone has come without its Path. */
  ignored(upstream: Named | undefined): void {
    if (upstream !== undefined) this.note(upstream, "ignored", true);
  }

  /** Whether any request of upstream's has come down a Path since the start. */
  get isUsed(): boolean {
    return [...this.seen.values()].some(({ state, isByUse }) => isByUse && state === "confirmed");
  }

  stateOf(upstream: Named): PathState {
    return this.seenOf(upstream).state;
  }

  /** Path isn't asked for any more: what has been seen means nothing. */
  forget(): void {
    this.seen.clear();
  }

  /** What isn't well with these upstream targets. */
  findings(upstreams: Iterable<Named>): PathFinding[] {
    const found: PathFinding[] = [];
    for (const { name } of upstreams) {
      const { state } = this.seenOf({ name });
      if (state === "unconfirmed" || state === "ignored") {
        found.push({ upstream: name, path: state, text: TEXTS[state](name), cures: PATH_CURES });
      }
    }
    return found;
  }

  private seenOf({ name }: Named): Seen {
    return this.seen.get(name) ?? UNSEEN;
  }

  private note({ name }: Named, state: PathState, isByUse: boolean): void {
    const before = this.seenOf({ name });
    if (before.state === state && before.isByUse === isByUse) return;
    this.seen.set(name, { state, isByUse });
    if (before.state === state) return;
    const fields = { upstream: name, before: before.state };
    const [onPbx, here] = PATH_CURES;
    if (state === "confirmed" && before.state !== "unknown") this.log.info("path_confirmed", fields);
    else if (state === "unconfirmed") this.log.warn("path_unconfirmed", { ...fields, cure: `${onPbx}; ${here}` });
    else if (state === "ignored") this.log.warn("path_ignored", { ...fields, cure: `${onPbx}; ${here}` });
  }
}

const TEXTS: Readonly<Record<PathFinding["path"], (name: string) => string>> = {
  unconfirmed: (name) =>
    `upstream ${name} answers REGISTERs without our Path (RFC 3327): unless it keeps it all the same, its calls don't find the phones`,
  ignored: (name) =>
    `upstream ${name} ignores Path: its requests to registered phones come without it, and calls get lost`,
};
