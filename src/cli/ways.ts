/** What commands find out about the ways to upstream and the gateways: by this host's DNS and its kernel. */
import type { Config } from "../app/config/config.ts";
import { findMissingWays, type WayPorts } from "../app/find-ways.ts";
import { printable } from "../base/printable.ts";
import { readAddresses } from "../io/node/interfaces.ts";
import { resolve } from "../io/node/resolve.ts";
import { findSource } from "../io/node/udp.ts";

/** This host, for {@link ../app/find-ways.ts}. Nothing is sent to upstream or a gateway. */
export function wayPorts(): WayPorts {
  return { resolve, findSource, own: readAddresses() ?? [] };
}

/**
 * Tells of each peer to which no address of `listen` is on the way, with the cure. Nothing is told where the file is for another
 * router. Waits for DNS, 2 s at the most, where the file has names.
 * @param file its path, as a line shows it
 */
export async function hintAtMissingWays(config: Config, file: string, say: (line: string) => void): Promise<void> {
  for (const { text, cure } of await findMissingWays(config, wayPorts())) {
    say(printable(`${file}: hint: ${text}; ${cure}`));
  }
}
