/** What sockets do at the end of a line that is slow, or dead: by Node, and by our modules over the C host. */
import { expect, test } from "vitest";
import { Child } from "../peers/support/child.ts";
import { cleanUpAfterEach, defer } from "../peers/support/cleanup.ts";
import { openPort } from "../peers/support/datagram-port.ts";
import { Namespace } from "../peers/support/namespace.ts";
import { describeWith } from "../peers/support/peers.ts";
import { describeProgram } from "./support/binary.ts";
import { bundledForNode } from "./support/by-node.ts";
import { SANITIZERS } from "./support/host-binary.ts";

const HERE = "192.0.2.1";
const THERE = "192.0.2.2";
const PORT = 5060;
/** Five times what the kernel keeps for one socket, and less than a socket of ours. */
const BURST = 500;
/** More than both. */
const FLOOD = 1_500;
const OCTETS = 1_000;
/** Short ones, of which half a megabyte would be a hundred thousand, each with more about it than in it. */
const SHORT_FLOOD = 8_000;
const SHORT_OCTETS = 8;
const SHORT_LIMIT = 5_000;
/** The line needs a second for 500. */
const SPEED = "4mbit";
const LIMIT_MS = 20_000;
/** Ten probes, one each second. The kernel by itself would take eleven minutes. */
const VANISHED_LIMIT_MS = 30_000;

const nodes = bundledForNode("lines.ts");
cleanUpAfterEach();

/** Two hosts, and a line between them. */
function line(): readonly [Namespace, Namespace] {
  const here = Namespace.create("here");
  const there = Namespace.create("there");
  here.connect(["eth0", `${HERE}/24`], there, ["eth0", `${THERE}/24`]);
  return [here, there];
}

function slow(end: Namespace): void {
  end.output("tc", "qdisc", "add", "dev", "eth0", "root", "tbf", "rate", SPEED, "burst", "3kb", "limit", "10mb");
}

await describeProgram("the ends of lines", "lines.ts", (path) => {
  describeWith(["namespaces", "tc", "nft"], "by both hosts", () => {
    const hosts = ["Node", "the C host"] as const;

    function start(host: (typeof hosts)[number], { name }: Namespace, words: readonly string[]): Child {
      const [command, first] = host === "Node" ? [process.execPath, [nodes().program]] : [path(), []];
      const child = new Child(command, [...first, ...words], { namespace: name, env: SANITIZERS });
      defer(() => child.stop());
      return child;
    }

    /** @returns how many have arrived, and what the sender was told of the others */
    async function received(host: (typeof hosts)[number], count: number, octets = OCTETS) {
      const [here, there] = line();
      slow(here);
      there.nft("add table ip seen; add chain ip seen arriving { type filter hook input priority 0; }");
      there.nft(`add rule ip seen arriving udp dport ${PORT} counter`);
      const arrived = () => Number(/packets (\d+)/.exec(there.output("nft", "list", "ruleset"))?.[1]);
      const numbers: number[] = [];
      const address = { host: THERE, port: PORT };
      const port = await openPort(address, (wire) => void numbers.push(Number.parseInt(wire, 10)), there.name);
      defer(() => port.close());
      const child = start(host, here, ["burst", HERE, THERE, String(count), String(octets)]);
      const refusals = JSON.parse(await child.line(/^\[/, LIMIT_MS)) as string[];
      await expect.poll(arrived, { timeout: LIMIT_MS }).toBe(count - refusals.length);
      await port.sendTimed("enough", { host: HERE, port: PORT });
      await child.line(/^enough$/, LIMIT_MS);
      expect(await child.ended).toBe(0);
      // On a busy machine the one that reads them may lose some.
      expect(numbers.length).toBeGreaterThan(0);
      expect(numbers).toEqual([...numbers].sort((one, other) => one - other));
      return { arrived: arrived(), refusals };
    }

    test.each(hosts)(
      "%s: what a slow line doesn't take at once leaves later, all of it and in its order",
      {
        timeout: 2 * LIMIT_MS,
      },
      async (host) => {
        expect(await received(host, BURST)).toEqual({ arrived: BURST, refusals: [] });
      },
    );

    test("the C host: it keeps half a megabyte, and says what it has refused", {
      timeout: 2 * LIMIT_MS,
    }, async () => {
      const { arrived, refusals } = await received("the C host", FLOOD);
      expect(arrived).toBeGreaterThan(BURST);
      expect(refusals).toEqual(Array.from({ length: FLOOD - arrived }, () => "EAGAIN"));
    });

    test("the C host: of short ones it keeps no more than their number allows", { timeout: 2 * LIMIT_MS }, async () => {
      const { arrived } = await received("the C host", SHORT_FLOOD, SHORT_OCTETS);
      expect(arrived).toBeLessThan(SHORT_LIMIT);
    });

    test("the C host: what waits for a peer that isn't watched any more never comes back to us", {
      timeout: 2 * LIMIT_MS,
    }, async () => {
      const [here, there] = line();
      slow(here);
      const port = await openPort({ host: THERE, port: PORT }, () => {}, there.name);
      defer(() => port.close());
      const child = start("the C host", here, ["turn", HERE, THERE, String(BURST), String(OCTETS)]);
      expect(await child.line(/^\[/, LIMIT_MS)).toBe('["end"]');
      expect(await child.ended).toBe(0);
    });

    test("a peer that has vanished is noticed by probes, one each second", {
      timeout: 2 * VANISHED_LIMIT_MS,
    }, async () => {
      const vanish = async (host: (typeof hosts)[number]) => {
        const [here, there] = line();
        const port = await openPort({ host: THERE, port: PORT }, () => {}, there.name, "tcp");
        defer(() => port.close());
        const child = start(host, here, ["vanish", HERE, THERE]);
        await child.line(/^connected/, LIMIT_MS);
        there.nft("add table ip cut; add chain ip cut arriving { type filter hook input priority 0; policy drop; }");
        await child.line(/^error ETIMEDOUT/, VANISHED_LIMIT_MS);
        expect(await child.ended).toBe(0);
      };
      await Promise.all(hosts.map(vanish));
    });
  });
});
