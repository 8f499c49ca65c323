/** What a running branchline tells of the ways to upstream and gateways, as routes and answers come and go. */
import { expect, test } from "vitest";
import { WayWatch } from "../../src/app/way-watch.ts";
import type { LogFields } from "../../src/base/ports.ts";
import type { LocatedPeer } from "../../src/policy/peers/peers.ts";
import { OwnListener } from "../../src/transport/own-listener.ts";

const LAN = "10.222.237.1";
const WAN = "203.0.113.2";
const OTHER_WAN = "198.51.100.2";
const PBX = "192.0.2.10";
const SECOND = "192.0.2.11";

/** A router whose kernel reaches everything from `source`, and whose upstream answers or doesn't. */
class Router {
  source: string | undefined = WAN;
  answersProbes = false;
  addresses = [PBX];
  now_ms = 0;
  asked = 0;
  readonly log: string[] = [];
  /** Upstream targets to which no way is left, as they are told. */
  readonly cut: string[] = [];
  /** The address of the tunnel is in the file, and not here. */
  readonly tunnel = new OwnListener(1, {
    protocol: "udp",
    at: "10.99.0.2",
    version: 4,
    port: 5060,
    advertise: undefined,
  });
  readonly watch: WayWatch;
  readonly listener = new OwnListener(0, { protocol: "udp", at: LAN, version: 4, port: 5060, advertise: undefined });

  constructor(hasTunnel = false) {
    this.tunnel.isAway = true;
    const write = (level: string) => (event: string, fields: LogFields) =>
      void this.log.push(`${level} ${event} ${String(fields["upstream"])} ${String(fields["source"] ?? "")}`.trim());
    const located = (): readonly LocatedPeer[] => {
      const to = this.addresses.map((address) => ({ address, port: 5060, protocol: "udp" as const }));
      return [{ role: "upstream", peer: "pbx", to, answersProbes: this.answersProbes }];
    };
    const host = {
      now_ms: () => this.now_ms,
      readAddresses: () => [],
      findSource: (address: string) => {
        this.asked += 1;
        return Promise.resolve(address === SECOND ? LAN : this.source);
      },
      log: { error: write("error"), warn: write("warn"), info: write("info"), debug: write("debug") },
    };
    this.watch = new WayWatch(host, hasTunnel ? [this.listener, this.tunnel] : [this.listener], located, (peer) =>
      this.cut.push(peer),
    );
  }

  async later(): Promise<void> {
    this.now_ms += 30_000;
    await this.watch.look();
  }
}

test("a way that is missing is logged once, and once more when it is another one; then that it is there", async () => {
  const router = new Router();
  await router.later();
  await router.later();
  router.source = OTHER_WAN;
  await router.later();
  expect(router.watch.missing).toMatchObject([{ source: OTHER_WAN, sends_from: LAN }]);
  router.source = LAN;
  await router.later();
  expect(router.watch.missing).toEqual([]);
  expect(router.log).toEqual([
    `warn way_missing pbx ${WAN}`,
    `warn way_missing pbx ${OTHER_WAN}`,
    "info way_found pbx",
  ]);
});

test("a peer that answers has a route back: nothing is told of it, nor in an outage later on", async () => {
  const router = new Router();
  router.answersProbes = true;
  await router.later();
  router.answersProbes = false;
  await router.later();
  expect(router.log).toEqual([]);
  expect(router.watch.missing).toEqual([]);
  router.source = OTHER_WAN;
  await router.later();
  expect(router.log).toEqual([`warn way_missing pbx ${OTHER_WAN}`]);
});

test("of two addresses the one that is well reached may be the one that answers: the other one is told of", async () => {
  const router = new Router();
  router.addresses = [PBX, SECOND];
  router.answersProbes = true;
  await router.later();
  expect(router.watch.missing.map(({ address }) => address)).toEqual([PBX]);
});

test("the kernel is asked each 30 s, at once when an address of ours has changed, and after a reload", async () => {
  const router = new Router();
  await router.watch.look();
  router.now_ms += 29_999;
  await router.watch.look();
  expect(router.asked).toBe(1);
  router.listener.take(WAN);
  await router.watch.look();
  expect(router.asked).toBe(2);
  expect(router.watch.missing).toEqual([]);
  router.watch.expire();
  await router.watch.look();
  expect(router.asked).toBe(3);
});

test("an address of listen isn't here, and no way is left: upstream is cut, until a probe is answered or the address is back", async () => {
  const router = new Router(true);
  await router.later();
  expect(router.watch.missing).toMatchObject([{ away: router.tunnel.name }]);
  expect(router.cut).toEqual(["pbx"]);
  router.answersProbes = true;
  await router.later();
  router.answersProbes = false;
  await router.later();
  expect(router.cut).toEqual(["pbx"]);
});

test("upstream isn't cut by an address that listen lacks, or that is on the way to one of its two addresses", async () => {
  const lacking = new Router();
  await lacking.later();
  expect(lacking.watch.missing).toHaveLength(1);
  const second = new Router(true);
  second.addresses = [PBX, SECOND];
  await second.later();
  expect(second.watch.missing).toHaveLength(1);
  expect([...lacking.cut, ...second.cut]).toEqual([]);
});

test("no route leads to upstream while an address of listen isn't here: upstream is cut; with all addresses here, probes tell", async () => {
  const cut = new Router(true);
  const whole = new Router();
  const back = new Router(true);
  back.tunnel.take("10.99.0.2");
  back.tunnel.isAway = false;
  for (const router of [cut, whole, back]) {
    router.source = undefined;
    await router.later();
    expect(router.watch.missing).toEqual([]);
  }
  expect([cut.cut, whole.cut, back.cut]).toEqual([["pbx"], [], []]);
});
