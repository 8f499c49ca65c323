/** One branch of a response context: a target, and what became of the copy sent to it (RFC 3261 §16.6, §16.7). */
import type { Response } from "../../message/message.ts";
import type { ClientTransaction } from "../../transaction/client-transaction.ts";
import type { ServerTransaction } from "../../transaction/server-transaction.ts";
import type { Flow } from "../../transport/flow.ts";
import { BranchData, type BranchTimer } from "./branch-data.ts";
import { DEEDS, found, meaningOf } from "./branch-deeds.ts";
import type { AnyBranchMachine, BranchAction, BranchInput } from "./branch-machine.ts";
import { tellAnswer } from "./evidence.ts";
import { inviteBranch } from "./invite-branch.ts";
import { LateAnswer } from "./late-answer.ts";
import { byeBranch, nonInviteBranch } from "./non-invite-branch.ts";

/** Runs its machine: what comes in are inputs, and the deeds follow. */
export class Branch extends BranchData {
  private readonly machine: AnyBranchMachine = machineFor(this.running.routed.request.method);

  start(now_ms: number): void {
    this.observer?.onStart(this, now_ms);
    this.take(this.perform(this.machine.start, now_ms), now_ms);
  }

  onLocated(flows: readonly Flow[], now_ms: number): void {
    // While the way was looked for once more, an earlier try may have got through after all.
    if (this.machine.states[this.state]?.address === undefined) return;
    try {
      this.take(found(this, flows, now_ms), now_ms);
    } catch (error) {
      this.running.onBug(error, now_ms);
    }
  }

  /**
   * The answer isn't wanted any more. A target that has shown a sign of life gets CANCEL; any other is no longer waited for,
   * and gets CANCEL should it answer late (§9.1): the INVITE is sent on until then.
   * @param reason whole Reason lines, or ""
   */
  cancel(reason: string, now_ms: number): void {
    if (this.reason === "") this.reason = reason;
    this.take("cancel", now_ms);
  }

  /** The stage has rung long enough: like {@link cancel}, but doesn't wait for the 487. */
  endRinging(now_ms: number): void {
    this.take("ringOver", now_ms);
  }

  /** A fault of ours that shows here harms none of the others that are rescued with it. */
  rescue(now_ms: number): void {
    this.takeAlone("rescue", now_ms);
  }

  onResponse(transaction: ClientTransaction, response: Response, now_ms: number): void {
    tellAnswer(this.observer, transaction, response.status, now_ms);
    this.kit.locator.markAlive(transaction.flow);
    this.take(meaningOf(this, transaction, response), now_ms, transaction, response);
  }

  onTimeout(transaction: ClientTransaction, now_ms: number): void {
    if (this.attempts.awaits(transaction)) this.take("timeout", now_ms, transaction);
  }

  onUnreachable(transaction: ClientTransaction, now_ms: number): void {
    if (this.attempts.awaits(transaction)) this.take("unreachable", now_ms, transaction);
  }

  onTimer(kind: BranchTimer, now_ms: number): void {
    this.takeAlone(kind, now_ms);
  }

  /** The caller has another answer: only a late one of these can still come. */
  letGo(server: ServerTransaction): void {
    if (this.final === undefined) return;
    const isWithinDialog = this.routed.request.toTag !== "";
    for (const one of this.attempts.asked) {
      if ((one.state === "abandoned" || one.state === "disowned") && one.user === this) {
        one.user = new LateAnswer(this.kit.lasting ?? this.kit, server, this.observer, this.reason, isWithinDialog);
      }
    }
  }

  /** The same as {@link take}; a bug of ours ends this request, and nothing else. */
  private takeAlone(input: BranchInput, now_ms: number): void {
    try {
      this.take(input, now_ms);
    } catch (error) {
      this.running.onBug(error, now_ms);
    }
  }

  /** Does what the machine says to `input`, and to what comes of that. */
  private take(
    input: BranchInput | undefined,
    now_ms: number,
    transaction?: ClientTransaction,
    response?: Response,
  ): void {
    let next = input;
    while (next !== undefined) {
      const transition = this.machine.states[this.state]?.[next];
      if (transition === undefined) return;
      this.state = transition.next;
      next = this.perform(transition.actions, now_ms, transaction, response);
    }
  }

  private perform(
    actions: readonly BranchAction[],
    now_ms: number,
    transaction?: ClientTransaction,
    response?: Response,
  ): BranchInput | undefined {
    let next: BranchInput | undefined;
    for (const action of actions) next = DEEDS[action](this, now_ms, transaction, response);
    return next;
  }
}

function machineFor(method: string): AnyBranchMachine {
  if (method === "INVITE") return inviteBranch;
  return method === "BYE" ? byeBranch : nonInviteBranch;
}
