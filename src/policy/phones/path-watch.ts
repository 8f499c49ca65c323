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
  /** What it calls itself; "": not known. */
  readonly agent: string;
}

/** Upstream targets remembered: more than a file names. */
const UPSTREAMS_MAX = 64;
const UNSEEN: Seen = { state: "unknown", isByUse: false, agent: "" };

/** What each PBX needs, by the name that it gives itself (Server, User-Agent). */
const ON_PBX: readonly (readonly [name: RegExp, cure: string])[] = [
  [/asterisk|fpbx|freepbx/i, "support_path=yes in each phone's aor"],
  [/kamailio/i, "use_path and path_mode of the module registrar set to 1"],
  [/opensips/i, 'flags of save(), such as "p1v"'],
];
const ANY_PBX = "support for Path";

/** @param agent what the PBX calls itself; "": nothing */
function curesFor(agent: string): readonly string[] {
  const [, cure = ANY_PBX] = ON_PBX.find(([name]) => name.test(agent)) ?? [];
  return [
    `on the PBX: ${cure} (deploy/pbx.md)`,
    "or in branchline's file: registration: contact, which passes all PBXs",
  ];
}

export class PathWatch {
  /** Called when upstream's requests are found to use Path, or no longer; news: they have never been seen before. */
  onUse: (isNews: boolean) => void = () => {};
  /** Whether any request of upstream's has come down a Path since the start. */
  isUsed = false;
  private readonly log: Logger;
  private readonly seen = new BoundedMap<string, Seen>(UPSTREAMS_MAX);

  constructor(log: Logger) {
    this.log = log;
  }

  /**
   * Upstream has said 2xx to a REGISTER with our Path that makes a binding.
   * @param listsPath whether our Path stands in its answer
   * @param agent the Server or User-Agent of its answer; "": none
   */
  registered(upstream: Named | undefined, listsPath: boolean, agent = ""): void {
    if (upstream === undefined) return;
    if (agent !== "") this.seen.set(upstream.name, { ...this.seenOf(upstream), agent });
    const { state, isByUse } = this.seenOf(upstream);
    if (listsPath) this.note(upstream, "confirmed", isByUse && state === "confirmed");
    else if (!isByUse) this.note(upstream, "unconfirmed", false);
  }

  /** A request of upstream's has come down the Path of a registration. */
  used(upstream: Named | undefined): void {
    if (upstream === undefined) return;
    const { isByUse } = this.seenOf(upstream);
    const wasUsed = this.isUsedBy(upstream);
    this.isUsed = true;
    this.note(upstream, "confirmed", true);
    if (!wasUsed) this.onUse(!isByUse);
  }

  /** Whether its requests have come down a Path, before a restart of ours too. */
  isUsedBy(upstream: Named): boolean {
    const { state, isByUse } = this.seenOf(upstream);
    return isByUse && state === "confirmed";
  }

  /** Its requests have come down a Path before a restart. */
  restore(upstream: Named): void {
    this.seen.set(upstream.name, { ...UNSEEN, state: "confirmed", isByUse: true });
  }

  /** A request of upstream's for a registered phone has come without its Path. */
  ignored(upstream: Named | undefined): void {
    if (upstream === undefined) return;
    const wasUsed = this.isUsedBy(upstream);
    this.note(upstream, "ignored", true);
    if (wasUsed) this.onUse(false);
  }

  stateOf(upstream: Named): PathState {
    return this.seenOf(upstream).state;
  }

  /** Path isn't asked for any more: what has been seen means nothing. */
  forget(): void {
    this.seen.clear();
    this.isUsed = false;
  }

  /** What isn't well with these upstream targets. */
  findings(upstreams: Iterable<Named>): PathFinding[] {
    const found: PathFinding[] = [];
    for (const { name } of upstreams) {
      const { state, agent } = this.seenOf({ name });
      if (state === "unconfirmed" || state === "ignored") {
        found.push({ upstream: name, path: state, text: TEXTS[state](name), cures: curesFor(agent) });
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
    this.seen.set(name, { ...before, state, isByUse });
    if (before.state === state) return;
    const fields = { upstream: name, before: before.state };
    const [onPbx, here] = curesFor(before.agent);
    if (state === "confirmed" && before.state !== "unknown") this.log.info("path_confirmed", fields);
    else if (state === "unconfirmed") this.log.warn("path_unconfirmed", { ...fields, cure: `${onPbx}; ${here}` });
    else if (state === "ignored") this.log.warn("path_ignored", { ...fields, cure: `${onPbx}; ${here}` });
  }
}

const TEXTS: Readonly<Record<PathFinding["path"], (name: string) => string>> = {
  unconfirmed: (name) =>
    `upstream ${name} answers REGISTERs without our Path (RFC 3327): unless upstream stores it nevertheless, its calls don't find the phones`,
  ignored: (name) =>
    `upstream ${name} ignores Path: its requests to registered phones come without it, and calls get lost`,
};
