/** What else phones ask for goes upstream; in an outage they get an answer instead of a time-out. */
import { EVENT, EXPIRES } from "../../message/header-names.ts";
import type { Request } from "../../message/message.ts";
import type { Stage } from "../../proxy/router.ts";
import { underUpstream } from "../door/own-domain.ts";
import type { Peer } from "../peers/peer.ts";
import { decision, inTurn, nextWhen, replyStage, SILENCE_OR_503, upstreamStage } from "../plan.ts";
import type { RoutingRule } from "../situation.ts";

/** Event package or method → status. */
export type OutageAnswers = ReadonlyMap<string, number>;

declare module "../site.ts" {
  interface Site {
    readonly outageAnswers: OutageAnswers;
  }
}

const STATUS_DEFAULT = 480;
const RETRY_AFTER_s = 60;

export const otherRequest: RoutingRule = (facts, { site, upstreams, now_ms }) => {
  const { origin } = facts;
  if (origin !== "localnet" && (origin !== "gateway" || facts.request.method === "CANCEL")) return undefined;
  const answer = outageAnswer(facts.request, site.outageAnswers);
  // A rehearsal is like an outage for all that begins; what belongs to a call or subscription goes on.
  const isForcedDown = upstreams.isForcedDown && facts.belongs === "nothing";
  const targets = isForcedDown ? [] : upstreams.targetsFor(facts, now_ms).filter((target) => target.lives);
  if (targets.length === 0)
    return decision("other-request", `upstream is ${isForcedDown ? "forced " : ""}down`, answer);
  const { fr_timer_ms } = site.upstream;
  const others = targets.slice(0, -1);
  const last = targets.slice(-1);
  // A slow answer is upstream's all the same: only where there is another target to ask does the wait end before its time.
  const under = (target: Peer) => underUpstream(facts, target.hop);
  const stages = [
    ...inTurn(others.map((one) => upstreamStage(one, fr_timer_ms, under(one), nextWhen(SILENCE_OR_503)))),
    ...last.map((one) => upstreamStage(one, undefined, under(one))),
  ];
  return { ...decision("other-request", `to ${targets[0]?.name ?? ""}`, ...stages, answer), passes503: true };
};

/** By event package (RFC 6665 §4.1.2), or else by method. What ends a call that isn't known gets 481 (RFC 3261 §15.1.1). */
function outageAnswer(request: Request, answers: OutageAnswers): Stage {
  if (request.method === "BYE") return replyStage(481);
  const event = (request.header(EVENT) ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  const status = answers.get(event) ?? answers.get(request.method) ?? STATUS_DEFAULT;
  if (status < 300) return replyStage(status, undefined, request.lines(EXPIRES));
  return replyStage(status, undefined, status === 489 ? undefined : `Retry-After: ${RETRY_AFTER_s}\r\n`);
}
