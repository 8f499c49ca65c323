/** Which sockets are opened and closed as addresses come, change and go. */
import { describe, expect, test } from "vitest";
import { Listening } from "../../src/app/listening.ts";
import type { LogFields, Logger } from "../../src/base/ports.ts";
import { type Interfaces, OwnListener } from "../../src/transport/own-listener.ts";

const LAN = "10.0.0.1";

/** Sockets that open where the router has the address, unless somebody else has the port. */
class Host {
  readonly done: string[] = [];
  readonly log: string[] = [];
  inUse = "";
  missing = "";
  readonly listening: Listening;
  readonly listeners: readonly OwnListener[];

  constructor(...at: readonly string[]) {
    this.listeners = at.map(
      (one, index) =>
        new OwnListener(index, { protocol: "udp", at: one, version: 4, port: 5060, advertise: undefined }),
    );
    const write = (event: string, fields: LogFields = {}) => void this.log.push(`${event} ${String(fields["why"])}`);
    const logger: Logger = { error: write, warn: write, info: write, debug: write };
    const user = {
      onGone: (listener: OwnListener) => void this.done.push(`gone ${listener.address} ${listener.isAway}`),
      onHere: (listener: OwnListener) => void this.done.push(`here ${listener.sentBy} ${listener.isAway}`),
    };
    this.listening = new Listening(this.listeners, this, user, logger);
  }

  async open({ address }: OwnListener): Promise<void> {
    if (address === this.inUse) throw Object.assign(new Error("address in use"), { code: "EADDRINUSE" });
    if (address === this.missing) throw Object.assign(new Error("not ours"), { code: "EADDRNOTAVAIL" });
    this.done.push(`open ${address}`);
  }

  /** Addresses that the kernel has, listed or not. */
  kept = "";

  async isOurs(address: string): Promise<boolean> {
    return address === this.kept;
  }

  async close({ address }: OwnListener): Promise<void> {
    this.done.push(`close ${address}`);
  }
}

const has = (more: Readonly<Record<string, readonly string[]>> = {}): Interfaces =>
  new Map(Object.entries({ lo: ["127.0.0.1"], eth0: [LAN], ...more }));

async function started(...at: readonly string[]) {
  const host = new Host(...at);
  await host.listening.start(has({ ppp0: ["fe80::1", "192.0.2.1"] }));
  host.done.length = 0;
  return host;
}

describe("at the start", () => {
  test("addresses and interfaces are opened, in the file's order", async () => {
    const host = new Host(LAN, "ppp0");
    await host.listening.start(has({ ppp0: ["fe80::1", "192.0.2.1", "192.0.2.2"] }));
    expect(host.done).toEqual([`open ${LAN}`, "open 192.0.2.1"]);
    expect(host.log).toEqual([]);
  });

  test("an interface without an address is waited for, and so is an address of somebody else's", async () => {
    const host = new Host(LAN, "ppp0", "203.0.113.9");
    host.missing = "203.0.113.9";
    await host.listening.start(has());
    expect(host.done).toEqual([`open ${LAN}`]);
    expect(host.listeners.map(({ isAway }) => isAway)).toEqual([false, true, true]);
    expect(host.log).toEqual(["address_missing has no address", "address_missing has no address"]);
  });

  test("what is open is told by its address, what is missing by its name in the file", async () => {
    expect((await started(LAN, "ppp0")).listening.inWords).toEqual({
      listen: `udp:${LAN}:5060,udp:192.0.2.1:5060`,
      missing: undefined,
    });
    expect((await started("ppp1", LAN, "ppp2")).listening.inWords).toEqual({
      listen: `udp:${LAN}:5060`,
      missing: "udp:ppp1:5060,udp:ppp2:5060",
    });
    const { listening } = await started("ppp1");
    expect(listening.inWords).toEqual({ listen: "nothing yet", missing: "udp:ppp1:5060" });
  });

  test("a port that somebody else has ends it", async () => {
    const host = new Host(LAN);
    host.inUse = LAN;
    await expect(host.listening.start(has())).rejects.toThrow("address in use");
  });

  test("an address that the router doesn't list, but has: 127.0.0.2", async () => {
    const host = await started("127.0.0.2");
    await host.listening.follow(has());
    expect(host.done).toEqual([]);
    expect(host.listeners[0]?.isAway).toBe(false);
  });
});

describe("afterwards", () => {
  test("nothing has changed: nothing happens", async () => {
    const host = await started(LAN, "ppp0");
    await host.listening.follow(has({ ppp0: ["fe80::1", "192.0.2.1"], tun0: ["10.8.0.1"] }));
    expect(host.done).toEqual([]);
  });

  test("another address: closed at the old one, opened at the new one; others aren't touched", async () => {
    const host = await started(LAN, "ppp0");
    await host.listening.follow(has({ ppp0: ["192.0.2.7"] }));
    expect(host.done).toEqual([
      "close 192.0.2.1",
      "gone 192.0.2.1 true",
      "open 192.0.2.7",
      "here 192.0.2.7:5060 false",
    ]);
  });

  test("without a carrier the interface isn't listed, but its address is ours still: nothing happens", async () => {
    const host = await started(LAN, "ppp0");
    host.kept = "192.0.2.1";
    await host.listening.follow(has());
    expect(host.done).toEqual([]);
  });

  test("gone, told once, and back", async () => {
    const host = await started(LAN, "ppp0");
    await host.listening.follow(has());
    await host.listening.follow(has());
    expect(host.done).toEqual(["close 192.0.2.1", "gone 192.0.2.1 true"]);
    expect(host.log).toEqual(["address_missing has lost its address"]);
    await host.listening.follow(has({ ppp0: ["192.0.2.1"] }));
    expect(host.done.slice(2)).toEqual(["open 192.0.2.1", "here 192.0.2.1:5060 false"]);
  });

  test("a fixed address that the router has had is gone when it isn't listed any more", async () => {
    const host = await started(LAN);
    await host.listening.follow(new Map());
    expect(host.done).toEqual([`close ${LAN}`, `gone ${LAN} true`]);
  });

  test("a port that somebody else has taken meanwhile is tried again at each look, and told once", async () => {
    const host = await started("ppp0");
    host.inUse = "192.0.2.7";
    for (let look = 0; look < 3; look++) await host.listening.follow(has({ ppp0: ["192.0.2.7"] }));
    expect(host.log).toEqual(["address_missing address in use"]);
    host.inUse = "";
    await host.listening.follow(has({ ppp0: ["192.0.2.7"] }));
    expect(host.done.at(-1)).toBe("here 192.0.2.7:5060 false");
  });

  test("looks don't overtake each other, and none counts once it has stopped", async () => {
    const host = await started("ppp0");
    const first = host.listening.follow(has({ ppp0: ["192.0.2.7"] }));
    await host.listening.follow(has({ ppp0: ["192.0.2.8"] }));
    await first;
    expect(host.done.at(-1)).toBe("here 192.0.2.7:5060 false");
    host.listening.stop();
    await host.listening.follow(has());
    expect(host.done.at(-1)).toBe("here 192.0.2.7:5060 false");
  });
});

describe("looks", () => {
  test("each second where an address may come or change", async () => {
    expect((await started("ppp0")).listening.nextLook_ms).toBe(1_000);
    expect((await started(LAN, "wwan0")).listening.nextLook_ms).toBe(1_000);
  });

  test("each second where one is IPv6: Linux sends from such an address even when that is gone, so no failure tells it", async () => {
    const host = await started(LAN, "2001:db8::1");
    await host.listening.follow(has({ eth1: ["2001:db8::1"] }));
    expect(host.listening.nextLook_ms).toBe(1_000);
  });

  test("seldom where all are fixed and here; each second while one is away", async () => {
    const host = await started(LAN);
    expect(host.listening.nextLook_ms).toBe(10_000);
    await host.listening.follow(new Map());
    expect(host.listening.nextLook_ms).toBe(1_000);
    await host.listening.follow(has());
    expect(host.listening.nextLook_ms).toBe(10_000);
  });
});
