/** Which transaction a message belongs to: RFC 3261 §17.1.3 and §17.2.3. */
import { VIA } from "../message/header-names.ts";
import type { Request } from "../message/message.ts";
import { splitList } from "../message/text.ts";
import { MAGIC_COOKIE, type Via } from "../message/via.ts";

/** The key of the server transaction of `request`; an ACK has that of its INVITE. */
export function serverKey(request: Request): string {
  return serverKeyAs(request, request.method === "ACK" ? "INVITE" : request.method);
}

/** The key that the transaction of `request` would have, were its method `method`: a CANCEL looks for its INVITE so. */
export function serverKeyAs(request: Request, method: string): string {
  const key = serverKeyBehind(request.topVia, method);
  if (key !== undefined) return key;
  return `${method} ${request.requestUri} ${request.fromTag} ${request.callId} ${request.cseqNumber} ${topViaText(request)}`;
}

/** The key of the server transaction to which a response goes back, by the Via behind ours; undefined: of an RFC 2543 peer. */
export function serverKeyBehind({ branch, host, port }: Via, method: string): string | undefined {
  return branch.startsWith(MAGIC_COOKIE) ? `${method} ${branch} ${host}:${port}` : undefined;
}

/** The key of the client transaction with this branch: a CANCEL shares the branch of its INVITE. */
export function clientKey(branch: string, method: string): string {
  return method === "CANCEL" ? `${branch} CANCEL` : branch;
}

/** RFC 2543 peers: the whole top Via value takes the part of the branch (§17.2.3). */
function topViaText(request: Request): string {
  return splitList(request.header(VIA) ?? "")[0] ?? "";
}
