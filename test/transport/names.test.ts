/** What names mean, and for how long: the locator with a DNS in the hands of the test. */
import { describe, expect, test } from "vitest";
import type { Flow, Listener } from "../../src/transport/flow.ts";
import { type Answer, type Hop, Locator, type Question } from "../../src/transport/locator.ts";
import { flowFrom, LAN, LAN6, WAN } from "./flows.ts";

const HOST = "pbx.example.com";
const PBX: Hop = { host: HOST, port: undefined, protocol: undefined };
const AT_PORT: Hop = { host: HOST, port: 5070, protocol: undefined };

/** Records by type and name; what is missing doesn't exist, "fails" gets no answer. */
type Zone = Readonly<Record<string, Answer["records"] | "fails">>;

class Lab {
  readonly asked: Question[] = [];
  readonly routes: string[] = [];
  readonly locator: Locator;
  private open: Question[] = [];

  constructor(...listeners: Listener[]) {
    const query = (question: Question) => {
      this.asked.push(question);
      this.open.push(question);
    };
    const lookup = { query, findSource: (address: string) => this.routes.push(address) };
    this.locator = new Locator(listeners, lookup, { token: () => "", fraction: () => 0.5 });
  }

  /** The addresses that `target` is found at now; undefined when somebody has to wait. */
  find(target: Hop, now_ms: number, told: string[][] = []): string[] | undefined {
    return this.locator.locate(target, { onLocated: (flows) => void told.push(spell(flows)) }, now_ms)?.map(one);
  }

  /** Answers all that has been asked, and what is asked because of that. */
  answer(zone: Zone, now_ms: number, lifetime_ms = 60_000): void {
    for (let question = this.open.shift(); question !== undefined; question = this.open.shift()) {
      const records = zone[`${question.type} ${question.name}`] ?? [];
      this.locator.onAnswer(question, records === "fails" ? undefined : { records, lifetime_ms }, now_ms);
    }
  }

  get names(): string[] {
    return this.asked.map(({ type, name }) => `${type} ${name}`);
  }
}

function one({ address, port }: Flow): string {
  return `${address}:${port}`;
}

function spell(flows: readonly Flow[]): string[] {
  return flows.map(one);
}

const DEAD: Zone = Object.fromEntries(
  [`NAPTR ${HOST}`, `SRV _sip._udp.${HOST}`, `A ${HOST}`].map((key) => [key, "fails"]),
);

describe("questions", () => {
  test("RFC 3263 §4: all that may be needed is asked at once, each once, however many wait", () => {
    const lab = new Lab(LAN);
    const told: string[][] = [];
    expect(lab.find(PBX, 0, told)).toBeUndefined();
    expect(lab.find(PBX, 0, told)).toBeUndefined();
    expect(lab.names).toEqual([`NAPTR ${HOST}`, `SRV _sip._udp.${HOST}`, `A ${HOST}`]);
    lab.answer({ [`A ${HOST}`]: ["192.0.2.2", "192.0.2.1"] }, 10);
    const addresses = ["192.0.2.2:5060", "192.0.2.1:5060"];
    expect(told).toEqual([addresses, addresses]);
    expect(lab.find(PBX, 59_000)).toEqual(addresses);
    expect(lab.asked).toHaveLength(3);
  });

  test("a name with a port is asked for its addresses alone", () => {
    const lab = new Lab(LAN, LAN6);
    lab.find(AT_PORT, 0);
    expect(lab.names).toEqual([`A ${HOST}`, `AAAA ${HOST}`]);
  });

  test("two hops that need the same answer share the question", () => {
    const lab = new Lab(LAN);
    const told: string[][] = [];
    lab.find(PBX, 0, told);
    lab.find(AT_PORT, 0, told);
    expect(lab.asked).toHaveLength(3);
    lab.answer({ [`A ${HOST}`]: ["192.0.2.1"] }, 1);
    expect(told.sort()).toEqual([["192.0.2.1:5060"], ["192.0.2.1:5070"]]);
  });

  test("addresses of a version that we don't speak are not asked for, and left out where a record has one", () => {
    const lab = new Lab(LAN);
    const told: string[][] = [];
    lab.find(PBX, 0, told);
    const servers = [
      { priority: 1, weight: 0, port: 5060, target: "2001:db8::1" },
      { priority: 2, weight: 0, port: 5080, target: "192.0.2.1" },
    ];
    lab.answer({ [`SRV _sip._udp.${HOST}`]: servers }, 0);
    expect(told).toEqual([["192.0.2.1:5080"]]);
  });

  test("DNS answers first, then the kernel for each address; an address without a route is left out", () => {
    const lab = new Lab(LAN, WAN);
    const told: string[][] = [];
    lab.find(PBX, 0, told);
    lab.answer({ [`A ${HOST}`]: ["192.0.2.1", "192.0.2.2"] }, 1);
    expect(lab.routes).toEqual(["192.0.2.1"]);
    lab.locator.onSource("192.0.2.1", undefined, 2);
    expect(lab.routes).toEqual(["192.0.2.1", "192.0.2.2"]);
    expect(told).toEqual([]);
    lab.locator.onSource("192.0.2.2", "198.51.100.1", 3);
    expect(told).toEqual([["192.0.2.2:5060"]]);
  });

  test("no address has a route: whoever waits hears so once", () => {
    const lab = new Lab(LAN, WAN);
    const told: string[][] = [];
    lab.find(PBX, 0, told);
    lab.answer({ [`A ${HOST}`]: ["192.0.2.1", "192.0.2.2"] }, 1);
    lab.locator.onSource("192.0.2.1", undefined, 2);
    lab.locator.onSource("192.0.2.2", undefined, 3);
    expect(told).toEqual([[]]);
  });
});

describe("how long answers are believed", () => {
  test.each([
    ["what it says", 60_000, 60_000],
    ["5 s at least", 0, 5_000],
    ["an hour at the most", 86_400_000, 3_600_000],
  ])("%s", (_, lifetime_ms, believed_ms) => {
    const lab = new Lab(LAN);
    lab.find(AT_PORT, 0);
    lab.answer({ [`A ${HOST}`]: ["192.0.2.1"] }, 0, lifetime_ms);
    expect(lab.find(AT_PORT, believed_ms - 1)).toEqual(["192.0.2.1:5070"]);
    expect(lab.asked).toHaveLength(1);
    expect(lab.find(AT_PORT, believed_ms + 5_000)).toEqual(["192.0.2.1:5070"]);
    expect(lab.asked).toHaveLength(2);
  });

  test("that there is none is believed as long as its zone says; where the zone says nothing, as long as what there is", () => {
    const lab = new Lab(LAN);
    const tell = (srv_ms: number, now_ms: number) => {
      lab.locator.onAnswer({ type: "NAPTR", name: HOST }, { records: [], lifetime_ms: 0 }, now_ms);
      lab.locator.onAnswer({ type: "SRV", name: `_sip._udp.${HOST}` }, { records: [], lifetime_ms: srv_ms }, now_ms);
      lab.locator.onAnswer({ type: "A", name: HOST }, { records: ["192.0.2.1"], lifetime_ms: 600_000 }, now_ms);
    };
    lab.find(PBX, 0);
    tell(20_000, 0);
    lab.find(PBX, 19_999);
    expect(lab.asked).toHaveLength(3);
    lab.find(PBX, 25_000);
    expect(lab.asked).toHaveLength(6);
    tell(0, 25_000);
    lab.find(PBX, 624_999);
    expect(lab.asked).toHaveLength(6);
    lab.find(PBX, 630_000);
    expect(lab.asked).toHaveLength(9);
  });

  test("a new answer replaces the old one, behind the back of whoever asks", () => {
    const lab = new Lab(LAN);
    lab.find(AT_PORT, 0);
    lab.answer({ [`A ${HOST}`]: ["192.0.2.1"] }, 0, 6_000);
    expect(lab.find(AT_PORT, 6_000)).toEqual(["192.0.2.1:5070"]);
    lab.answer({ [`A ${HOST}`]: ["192.0.2.9"] }, 6_010);
    expect(lab.find(AT_PORT, 6_011)).toEqual(["192.0.2.9:5070"]);
  });

  test("without any address nobody waits, and DNS is left in peace for 2 s, however often it has failed", () => {
    const lab = new Lab(LAN);
    let now_ms = 0;
    for (const pause_ms of Array<number>(6).fill(2_000)) {
      const told: string[][] = [];
      expect(lab.find(AT_PORT, now_ms, told)).toBeUndefined();
      lab.answer({}, now_ms);
      expect(told).toEqual([[]]);
      expect(lab.find(AT_PORT, now_ms + pause_ms - 1)).toEqual([]);
      now_ms += pause_ms;
    }
    expect(lab.asked).toHaveLength(6);
  });

  test.each([
    ["is silent", DEAD],
    ["denies everything", {}],
  ])("while DNS %s the last good answer stays in use, and it is asked again and again", (_, zone: Zone) => {
    const lab = new Lab(LAN);
    lab.find(PBX, 0);
    lab.answer({ [`A ${HOST}`]: ["192.0.2.1"] }, 0, 1_000);
    for (let now_ms = 10_000; now_ms < 3_600_000; now_ms += 10_000) {
      expect(lab.find(PBX, now_ms)).toEqual(["192.0.2.1:5060"]);
      lab.answer(zone, now_ms + 1);
    }
    expect(lab.asked.length).toBeGreaterThan(250);
  });

  test("half an answer changes nothing: what fails stands as it was, what is new counts", () => {
    const lab = new Lab(LAN);
    const servers = (target: string) => [{ priority: 1, weight: 0, port: 5080, target }];
    lab.find(PBX, 0);
    lab.answer({ [`SRV _sip._udp.${HOST}`]: servers("a.example.com"), "A a.example.com": ["192.0.2.1"] }, 0, 6_000);
    expect(lab.find(PBX, 6_000)).toEqual(["192.0.2.1:5080"]);
    // SRV fails, and there is a bare address too: not a reason to go to another port.
    lab.answer({ ...DEAD, [`A ${HOST}`]: ["192.0.2.66"], "A a.example.com": ["192.0.2.2"] }, 6_001);
    expect(lab.find(PBX, 12_000)).toEqual(["192.0.2.2:5080"]);
  });

  test("a server that never answers for NAPTR doesn't keep addresses from being followed", () => {
    const lab = new Lab(LAN);
    lab.find(PBX, 0);
    lab.answer({ [`NAPTR ${HOST}`]: "fails", [`A ${HOST}`]: ["192.0.2.1"] }, 0);
    expect(lab.find(PBX, 10_000)).toEqual(["192.0.2.1:5060"]);
    lab.answer({ [`NAPTR ${HOST}`]: "fails", [`A ${HOST}`]: ["192.0.2.2"] }, 10_001);
    expect(lab.find(PBX, 16_000)).toEqual(["192.0.2.2:5060"]);
  });
});

describe("several addresses", () => {
  const addresses = ["192.0.2.1", "192.0.2.2", "192.0.2.3"];
  const weighted = addresses.map((target, index) => ({ priority: 1, weight: 10 * (index + 1), port: 5060, target }));

  function found(): Lab {
    const lab = new Lab(LAN);
    lab.find(PBX, 0);
    lab.answer({ [`SRV _sip._udp.${HOST}`]: weighted }, 0);
    return lab;
  }

  test("calls are spread by weight; requests of one call go the same way", () => {
    const { locator } = found();
    const counts = new Map<string, number>();
    for (let call = 0; call < 6_000; call++) {
      const [first] = locator.locate(PBX, { onLocated: () => {} }, 1, `call-${call}`) ?? [];
      expect(locator.locate(PBX, { onLocated: () => {} }, 1, `call-${call}`)?.[0]).toEqual(first);
      counts.set(first?.address ?? "", (counts.get(first?.address ?? "") ?? 0) + 1);
    }
    for (const [index, address] of addresses.entries()) {
      expect(Math.abs((counts.get(address) ?? 0) - 1_000 * (index + 1)), address).toBeLessThan(200);
    }
  });

  test("who has failed comes last for 30 s, or until he answers", () => {
    const { locator } = found();
    const [best] = locator.locate(PBX, { onLocated: () => {} }, 1, "x") ?? [];
    if (best === undefined) throw new Error("nobody is best");
    const order = (now_ms: number) => locator.locate(PBX, { onLocated: () => {} }, now_ms, "x") ?? [];
    locator.markDead(best, 1);
    expect(order(2)).toHaveLength(3);
    expect(order(2)[2]).toEqual(best);
    expect(order(30_000)[2]).toEqual(best);
    expect(order(30_001)[0]).toEqual(best);
    locator.markDead(best, 40_000);
    locator.markAlive(best);
    expect(order(40_001)[0]).toEqual(best);
    for (const flow of order(1)) locator.markDead(flow, 50_000);
    expect(order(50_001)[0]).toEqual(best);
  });

  test("one address alone is never left out, and needs no draw", () => {
    const { locator } = new Lab(LAN);
    const target: Hop = { host: "192.0.2.1", port: undefined, protocol: undefined };
    locator.markDead(flowFrom("192.0.2.1", 5060), 0);
    const first = locator.locate(target, { onLocated: () => {} }, 1);
    expect(first).toHaveLength(1);
    expect(locator.locate(target, { onLocated: () => {} }, 2, "x")).toBe(first);
  });
});
