/** A command to try instead of one that can't be answered. */
import type { IpRange } from "../base/ip-range.ts";

/** What a shell takes as one word. */
const PLAIN = /^[\w.+*@:-]+$/;
/** The last octets that an example gives to a phone. */
const HOSTS: readonly number[] = [21, 101, 2];

/**
 * "branchline explain 10.222.237.21 5551234".
 * @param phones addresses of phones that are known, the first is taken
 * @param networks of phones: where none is known, one that may be there
 * @param own tells whether an address is the router's
 */
export function exampleCommand(
  phones: readonly string[],
  networks: readonly IpRange[],
  own: (address: string) => boolean,
  number: string,
): string {
  const invented = networks.flatMap((network) => {
    const octets = /^(\d+\.\d+\.\d+)\.\d+\//.exec(network.text)?.[1];
    return HOSTS.map((host) => `${octets}.${host}`).filter(
      (address) => octets !== undefined && network.contains(address) && !own(address),
    );
  });
  return `branchline explain ${phones[0] ?? invented[0] ?? "ADDRESS"} ${PLAIN.test(number) ? number : "NUMBER"}`;
}
