/** A whole call between two agents. */
import type { SipMessage } from "../../sip/sip-message.ts";
import type { Dialog } from "./dialog.ts";
import { IncomingCall } from "./incoming-call.ts";
import { type CallOptions, OutgoingCall } from "./outgoing-call.ts";
import type { SipAgent } from "./sip-agent.ts";

export interface Conversation {
  /** As it reached the callee. */
  readonly invite: SipMessage;
  readonly caller: Dialog;
  readonly callee: Dialog;
}

/** Calls, rings, answers, acknowledges. */
export async function converse(from: SipAgent, to: SipAgent, options: CallOptions): Promise<Conversation> {
  const call = await OutgoingCall.start(from, options);
  const incoming = await IncomingCall.at(to, call.callId);
  await incoming.ring();
  await call.response(180);
  const answered = incoming.answer();
  const caller = await call.established();
  return { invite: incoming.invite, caller, callee: await answered };
}

/** Each side sends a re-INVITE that the other answers. */
export async function reinviteBothWays({ caller, callee }: Conversation): Promise<void> {
  await caller.ask("INVITE", callee.agent);
  await callee.ask("INVITE", caller.agent);
}
