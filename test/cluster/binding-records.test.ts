/** Phones that have registered at one router are known at the other one, and what is removed at one is removed at both. */
import { describe, expect, test } from "vitest";
import type { AddressOfRecord, Binding } from "../../src/policy/phones/bindings.ts";
import { KEEP_ms } from "../../src/policy/phones/bindings.ts";
import { HOUR_ms, RecordRouter } from "./support/record-routers.ts";
import { type NetOptions, ReplicaNet } from "./support/replicas.ts";

/** The next comparison comes within 30 s. */
const HEAL_ms = 35_000;

function pair(options: NetOptions = {}): { net: ReplicaNet; one: RecordRouter; other: RecordRouter } {
  const net = new ReplicaNet(["r1", "r2"], options);
  const [one, other] = [new RecordRouter(net, "r1").start(), new RecordRouter(net, "r2").start()];
  net.run(2_000);
  return { net, one, other };
}

/** All that counts of an address-of-record, its times to the tenth of a second. */
function plain(address: AddressOfRecord | undefined): unknown {
  if (address === undefined) return undefined;
  const { bindings, seen, promised_ms, stale, wantsRelay } = address;
  const near = (time_ms: number) => Math.round(time_ms / 100);
  const plainly = ({ flow, expires_ms, heard_ms, ...rest }: Binding) => {
    const place = `${flow.listener.protocol} ${flow.listener.address} ${flow.address}:${flow.port}`;
    return { ...rest, place, expires: near(expires_ms), heard: near(heard_ms) };
  };
  return { bindings: bindings.map(plainly), seen, promised: near(promised_ms), stale: [...stale].sort(), wantsRelay };
}

describe("a phone that registers at one router", () => {
  test("is known at the other one within milliseconds, with all that is known of it", () => {
    const { net, one, other } = pair();
    one.register("201@x", 21, { instance: '"<urn:uuid:1>"', parameters: ';+sip.instance="<urn:uuid:1>"' });
    one.register("201@x", 22, { isAccepted: false });
    one.bindings.markStale("201@x", ["sip:22@10.222.237.22"]);
    one.bindings.markRelay("201@x");
    net.run(5);
    expect(other.bindings.find("201@x")?.bindings).toHaveLength(2);
    expect(plain(other.bindings.find("201@x"))).toEqual(plain(one.bindings.find("201@x")));
  });

  test("is reached from the same address of ours where the other router has it, else by the same transport", () => {
    const { net, one, other } = pair();
    const [own, , , tcp] = one.listeners;
    if (own === undefined || tcp === undefined) throw new Error("no listeners");
    one.register("201@x", 21);
    one.register("202@x", 22, { flow: { listener: own, address: "10.222.237.22", port: 5060 } });
    one.register("203@x", 23, { flow: { listener: tcp, address: "10.222.237.23", port: 40_000, isAccepted: true } });
    net.run(5);
    const flows = ["201@x", "202@x", "203@x"].map((name) => other.bindings.find(name)?.bindings[0]?.flow);
    expect(flows.map((flow) => flow && `${flow.listener.protocol} ${flow.listener.address}`)).toEqual([
      "udp 10.222.237.1",
      "udp 10.222.237.3",
      "tcp 10.222.237.1",
    ]);
    expect(flows[2]?.isAccepted).toBe(true);
  });

  test("waits for the next ones, a moment: phones that register together share a datagram", () => {
    const { net, one, other } = pair();
    const { length } = net.sent;
    for (const user of [21, 22]) {
      one.register(`2${user}@x`, user);
      net.run(1);
    }
    expect(net.sent.length - length).toBe(0);
    net.run(3);
    expect(net.sent.length - length).toBe(1);
    expect([other.bindings.find("221@x"), other.bindings.find("222@x")]).not.toContain(undefined);
  });

  test("isn't told back, and 500 of them are there within 100 ms", () => {
    const { net, one, other } = pair();
    for (let place = 0; place < 500; place += 1) one.register(`${place}@x`, 20 + (place % 200));
    net.run(100);
    expect(other.bindings.size).toBe(500);
    expect(net.sent.filter(({ from, parts }) => from === "r2" && parts.some(([kind]) => kind === "changes"))).toEqual(
      [],
    );
  });

  test("is written to the other one's disk soon", () => {
    const { net, one, other } = pair();
    const news: boolean[] = [];
    other.bindings.onChange = (isNews) => news.push(isNews);
    one.register("201@x", 21);
    net.run(5);
    one.register("201@x", 21);
    net.run(5);
    expect(news).toEqual([true, false]);
  });

  test("keeps its own time, however late the record comes", () => {
    const { net, one, other } = pair();
    net.cut("r1", "r2");
    net.run(1_000);
    one.register("201@x", 21);
    const expires_ms = net.now_ms + HOUR_ms;
    net.run(600_000);
    net.heal("r1", "r2");
    net.run(HEAL_ms);
    const there = other.bindings.find("201@x")?.bindings[0];
    expect(Math.abs((there?.expires_ms ?? 0) - expires_ms)).toBeLessThan(20);
    expect(Math.abs((there?.heard_ms ?? 0) - (expires_ms - HOUR_ms))).toBeLessThan(20);
  });
});

describe("a phone that is removed", () => {
  test("at either router is removed at both, and stays so when one was away meanwhile", () => {
    const { net, one, other } = pair();
    one.register("201@x", 21);
    one.register("202@x", 22);
    net.run(5);
    other.bindings.remove("201@x", "*");
    net.run(5);
    expect(one.contacts).toEqual({ "201@x": [], "202@x": ["sip:22@10.222.237.22"] });
    net.cut("r1", "r2");
    net.run(1_000);
    one.bindings.remove("202@x", "sip:22@10.222.237.22");
    net.run(1_000);
    net.heal("r1", "r2");
    net.run(HEAL_ms);
    expect(other.contacts).toEqual({ "201@x": [], "202@x": [] });
  });

  test("is still a phone that we know, at both", () => {
    const { net, one, other } = pair();
    one.register("201@x", 21);
    one.bindings.remove("201@x", "*");
    net.run(5);
    expect(other.bindings.find("201@x")?.seen).toEqual(["10.222.237.21"]);
  });

  test("isn't brought back by the disk of a router that was off meanwhile", () => {
    const { net, one, other } = pair();
    one.register("201@x", 21);
    one.register("202@x", 22);
    net.run(5);
    net.kill("r2");
    one.bindings.remove("201@x", "*");
    net.run(60_000);
    const again = new RecordRouter(net, "r2").start((router) => {
      for (const { name, bindings } of other.bindings.all()) {
        const restored = bindings.map((binding) => ({ ...binding, heard_ms: Number.NEGATIVE_INFINITY }));
        router.bindings.putAll(name, restored);
      }
    });
    expect(again.contacts["201@x"]).toHaveLength(1);
    net.run(1_000);
    expect(again.contacts).toEqual({ "201@x": [], "202@x": ["sip:22@10.222.237.22"] });
    expect(one.contacts).toEqual(again.contacts);
  });

  test("and what one disk alone remembers is at both", () => {
    const net = new ReplicaNet(["r1", "r2"]);
    const restored = { heard_ms: Number.NEGATIVE_INFINITY };
    const one = new RecordRouter(net, "r1").start((router) => router.register("201@x", 21, restored));
    const other = new RecordRouter(net, "r2").start((router) => router.register("202@x", 22, restored));
    net.run(2_000);
    const both = { "201@x": ["sip:21@10.222.237.21"], "202@x": ["sip:22@10.222.237.22"] };
    expect([one.contacts, other.contacts]).toEqual([both, both]);
  });

  test("a day after its expiry both have forgotten it, without a word", () => {
    const { net, one, other } = pair();
    one.register("201@x", 21, { expires_ms: net.now_ms + 60_000 });
    net.run(60_000 + KEEP_ms + 1_000);
    for (const router of [one, other]) router.bindings.expire(net.now_ms);
    expect([one.contacts, other.contacts]).toEqual([{}, {}]);
    net.run(HEAL_ms);
    expect([one.contacts, other.contacts]).toEqual([{}, {}]);
  });
});

describe("a router that has just been started", () => {
  const startedAnew = (act: (router: RecordRouter) => void) => {
    const { net, one } = pair();
    for (let time = 0; time < 10; time += 1) one.register("201@x", 21);
    net.kill("r2");
    net.run(60_000);
    const again = new RecordRouter(net, "r2").start((router) => {
      router.register("201@x", 21, { heard_ms: Number.NEGATIVE_INFINITY });
    });
    act(again);
    net.run(5_000);
    expect(again.contacts).toEqual(one.contacts);
    return { one, again };
  };

  test("adds what phones have told it before it knew what the other one knows", () => {
    const { one } = startedAnew((router) => router.register("201@x", 22));
    expect(one.contacts["201@x"]).toEqual(["sip:22@10.222.237.22", "sip:21@10.222.237.21"]);
  });

  test("and takes away what they have removed", () => {
    const { one } = startedAnew((router) => router.bindings.remove("201@x", "*"));
    expect(one.contacts["201@x"]).toEqual([]);
  });

  test("and has both relay a caller that it has found to need that", () => {
    const { one, again } = startedAnew((router) => router.bindings.markRelay("201@x"));
    const relayed = [one, again].map(({ bindings }) => bindings.find("201@x")?.wantsRelay);
    expect(relayed).toEqual([true, true]);
  });
});

describe("two halves that can't hear each other", () => {
  const split = () => {
    const routers = pair();
    routers.one.register("201@x", 21);
    routers.net.run(5);
    routers.net.cut("r1", "r2");
    routers.net.run(1_000);
    return routers;
  };
  const healed = (net: ReplicaNet, one: RecordRouter, other: RecordRouter) => {
    net.heal("r1", "r2");
    net.run(HEAL_ms);
    expect(plain(other.bindings.find("201@x"))).toEqual(plain(one.bindings.find("201@x")));
    return one.contacts["201@x"];
  };

  test("and have registered a phone each for one extension have both of them afterwards", () => {
    const { net, one, other } = split();
    one.register("201@x", 22);
    net.run(100);
    other.register("201@x", 23);
    net.run(100);
    expect(healed(net, one, other)).toEqual([23, 22, 21].map((place) => `sip:${place}@10.222.237.${place}`));
  });

  test("the later REGISTER of one phone counts, whatever else each side has heard", () => {
    const { net, one, other } = split();
    other.register("201@x", 21, { parameters: ";q=0.1" });
    net.run(5_000);
    one.register("201@x", 21, { parameters: ";q=0.2" });
    other.register("201@x", 22);
    other.register("201@x", 22);
    healed(net, one, other);
    const own = one.bindings.find("201@x")?.bindings.find(({ contact }) => contact.startsWith("sip:21"));
    expect(own?.parameters).toBe(";q=0.2");
  });

  test("a phone that was removed on one side isn't brought back by what the other one has heard of another phone", () => {
    const { net, one, other } = split();
    one.bindings.remove("201@x", "*");
    net.run(1_000);
    for (let time = 0; time < 5; time += 1) other.register("201@x", 22);
    expect(healed(net, one, other)).toEqual(["sip:22@10.222.237.22"]);
  });

  test("a phone that has another address by now is one phone", () => {
    const { net, one, other } = split();
    const instance = { instance: "<urn:uuid:1>" };
    one.register("201@x", 22, instance);
    net.run(1_000);
    other.register("201@x", 23, instance);
    const contacts = ["sip:23@10.222.237.23", "sip:21@10.222.237.21"];
    expect(healed(net, one, other)).toEqual(contacts);
  });

  test("fall silent once they are equal", () => {
    const { net, one, other } = split();
    for (const place of [22, 23, 24]) {
      one.register("201@x", place, { parameters: ";q=0.1" });
      other.register("201@x", place, { parameters: ";q=0.2" });
    }
    healed(net, one, other);
    const before = net.sent.length;
    net.run(300_000);
    const kinds = new Set(net.sent.slice(before).flatMap(({ parts }) => parts.map(([kind]) => kind)));
    expect(kinds.has("changes")).toBe(false);
  });
});

describe("what a member tells", () => {
  test.each([
    ["no record", 7],
    ["no lists", { bindings: {}, gone: 1, seen: "x", stale: null }],
    ["a name that isn't canonical", { bindings: [], gone: [], seen: [], stale: [] }, "aor 201@X.example.com"],
    ["a Contact that no REGISTER could have", { gone: [], seen: [], stale: [], bindings: [{ contact: "sip:a\r\nb" }] }],
  ])("is believed no more than a message: %s", (_what, value, key = "aor 202@x") => {
    const { net, one, other } = pair();
    one.register("201@x", 21);
    one.seat?.replica.put(key, value, HOUR_ms, net.now_ms);
    net.run(10);
    expect(Object.values(other.contacts).flat()).toEqual(["sip:21@10.222.237.21"]);
    expect(other.bindings.find("201@X.example.com")).toBeUndefined();
  });

  test("is taken where an older or a newer version has written it: what isn't known is passed over", () => {
    const { net, one, other } = pair();
    one.register("201@x", 21);
    net.run(5);
    const value = one.seat?.replica.get("aor 201@x", net.now_ms) as { readonly bindings: readonly object[] };
    const [binding] = value.bindings;
    const newer = { ...value, colour: { deep: [1] }, bindings: [{ ...binding, cseq: 9_999, flavour: "sweet" }] };
    one.seat?.replica.put("aor 201@x", newer, HOUR_ms, net.now_ms);
    net.run(5);
    expect(other.bindings.find("201@x")?.bindings[0]?.cseq).toBe(9_999);
  });
});

describe("after a common power cut", () => {
  test.each([
    ["r1", "r2"],
    ["r2", "r1"],
  ] as const)(
    "a phone is where it has registered last, although only %s had written that, and not where %s's older disk has it",
    (later, older) => {
      const net = new ReplicaNet(["r1", "r2"]);
      const routers = [later, older].map((name) => {
        const router = new RecordRouter(net, name);
        const place = name === later ? 22 : 21;
        router.savedAt_ms = name === later ? 1_700_000_060_000 : 1_700_000_000_000;
        return router.start(() =>
          router.register("201@pbx.example.com", place, { heard_ms: Number.NEGATIVE_INFINITY }),
        );
      });
      net.run(2_000);
      const moved = { "201@pbx.example.com": ["sip:22@10.222.237.22"] };
      expect(routers.map(({ contacts }) => contacts)).toEqual([moved, moved]);
    },
  );
});
