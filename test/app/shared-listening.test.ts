/** Listeners at an address that the members of a pair share: it comes and goes as VRRP moves it. */
import { describe, expect, test } from "vitest";
import { Listening } from "../../src/app/listening.ts";
import type { LogFields, Logger } from "../../src/base/ports.ts";
import { type Interfaces, interfacesOf, type OwnAddress, OwnListener } from "../../src/transport/own-listener.ts";
import { nearestTo } from "../../src/transport/sending-listener.ts";

const SHARED = "10.0.0.1";
const OWN = "10.0.0.2";

function listenerAt(index: number, at: string): OwnListener {
  const version = at.includes(":") ? 6 : 4;
  return new OwnListener(index, { protocol: "udp", at, version, port: 5060, advertise: undefined });
}

/** A router whose kernel may allow to bind an address that isn't here (ip_nonlocal_bind). */
class Host {
  readonly done: string[] = [];
  readonly log: string[] = [];
  readonly own: OwnListener;
  readonly shared: OwnListener;
  readonly listening: Listening;
  isNonlocal = false;
  isInUse = false;
  /** How often the shared address was tried. */
  tries = 0;
  /** An address that the kernel has, although its interface isn't listed. */
  kept = "";
  private interfaces: Interfaces = has();

  constructor(shared = SHARED) {
    this.own = listenerAt(0, OWN);
    this.shared = listenerAt(1, shared);
    this.shared.isShared = true;
    const write = (event: string, fields: LogFields = {}) =>
      void this.log.push(`${event} ${String(fields["is_here"] ?? fields["why"])}`);
    const logger: Logger = { error: write, warn: write, info: write, debug: write };
    const user = {
      onGone: ({ address }: OwnListener) => void this.done.push(`gone ${address}`),
      onHere: ({ address }: OwnListener) => void this.done.push(`here ${address}`),
    };
    this.listening = new Listening([this.own, this.shared], this, user, logger);
  }

  async start(interfaces = has()) {
    this.interfaces = interfaces;
    await this.listening.start(interfaces);
    return this.done.splice(0);
  }

  /** What the listening does at the next look. */
  async look(interfaces: Interfaces): Promise<readonly string[]> {
    this.interfaces = interfaces;
    await this.listening.follow(interfaces);
    return this.done.splice(0);
  }

  async open(listener: OwnListener): Promise<void> {
    const { address } = listener;
    const fail = (code: string) => {
      throw Object.assign(new Error(code), { code });
    };
    if (listener.isShared) this.tries += 1;
    if (this.isInUse && listener.isShared) fail("EADDRINUSE");
    const isHere = listener.isAmong(this.interfaces) || address.startsWith("127.");
    if (!isHere && !this.isNonlocal) fail("EADDRNOTAVAIL");
    this.done.push(`open ${address}`);
  }

  async isOurs(address: string): Promise<boolean> {
    return address === this.kept;
  }

  async close({ address }: OwnListener): Promise<void> {
    this.done.push(`close ${address}`);
  }
}

const has = (...shared: readonly string[]): Interfaces => new Map([["eth0", [OWN, ...shared]]]);

describe("an address that is shared", () => {
  test("is opened when it comes, and closed when it goes", async () => {
    const host = new Host();
    expect(await host.start()).toEqual([`open ${OWN}`]);
    expect(host.shared.isAway).toBe(true);
    expect(await host.look(has())).toEqual([]);
    expect(await host.look(has(SHARED))).toEqual([`open ${SHARED}`, `here ${SHARED}`]);
    expect(host.shared.isAway).toBe(false);
    expect(await host.look(has(SHARED))).toEqual([]);
    expect(await host.look(has())).toEqual([`close ${SHARED}`, `gone ${SHARED}`]);
    expect(host.shared.isAway).toBe(true);
    expect(host.log).toEqual(["shared_address yes", "shared_address no"]);
  });

  test("is open from the start where the kernel allows it, and is away all the same until it comes", async () => {
    const host = new Host();
    host.isNonlocal = true;
    expect(await host.start()).toEqual([`open ${OWN}`, `open ${SHARED}`]);
    expect([host.shared.isAway, host.listening.inWords.missing]).toEqual([true, `udp:${SHARED}:5060`]);
    expect(await host.look(has(SHARED))).toEqual([`here ${SHARED}`]);
    expect(await host.look(has())).toEqual([`close ${SHARED}`, `gone ${SHARED}`, `open ${SHARED}`]);
    expect(host.shared.isAway).toBe(true);
    expect(await host.look(has(SHARED))).toEqual([`here ${SHARED}`]);
  });

  test("is opened within ten looks once the kernel allows it, and isn't tried more often", async () => {
    const host = new Host();
    await host.start();
    const looks = async () => {
      const done: string[] = [];
      for (let look = 0; look < 10; look++) done.push(...(await host.look(has())));
      return done;
    };
    expect([await looks(), host.tries]).toEqual([[], 2]);
    host.isNonlocal = true;
    expect(await looks()).toEqual([`open ${SHARED}`]);
    expect([host.shared.isAway, host.listening.inWords.missing]).toEqual([true, `udp:${SHARED}:5060`]);
    expect(await looks()).toEqual([]);
    expect(await host.look(has(SHARED))).toEqual([`here ${SHARED}`]);
  });

  test("stays while its cable is out for a moment, and goes when the kernel has it no more", async () => {
    for (const isNonlocal of [false, true]) {
      const host = new Host();
      host.isNonlocal = isNonlocal;
      await host.start(has(SHARED));
      host.kept = SHARED;
      expect(await host.look(has())).toEqual([]);
      expect(host.shared.isAway).toBe(false);
      expect(await host.look(has(SHARED))).toEqual([]);
      await host.look(has());
      host.kept = "";
      expect((await host.look(has())).slice(0, 2)).toEqual([`close ${SHARED}`, `gone ${SHARED}`]);
      expect(host.shared.isAway).toBe(true);
    }
  });

  test("isn't here because the kernel has it on an interface without a cable", async () => {
    const host = new Host();
    await host.start();
    host.kept = SHARED;
    expect(await host.look(has())).toEqual([]);
    expect(host.shared.isAway).toBe(true);
  });

  test("may be here at the start: then the start tells of it like of others", async () => {
    const host = new Host();
    expect(await host.start(has(SHARED))).toEqual([`open ${OWN}`, `open ${SHARED}`]);
    expect([host.shared.isAway, host.log]).toEqual([false, []]);
  });

  test("whose port another program has ends the start where it is here, and is told once where it comes", async () => {
    const host = new Host();
    host.isInUse = true;
    await expect(host.start(has(SHARED))).rejects.toThrow("EADDRINUSE");
    const later = new Host();
    await later.start();
    later.isInUse = true;
    for (let look = 0; look < 3; look++) await later.look(has(SHARED));
    expect(later.log).toEqual(["address_missing EADDRINUSE"]);
  });

  test("in 127.0.0.0/8 belongs to the process that has its port: the other one waits for its end", async () => {
    const host = new Host("127.0.0.9");
    host.isInUse = true;
    expect(await host.start()).toEqual([`open ${OWN}`]);
    expect(await host.look(has())).toEqual([]);
    expect([host.shared.isAway, host.log]).toEqual([true, []]);
    host.isInUse = false;
    expect(await host.look(has())).toEqual(["open 127.0.0.9", "here 127.0.0.9"]);
    expect(await host.look(has())).toEqual([]);
  });

  test("in 127.0.0.0/8 is left by a member that may not have it, and comes back to it once its port is free", async () => {
    const host = new Host("127.0.0.9");
    host.shared.mayHave = false;
    expect(await host.start()).toEqual([`open ${OWN}`]);
    expect(await host.look(has())).toEqual([]);
    host.shared.mayHave = true;
    expect(await host.look(has())).toEqual(["open 127.0.0.9", "here 127.0.0.9"]);
    host.shared.mayHave = false;
    expect(await host.look(has())).toEqual(["close 127.0.0.9", "gone 127.0.0.9"]);
    expect([host.shared.isAway, host.log]).toEqual([true, ["shared_address yes", "shared_address no"]]);
    expect(await host.look(has())).toEqual([]);
    host.shared.mayHave = true;
    host.isInUse = true;
    expect(await host.look(has())).toEqual([]);
    host.isInUse = false;
    expect(await host.look(has())).toEqual(["open 127.0.0.9", "here 127.0.0.9"]);
  });

  test("in a network is VRRP's to give: whether the member may have it changes nothing here", async () => {
    const host = new Host();
    await host.start(has(SHARED));
    host.shared.mayHave = false;
    expect(await host.look(has(SHARED))).toEqual([]);
    expect(host.shared.isAway).toBe(false);
  });

  test("is looked for four times a second where no beat looks", async () => {
    const host = new Host();
    await host.start(has(SHARED));
    expect(host.listening.nextLook_ms).toBe(250);
  });

  test("a look that finds nothing new does no more, but for each tenth", async () => {
    const host = new Host();
    await host.start();
    const asBefore = (interfaces: Interfaces) => host.listening.isAsBefore(interfaces);
    expect(asBefore(has())).toBe(false);
    await host.look(has());
    expect(Array.from({ length: 10 }, () => asBefore(has()))).toEqual([...Array(8).fill(true), false, false]);
    await host.look(has());
    expect(asBefore(has())).toBe(true);
    expect(asBefore(has(SHARED))).toBe(false);
    await host.look(has(SHARED));
    expect(asBefore(has(SHARED))).toBe(true);
    host.isInUse = true;
    await host.look(has());
    host.isNonlocal = true;
    await host.look(has(SHARED));
    // Its port isn't to be had yet: the next look tries again.
    expect(asBefore(has(SHARED))).toBe(false);
  });

  test("a look goes after what this member may have, even where the router lists the same", async () => {
    const host = new Host("127.0.0.9");
    await host.start();
    await host.look(has());
    expect(host.listening.isAsBefore(has())).toBe(true);
    host.shared.mayHave = false;
    expect(host.listening.isAsBefore(has())).toBe(false);
  });
});

describe("requests leave from it", () => {
  const at = (device: string, address: string, bits: number): OwnAddress => ({
    device,
    address,
    cidr: `${address}/${bits}`,
  });
  const sender = (source: string, ...all: readonly OwnAddress[]) => {
    const listeners = [listenerAt(0, OWN), listenerAt(1, "192.0.2.2"), listenerAt(2, SHARED)];
    listeners[2]?.standAmong(all);
    expect(interfacesOf(all).size).toBeGreaterThan(0);
    return nearestTo(source, listeners)?.address;
  };

  test.each<[string, readonly OwnAddress[]]>([
    ["in its network", [at("eth0", OWN, 24), at("eth1", "192.0.2.2", 24), at("eth0", SHARED, 32)]],
    ["in its network, on an interface of its own", [at("eth0", OWN, 24), at("vrrp.1", SHARED, 32)]],
    ["on its interface, in another network", [at("eth0", OWN, 32), at("eth0", SHARED, 24)]],
  ])("%s, and from others elsewhere", (_where, all) => {
    expect(sender(OWN, ...all)).toBe(SHARED);
    expect(sender("192.0.2.2", ...all)).toBe("192.0.2.2");
  });

  test("and from the own one where nothing of it is there", () => {
    expect(sender(OWN, at("eth1", "192.0.2.2", 24))).toBe(OWN);
  });
});
