/** OPTIONS from a socket of its own: who is there, and what does he see of us? */
import type { Random } from "../base/ports.ts";
import { hostText } from "../message/uri.ts";
import { MAGIC_COOKIE } from "../message/via.ts";
import { optionsRequest } from "../proxy/prober.ts";
import type { ResolvedAddress } from "../transport/next-hops.ts";

/** Where a socket is. */
export interface Local {
  readonly address: string;
  readonly port: number;
}

/** A request for `uri` that leaves from `local` for `to`, as wire text. */
export function optionsFrom(
  local: Local,
  { address, port, protocol }: ResolvedAddress,
  uri: string,
  random: Random,
): string {
  const listener = { index: 0, protocol, ...local, sentBy: `${hostText(local.address)}:${local.port}` };
  return optionsRequest(random, uri, { listener, address, port }, `${MAGIC_COOKIE}${random.token(20)}`);
}
