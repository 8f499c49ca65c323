/**
 * Which of a phone's REGISTERs is the later one (RFC 3261 §10.3 item 7): by Call-ID and CSeq, and by the time, since a phone
 * that boots begins its CSeq anew.
 */
import { TEXT_CHARACTERS_MAX } from "../../message/limits.ts";
import type { Request } from "../../message/message.ts";
import type { RoutedRequest } from "../../proxy/router.ts";
import { isSameFlow } from "../../transport/flow.ts";
import type { Binding } from "./bindings.ts";
import type { Wishes } from "./register-wishes.ts";

/** A REGISTER that was overtaken on its way comes within this time of the later one: its transaction lasts no longer. */
const OVERTAKEN_ms = 32_000;

/** By what REGISTERs of one phone are told earlier from later. */
export function orderOf({ callId, cseqNumber }: Request): { callId: string; cseq: number } {
  return { callId: callId.slice(0, TEXT_CHARACTERS_MAX), cseq: cseqNumber };
}

/**
 * §10.3 item 7: a later REGISTER with the same Call-ID has been taken. A phone that has booted may begin its CSeq anew; it
 * is told from a message that was overtaken by another port, connection or Contact, and by the time that has passed. A
 * REGISTER that takes a binding away must prove more: it never counts as booted.
 */
export function isOvertaken(
  { request, source }: RoutedRequest,
  wishes: Wishes,
  known: readonly Binding[],
  now_ms: number,
): boolean {
  const { callId, cseq } = orderOf(request);
  const { isWildcard, contacts } = wishes;
  const own = known.filter((one) => one.callId === callId);
  const later = own.filter((one) => one.cseq > cseq);
  if (later.length === 0 || (!isWildcard && contacts.length === 0)) return false;
  // Once a phone that has booted has been taken, its bindings of before say nothing about its order any more.
  const last_ms = Math.max(...own.map(({ heard_ms }) => heard_ms));
  if (own.some((one) => one.heard_ms === last_ms && one.cseq <= cseq)) return false;
  const isSamePhone = ({ flow, contact }: Binding) =>
    isSameFlow(flow, source) && contacts.some(({ uri }) => uri === contact);
  return (
    isWildcard ||
    contacts.some(({ expires_s }) => expires_s === 0) ||
    later.some((one) => isSamePhone(one) || now_ms - one.heard_ms < OVERTAKEN_ms)
  );
}
