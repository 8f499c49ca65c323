/** OPTIONS from a socket of its own: what is there, and what does it see of us? */

import type { Random } from "../base/ports.ts";
import { hostText } from "../message/uri.ts";
import { MAGIC_COOKIE } from "../message/via.ts";
import { type OptionsForm, optionsRequest } from "../proxy/options-request.ts";
import { TRANSPORTS } from "../transport/flow.ts";
import type { ResolvedAddress } from "../transport/next-hops.ts";

/** Where a socket is. */
export interface Local {
  readonly address: string;
  readonly port: number;
}

/**
 * A request that leaves from `local`, as wire text.
 * @param target host, port and parameters of its Request-URI
 */
export function optionsFrom(
  local: Local,
  { address, port, protocol }: ResolvedAddress,
  target: string,
  form: OptionsForm,
  random: Random,
): string {
  const sentBy = `${hostText(local.address)}:${local.port}`;
  const listener = { index: 0, protocol, transport: TRANSPORTS[protocol], ...local, sentBy };
  return optionsRequest(random, target, form, { listener, address, port }, `${MAGIC_COOKIE}${random.token(20)}`);
}
