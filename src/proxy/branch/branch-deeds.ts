/** How a branch does what its machine asks for. */
import { Timer } from "../../base/timers.ts";
import type { Response } from "../../message/message.ts";
import type { ClientTransaction } from "../../transaction/client-transaction.ts";
import { PATIENCE_ms, TIMER_C_ms } from "../../transaction/timers.ts";
import type { Flow } from "../../transport/flow.ts";
import type { Final } from "../best-response.ts";
import type { ProxyKit } from "../kit.ts";
import { flowPastPath, hopBehind, isFlow, isSips, nextHopOf, sendCopy } from "../outgoing.ts";
import { share_ms } from "./attempts.ts";
import {
  type BranchData,
  type BranchTimer,
  CANCELLED,
  MUTED,
  NOWHERE,
  RUNG,
  SILENT,
  TIMED_OUT,
} from "./branch-data.ts";
import type { BranchAction, BranchInput } from "./branch-machine.ts";
import { noteSilence, tellSilence } from "./evidence.ts";
import { isMuted } from "./muted.ts";

/** A line that is back is used this much later at the most. */
const RETRY_ms = 1_000;

/** Does an action; what comes of it as the machine's next input, if anything. */
type Deed = (
  branch: BranchData,
  now_ms: number,
  transaction: ClientTransaction | undefined,
  response: Response | undefined,
) => BranchInput | undefined;

export const DEEDS: Readonly<Record<BranchAction, Deed>> = {
  locate,
  seek,
  send,
  resume,
  tryLater,
  drop,
  markDead: ({ kit, attempts: { current } }, now_ms) => {
    if (current !== undefined) kit.locator.markDead(current.flow, now_ms);
    return undefined;
  },
  abandon,
  refused,
  turn,
  hear: (branch, _now_ms, transaction, response) => meaningOf(branch, transaction, response),
  weighShare,
  weighHush: ({ attempts }) => (attempts.next === undefined ? "stay" : "elsewhere"),
  weighVerdict,
  startFr: (branch, now_ms) => startFr(branch, branch.fr_timer_ms, now_ms),
  startHush: (branch, now_ms) => startWait(branch, branch.fr_timer_ms ?? 0, now_ms),
  startTimerC: (branch, now_ms) => startWait(branch, TIMER_C_ms, now_ms),
  stopWait,
  stop,
  cancel: ({ kit, attempts, reason }, now_ms) => cancel(kit, attempts.current, reason, now_ms),
  cancelLate: ({ kit, reason }, now_ms, transaction) => cancel(kit, transaction, reason, now_ms),
  passOver,
  tellProvisional: (branch, now_ms, _transaction, response) => {
    if (response !== undefined) branch.running.onProvisional(branch, response, now_ms);
    return undefined;
  },
  tellHush: ({ observer }, now_ms) => {
    observer?.onHush?.(now_ms);
    return undefined;
  },
  tellLost: ({ observer, lostSince_ms, routed }, now_ms) => {
    if (lostSince_ms === now_ms) observer?.onUnreachable(routed.request.method, now_ms);
    return undefined;
  },
  tellNowhere: ({ observer, attempts, routed, target }, now_ms) => {
    const isTheirs = attempts.flows.length > 0 || !isSips(routed, target); // else it just speaks no TLS
    if (isTheirs) observer?.onUnreachable(routed.request.method, now_ms);
    return undefined;
  },
  tellSilence: ({ kit, attempts, observer, routed }, now_ms) => {
    if (attempts.current !== undefined) noteSilence(kit, attempts.current.flow, now_ms);
    tellSilence(observer, routed.request.method, attempts.longestDatagram_octets, now_ms);
    return undefined;
  },
  endAnswered: (branch, now_ms, _transaction, response) => {
    return response === undefined ? undefined : end(branch, { status: response.status, response }, now_ms);
  },
  endMuted: (branch, now_ms) => end(branch, MUTED, now_ms),
  endSilent: (branch, now_ms) => end(branch, SILENT, now_ms),
  endNowhere: (branch, now_ms) => end(branch, NOWHERE, now_ms),
  endCancelled: (branch, now_ms) => end(branch, CANCELLED, now_ms),
  endTimedOut: (branch, now_ms) => end(branch, TIMED_OUT, now_ms),
  endRung: (branch, now_ms) => end(branch, RUNG, now_ms),
  endSuccess,
};

/** What a response is to the machine; undefined: nothing. */
export function meaningOf(
  { attempts, target, observer, fr_timer_ms }: BranchData,
  transaction: ClientTransaction | undefined,
  response: Response | undefined,
): BranchInput | undefined {
  if (transaction === undefined || response === undefined) return undefined;
  const { status } = response;
  if (status >= 200 && status < 300) return "success";
  if (status < 200 && transaction !== attempts.current) return transaction.isCancelled ? undefined : "late";
  if (status === 100) return fr_timer_ms !== undefined && observer?.onHush !== undefined ? "hush" : "trying";
  if (status < 200) return "ringing";
  if (!attempts.awaits(transaction)) return undefined;
  if (isMuted(target, response)) return "muted";
  return status === 503 && response.body === "" && attempts.hasOther ? "refusal" : "failure";
}

/** These have been found. The next input says what is to be done with them. */
export function found(branch: BranchData, flows: readonly Flow[], now_ms: number): BranchInput | undefined {
  const { attempts, routed, target, kit } = branch;
  const past = flowPastPath(target, kit.listeners);
  const all = past === undefined ? flows : [...flows, past];
  attempts.found(isSips(routed, target) ? all.filter(({ listener }) => listener.transport.isSecure) : all);
  return seek(branch, now_ms);
}

function locate(branch: BranchData, now_ms: number): BranchInput | undefined {
  const { kit, routed } = branch;
  const hop = nextHopOf(routed, branch.target, kit.listeners);
  if (hop === undefined) return found(branch, [], now_ms);
  if (isFlow(hop)) return found(branch, [hop], now_ms);
  branch.mayUseTcp = hop.protocol === undefined;
  const flows = kit.locator.locate(hop, branch, now_ms, routed.request.callId);
  if (flows !== undefined) return found(branch, flows, now_ms);
  if (branch.final === undefined && branch.waitTimer === undefined) startFr(branch, PATIENCE_ms, now_ms);
  return undefined;
}

function seek(branch: BranchData, now_ms: number): BranchInput | undefined {
  const { attempts, kit, routed, target } = branch;
  if (attempts.next !== undefined) return "address";
  // The connection that a phone had opened is gone: its Contact is tried.
  const hop = hopBehind(routed, target, attempts.flows[0]);
  if (hop !== undefined) {
    const flows = kit.locator.locate(hop, branch, now_ms);
    return flows === undefined ? undefined : found(branch, flows, now_ms);
  }
  if (attempts.mayAnswer) return "silent";
  return mayTryLater(branch, now_ms) ? "later" : "nowhere";
}

/** A BYE is tried as long as its transaction would last, any other request while fr_timer runs. */
function mayTryLater({ target, routed, fr_timer_ms, lostSince_ms }: BranchData, now_ms: number): boolean {
  if (target.isPersistent !== true) return false;
  if (routed.request.method !== "BYE") return fr_timer_ms !== undefined;
  return now_ms - (lostSince_ms ?? now_ms) < PATIENCE_ms;
}

function send(branch: BranchData, now_ms: number): undefined {
  const { attempts, kit, mayUseTcp } = branch;
  if (attempts.next === undefined) return;
  attempts.ask(sendCopy(kit, branch, attempts.next, mayUseTcp, branch, now_ms));
  if (attempts.next === undefined) return;
  branch.shareTimer ??= new Timer<BranchTimer>(branch, "share");
  kit.timers.start(branch.shareTimer, share_ms(branch.fr_timer_ms, attempts.tries), now_ms);
}

function resume({ attempts, kit }: BranchData, now_ms: number): undefined {
  for (const one of attempts.asked) kit.transactions.resume(one, now_ms);
  attempts.current = undefined;
}

function tryLater(branch: BranchData, now_ms: number): undefined {
  branch.lostSince_ms ??= now_ms;
  branch.retryTimer ??= new Timer<BranchTimer>(branch, "retry");
  branch.kit.timers.start(branch.retryTimer, RETRY_ms, now_ms);
}

function drop({ attempts, kit }: BranchData, now_ms: number, transaction: ClientTransaction | undefined): undefined {
  if (transaction === undefined) return;
  if (attempts.drop(transaction)) kit.tcpReach.lacks(transaction.flow, now_ms);
}

function abandon({ kit, attempts: { current } }: BranchData, now_ms: number): undefined {
  if (current === undefined) return;
  noteSilence(kit, current.flow, now_ms);
  kit.transactions.abandon(current, now_ms);
}

function refused(branch: BranchData, now_ms: number, transaction: ClientTransaction | undefined): undefined {
  const { attempts, fr_timer_ms, until_ms, kit } = branch;
  if (transaction !== undefined) kit.locator.markDead(transaction.flow, now_ms);
  if (fr_timer_ms === undefined) return;
  startFr(branch, attempts.next === undefined ? until_ms - now_ms : fr_timer_ms, now_ms);
}

function turn(branch: BranchData, now_ms: number, transaction: ClientTransaction | undefined): undefined {
  branch.attempts.current = transaction;
  abandonAll(branch, now_ms);
}

function abandonAll({ attempts, kit }: BranchData, now_ms: number, how: "abandon" | "disown" = "abandon"): void {
  for (const one of attempts.asked) kit.transactions.abandon(one, now_ms, how);
}

/** An address that lives is waited for rather than one that is known to be dead. */
function weighShare({ attempts: { current, next }, kit: { locator } }: BranchData, now_ms: number): BranchInput {
  if (current === undefined || next === undefined) return "stay";
  return locator.isDead(next, now_ms) && !locator.isDead(current.flow, now_ms) ? "stay" : "elsewhere";
}

function weighVerdict({ attempts: { current }, kit }: BranchData, now_ms: number): BranchInput {
  return current !== undefined && kit.locator.isDead(current.flow, now_ms) ? "elsewhere" : "stay";
}

function startFr(branch: BranchData, delay_ms: number | undefined, now_ms: number): undefined {
  if (delay_ms === undefined) return;
  branch.until_ms = now_ms + delay_ms;
  startWait(branch, delay_ms, now_ms);
}

function startWait(branch: BranchData, delay_ms: number, now_ms: number): undefined {
  stopWait(branch);
  branch.waitTimer ??= new Timer<BranchTimer>(branch, "wait");
  branch.kit.timers.start(branch.waitTimer, delay_ms, now_ms);
}

function stopWait({ kit, waitTimer, shareTimer }: BranchData): undefined {
  if (waitTimer !== undefined) kit.timers.stop(waitTimer);
  if (shareTimer !== undefined) kit.timers.stop(shareTimer);
}

function stop(branch: BranchData): undefined {
  stopWait(branch);
  if (branch.retryTimer !== undefined) branch.kit.timers.stop(branch.retryTimer);
}

function cancel(
  { transactions }: ProxyKit,
  transaction: ClientTransaction | undefined,
  reason: string,
  now_ms: number,
): undefined {
  if (transaction !== undefined) transactions.cancel(transaction, reason, now_ms);
}

function passOver(branch: BranchData, now_ms: number, transaction: ClientTransaction | undefined): undefined {
  const { attempts, kit } = branch;
  if (attempts.current === transaction) return;
  cancel(kit, attempts.current, "", now_ms);
  abandonAll(branch, now_ms);
}

function end(branch: BranchData, final: Final, now_ms: number): undefined {
  if (branch.final !== undefined) return;
  stopWait(branch);
  branch.tellEnd(final, now_ms);
  branch.final = final;
  if (branch.state === "over") {
    stop(branch);
    abandonAll(branch, now_ms, final === CANCELLED ? "disown" : "abandon");
  }
  branch.running.onEnded(branch, now_ms);
}

function endSuccess(
  branch: BranchData,
  now_ms: number,
  transaction: ClientTransaction | undefined,
  response: Response | undefined,
): undefined {
  if (transaction === undefined || response === undefined) return;
  stop(branch);
  if (branch.final === undefined) {
    const final = { status: response.status, response };
    branch.tellEnd(final, now_ms);
    branch.final = final;
  }
  branch.running.onSuccess(branch, transaction, response, now_ms);
}
