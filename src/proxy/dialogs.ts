/**
 * Calls that are up, with the way to each end. Requests within a call find their way by Route and need none of this, so that a
 * restart harms no call; but a peer that puts our address where the other end's Contact should be (a PBX that mends NAT by
 * the source address of what it gets) names that end nowhere.
 */
import { BoundedMap } from "../base/bounded-map.ts";
import { ownText } from "../base/own-text.ts";
import { CONTACT } from "../message/header-names.ts";
import type { Request, Response } from "../message/message.ts";
import { parseNameAddr } from "../message/name-addr.ts";
import { parseSipUri } from "../message/uri.ts";
import { type Flow, nameFlow } from "../transport/flow.ts";
import type { RoutedRequest, Target } from "./router.ts";

const CONTACT_CHARACTERS_MAX = 512;
/** A call with longer ones isn't remembered: a header can have 16 kB. */
const ID_CHARACTERS_MAX = 512;

interface End {
  /** The value of its Contact, as it came. */
  readonly contact: string;
  readonly flow: Flow;
}

interface Dialog {
  readonly caller: End;
  readonly callee: End;
}

/**
 * By Call-ID and the caller's tag: another call with the same Call-ID, which anybody can make, changes nothing. The oldest
 * call makes room.
 */
export class Dialogs extends BoundedMap<string, Dialog> {
  /**
   * An INVITE that begins a call has been answered.
   * @param asked where it went
   */
  begin(invite: Request, source: Flow, response: Response, asked: Flow): void {
    if (invite.callId.length + invite.fromTag.length > ID_CHARACTERS_MAX) return;
    this.set(ownText(keyOf(invite.callId, invite.fromTag)), {
      caller: { contact: contactOf(invite), flow: source },
      callee: { contact: contactOf(response), flow: asked },
    });
  }

  /** A request that went to `asked` has had a 2xx: a call may be up now, or over. */
  note({ request, source }: RoutedRequest, asked: Flow, response: Response): void {
    if (request.method === "BYE") this.end(request);
    else if (request.method === "INVITE" && request.toTag === "") this.begin(request, source, response, asked);
  }

  /** Where a request within a call goes that names us in place of the other end; undefined for a call that isn't known. */
  otherEnd({ callId, fromTag, toTag }: Request): Target | undefined {
    const end = this.get(keyOf(callId, fromTag))?.callee ?? this.get(keyOf(callId, toTag))?.caller;
    const uri = parseNameAddr(end?.contact ?? "")?.uri;
    return end === undefined || uri === undefined || parseSipUri(uri) === undefined
      ? undefined
      : { requestUri: uri, nextHop: nameFlow(end.flow), dropRoutes: true };
  }

  /** Calls that are up outlive the load amid which they have begun: see `HostUser.onCalm`. */
  renew(): void {
    this.renewAll(({ caller, callee }) => ({ caller: renewedEnd(caller), callee: renewedEnd(callee) }));
  }

  /** The call to which this BYE belongs is over. */
  end({ callId, fromTag, toTag }: Pick<Request, "callId" | "fromTag" | "toTag">): void {
    this.delete(keyOf(callId, fromTag));
    this.delete(keyOf(callId, toTag));
  }
}

function renewedEnd({ contact, flow }: End): End {
  return { contact: ownText(contact), flow: { ...flow } };
}

function keyOf(callId: string, callerTag: string): string {
  return `${callerTag} ${callId}`;
}

function contactOf(message: Request | Response): string {
  const value = message.header(CONTACT) ?? "";
  return value.length > CONTACT_CHARACTERS_MAX ? "" : ownText(value);
}
