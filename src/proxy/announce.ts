/** What a target's responses say besides: a phone's user learns from them which way the call has gone. */
import { ALERT_INFO, P_ASSERTED_IDENTITY, REMOTE_PARTY_ID } from "../message/header-names.ts";
import type { Response } from "../message/message.ts";
import { rewriteList } from "../message/rewrite-list.ts";
import { Splice } from "../message/splice.ts";

/** What a target's responses to an INVITE say besides what it says itself. */
export interface Announcement {
  /** The called party, as a name-addr: the value of P-Asserted-Identity and Remote-Party-ID in its provisional responses and 2xx. */
  readonly calledParty?: string;
  /** The Alert-Info of its 180. */
  readonly alertInfo?: string;
}

/** The part of a target that is one; undefined where it says nothing. */
export function announcementOf({ calledParty, alertInfo }: Announcement): Announcement | undefined {
  if (calledParty === undefined && alertInfo === undefined) return undefined;
  return { ...(calledParty === undefined ? {} : { calledParty }), ...(alertInfo === undefined ? {} : { alertInfo }) };
}

/**
 * The edits of a response to an INVITE; undefined: it leaves as it came. Phones read the called party from P-Asserted-Identity (RFC 3325, RFC
 * 5876 §3.1) or from Remote-Party-ID, so it is in both.
 */
export function announce(response: Response, announcement: Announcement | undefined): Splice | undefined {
  if (announcement === undefined || response.status >= 300) return undefined;
  const { calledParty, alertInfo } = announcement;
  const ringback = response.status === 180 ? alertInfo : undefined;
  if (calledParty === undefined && ringback === undefined) return undefined;
  const splice = new Splice(response.wire);
  if (calledParty !== undefined) {
    rewriteList(response, splice, P_ASSERTED_IDENTITY, "P-Asserted-Identity", [calledParty]);
    rewriteList(response, splice, REMOTE_PARTY_ID, "Remote-Party-ID", [`${calledParty};party=called;screen=yes`]);
  }
  if (ringback !== undefined) rewriteList(response, splice, ALERT_INFO, "Alert-Info", [ringback]);
  return splice;
}
