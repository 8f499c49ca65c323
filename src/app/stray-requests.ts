/**
 * Requests that come here and end what another member waits for: the BYE of a call that another one has made, since a member has come or gone
 * meanwhile, and the INVITE by which a phone follows a redirect, since that has a Call-ID of its own. They are told to the others, soon. A member that is
 * silent now may only be cut off, and still count the call: it is told of BYEs once it is heard again.
 */
import { ownText } from "../base/own-text.ts";
import type { Cluster } from "../cluster/cluster.ts";
import type { Json, Part, PartTaker } from "../cluster/ports.ts";
import type { Stories } from "../cluster/stories.ts";
import { isText, textIn } from "../message/plain-data.ts";
import type { DialogEnd } from "../policy/call-log.ts";
import type { Engine } from "./engine.ts";

const BYE = "bye";
const FOLLOWED = "followed";
/** For one silent member; the oldest make room. */
const KEPT_MAX = 1_000;
/** Of them, with one beat. */
const AT_ONCE = 100;

export class StrayRequests implements PartTaker {
  private readonly engine: Engine;
  private readonly cluster: Cluster;
  private readonly stories: Stories;
  private readonly names: readonly string[];
  /** BYEs, by the member that isn't heard. */
  private readonly kept = new Map<string, Part[]>();

  /** @param names of the other members */
  constructor(engine: Engine, cluster: Cluster, stories: Stories, names: readonly string[]) {
    this.engine = engine;
    this.cluster = cluster;
    this.stories = stories;
    this.names = names;
    cluster.attach([BYE, FOLLOWED], this);
    cluster.watch({ onBeat: (member) => this.tellKept(member) });
    stories.teller.onBye = (bye, now_ms) => this.end(bye, now_ms);
    engine.callLog.onBye = ({ callId, fromTag, toTag }, isKnown, now_ms) => {
      if (!isEnd(callId, fromTag, toTag)) return;
      const [c, f, t] = [callId, fromTag, toTag].map(ownText) as [string, string, string];
      stories.hungUp({ callId: c, fromTag: f, toTag: t }, now_ms);
      if (!isKnown) this.tell([BYE, { c, f, t }]);
    };
    engine.relayedCallers.onFollowed = (caller) => {
      if (isText(caller)) this.tell([FOLLOWED, caller]);
    };
  }

  take(_from: string, [kind, value]: Part, now_ms: number): void {
    if (kind === BYE) this.takeBye(value, now_ms);
    else if (typeof value === "string" && isText(value)) this.engine.relayedCallers.follows(value);
  }

  private takeBye(value: Json, now_ms: number): void {
    const [callId = "", fromTag = "", toTag = ""] = ["c", "f", "t"].map((name) => textIn(value, name));
    if (!isEnd(callId, fromTag, toTag)) return;
    this.end({ callId, fromTag, toTag }, now_ms);
    this.stories.hungUp({ callId, fromTag, toTag }, now_ms);
  }

  private end(bye: DialogEnd, now_ms: number): void {
    const { callLog, core, calls } = this.engine;
    callLog.over(bye, now_ms);
    core.dialogs.end(bye);
    if (calls.isWithin(bye, now_ms)) calls.end(bye, now_ms);
  }

  private tell(part: Part): void {
    const { cluster, names, kept } = this;
    for (const member of names) {
      cluster.tellSoon(member, [part]);
      if (part[0] === BYE && cluster.isMissing(member)) {
        const parts = kept.get(member) ?? [];
        parts.push(part);
        kept.set(member, parts.slice(-KEPT_MAX));
      }
    }
  }

  private tellKept(member: string): void {
    const parts = this.kept.get(member);
    if (parts === undefined) return;
    this.cluster.tellSoon(member, parts.splice(0, AT_ONCE));
    if (parts.length === 0) this.kept.delete(member);
  }
}

function isEnd(...texts: readonly string[]): boolean {
  return texts.every((text) => text !== "" && isText(text));
}
