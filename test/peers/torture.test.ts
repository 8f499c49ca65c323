/** All torture messages in a row, on real sockets, to one built bundle: each gets what the tables say. */
import { expect, test } from "vitest";
import { archiveMessages } from "../torture/archive.ts";
import { rfc4475Messages } from "../torture/rfc4475-messages.ts";
import { rfc4475Verdicts } from "../torture/rfc4475-verdicts.ts";
import { rfc5118Messages } from "../torture/rfc5118-messages.ts";
import { rfc5118Verdicts } from "../torture/rfc5118-verdicts.ts";
import type { TortureMessage, Verdict } from "../torture/verdict.ts";
import { hostPort, Subnet } from "./support/addresses.ts";
import { Branchline } from "./support/branchline.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { describeWith } from "./support/peers.ts";
import { ipv6Places } from "./support/torture-places.ts";
import { type Places, TortureRig } from "./support/torture-rig.ts";

const LIMIT_MS = 180_000;
const net = new Subnet(84);

cleanUpAfterEach();

/** The messages whose outcome isn't the table's, with both. */
async function surprises(
  places: Places,
  localnet: string,
  verdicts: readonly Verdict[],
  messages: readonly TortureMessage[],
): Promise<string[]> {
  const rig = await TortureRig.open(places);
  const { namespace } = places;
  await Branchline.start(
    {
      listen: [`udp:${hostPort(places.proxy)}`],
      localnet: [localnet],
      upstream: `sip:${hostPort(places.upstream)}`,
    },
    namespace === undefined ? {} : { namespace },
  );
  await rig.ready();
  const found: string[] = [];
  for (const message of messages) {
    const wanted = verdicts.find(({ name }) => name === message.name)?.outcome;
    const outcome = await rig.outcome(message);
    if (outcome !== wanted) found.push(`${message.name}: ${outcome} instead of ${wanted}`);
  }
  return found;
}

const lists: readonly (readonly [whose: string, messages: readonly TortureMessage[]])[] = [
  ["messages of our own", rfc4475Messages],
  ["the RFC's own messages", archiveMessages],
];

test.each(lists.filter(([, messages]) => messages.length > 0))(
  "RFC 4475: %s",
  { timeout: LIMIT_MS },
  async (_, messages) => {
    const places = { proxy: net.at(1), upstream: net.at(2), phone: net.at(17) };
    expect(await surprises(places, net.network(16), rfc4475Verdicts, messages)).toEqual([]);
  },
);

describeWith(["namespaces"], "IPv6", () => {
  test("RFC 5118: messages of our own", { timeout: LIMIT_MS }, async () => {
    expect(await surprises(ipv6Places(), "fd00:9::/64", rfc5118Verdicts, rfc5118Messages)).toEqual([]);
  });
});
