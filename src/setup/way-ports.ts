/** This host's DNS and kernel, as {@link ../app/find-ways.ts} asks them. Nothing is sent to upstream or a gateway. */
import type { WayPorts } from "../app/find-ways.ts";
import { readAddresses } from "../io/node/interfaces.ts";
import { resolve } from "../io/node/resolve.ts";
import { findSource } from "../io/node/udp.ts";

/** As it is now: our own addresses are read once. */
export function wayPorts(): WayPorts {
  return { resolve, findSource, own: readAddresses() ?? [] };
}
