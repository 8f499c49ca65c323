/** Two routers as members of a pair, whole but for their sockets: who may hold the addresses, what both know, who goes on with a call. */
import { beforeEach, describe, expect, test } from "vitest";
import { loadConfig } from "../../src/app/config/load-config.ts";
import { registration, requestText } from "../sip/build.ts";
import { statusOf } from "../sip/message.ts";
import type { Simulation } from "../support/simulation.ts";
import { LAN, PBX, PHONE } from "../support/site.ts";
import { type Member, NodePair } from "./pair-of-nodes.ts";

const SHARED = ["10.222.237.1", "203.0.113.1"];
const SECOND_MS = 1_000;

const yamlOf = (name: string, more = "") => `
listen: [udp:10.222.237.1:5060, udp:203.0.113.1:5060, udp:203.0.113.${name === "a" ? 2 : 3}:5060]
localnet: [10.222.237.0/24]
upstream: {targets: ["sip:198.51.100.10"], probe: {interval: 1s, timeout: 500ms}}
cluster:
  name: ${name}
  members: {a: 10.222.237.2, b: 10.222.237.3}
  secret: cluster-secret
  shared: [${SHARED.join(", ")}]
  health_file: /run/healthy
${more}`;

let simulation: Simulation;
let a: Member;
let b: Member;

async function pair(more?: string): Promise<void> {
  const nodes = new NodePair((name) => yamlOf(name, more));
  ({ simulation, a, b } = nodes);
  await nodes.start();
}

const facts = ({ node }: Member) => node.facts((at_ms) => String(at_ms), simulation.now_ms);

describe("a member may hold the addresses", () => {
  beforeEach(() => pair());

  test("once it has what the other one has, and not before", () => {
    expect([a.told, b.told]).toEqual([[false], [false]]);
    a.site.run(SECOND_MS);
    expect([a.told, b.told]).toEqual([
      [false, true],
      [false, true],
    ]);
  });

  test("as long as it says so each second, while its event loop runs", () => {
    a.site.run(SECOND_MS);
    const before = a.tellings;
    a.site.run(10 * SECOND_MS);
    expect(a.tellings - before).toBe(10);
  });

  test("until it drains; then it says what is left, and may again once it joins", () => {
    a.site.run(SECOND_MS);
    expect(a.node.drain()).toBe(true);
    expect(a.told.at(-1)).toBe(false);
    a.site.run(300);
    expect(facts(a)).toMatchObject({ state: "draining", is_healthy: false, left: { ringing: 0, addresses: SHARED } });
    a.holds(false);
    b.holds(true);
    a.site.run(300);
    expect(facts(a)).toMatchObject({ state: "drained", left: { addresses: [] } });
    expect(facts(b)).toMatchObject({ state: "active", members: [{ name: "a", state: "drained", has_address: false }] });
    expect(a.node.join()).toBe(true);
    a.site.run(SECOND_MS);
    expect([a.told.at(-1), facts(a).state]).toEqual([true, "active"]);
  });

  test("of two that are told to drain at the same time, the one with the lesser name takes calls again", () => {
    a.site.run(SECOND_MS);
    for (const one of [a, b]) expect(one.node.drain()).toBe(true);
    a.site.run(SECOND_MS);
    expect([facts(a), facts(b)]).toMatchObject([
      { state: "active", why: "the other member was told to drain at the same time", is_healthy: true },
      { state: "drained", is_healthy: false },
    ]);
    expect(a.node.drain(true)).toBe(true);
    a.site.run(SECOND_MS);
    expect(facts(a).state).toBe("draining");
  });

  test("until it stops", async () => {
    a.site.run(SECOND_MS);
    await a.node.stop();
    expect(a.told.at(-1)).toBe(false);
    a.site.run(10);
    expect(facts(b).members).toMatchObject([{ name: "a", life: "left" }]);
  });

  test("while it is restarted, if no other member takes calls: nobody else would have them", async () => {
    a.site.run(SECOND_MS);
    expect(a.word).toBe("yes");
    b.node.drain(true);
    a.site.run(SECOND_MS);
    expect(a.word).toBe("alone");
    b.die();
    a.site.run(SECOND_MS);
    await a.node.stop();
    expect(a.word).toBe("alone");

    const again = new NodePair((name) => yamlOf(name), true);
    await again.a.node.start();
    again.a.site.run(5 * SECOND_MS);
    expect([again.a.told, again.a.word]).toEqual([[true], "alone"]);
  });

  test("once it is restarted where the other one takes calls by now, as any member: when it has what that one has", async () => {
    const again = new NodePair((name) => yamlOf(name), true);
    again.isCut = true;
    await again.b.node.start();
    again.b.site.run(5 * SECOND_MS);
    expect(again.b.word).toBe("alone");
    again.isCut = false;
    await again.a.node.start();
    again.a.site.run(5 * SECOND_MS);
    expect(again.a.told).toEqual([true, false, true]);
    expect([again.a.word, again.b.word]).toEqual(["yes", "yes"]);
  });

  test("a file that can't be written is warned of once, and shown", () => {
    a.diskFault = "no space left";
    a.site.run(10 * SECOND_MS);
    expect(a.site.events.filter(({ event }) => event === "health_file")).toHaveLength(1);
    expect(facts(a).health_error).toBe("no space left");
  });
});

describe("the addresses are gone for a moment while a call rings", () => {
  beforeEach(() => pair());

  function ring(): void {
    a.site.actor("pbx", PBX).answers("INVITE", { status: 180 });
    const phone = a.site.actor("201", PHONE);
    a.site.run(3 * SECOND_MS);
    phone.invite("sip:900@198.51.100.10");
    a.site.run(SECOND_MS);
    expect(calls()).toEqual([1, 0]);
  }
  const calls = () => [a, b].map(({ site }) => site.core.transactions.pending.size);

  test("the other member is there for calls: it gets them, and gives them back", () => {
    ring();
    a.holds(false);
    a.site.run(100);
    expect(calls()).toEqual([0, 0]);
    a.holds(true);
    a.site.run(SECOND_MS);
    expect(calls()).toEqual([1, 0]);
  });

  test("only a send has failed: it gives the calls away, and takes them back at the next look", () => {
    ring();
    a.interfaces = new Map();
    const [listener] = a.site.listeners;
    expect(listener && a.site.engine.isGivenAway?.(listener)).toBe(true);
    expect(calls()).toEqual([0, 0]);
    a.node.onLook();
    a.site.run(SECOND_MS);
    expect(calls()).toEqual([1, 0]);
  });

  test("the other member drains: it gets none", () => {
    ring();
    b.node.drain();
    a.site.run(500);
    a.holds(false);
    a.site.run(100);
    expect(calls()).toEqual([1, 0]);
  });

  test("the other member drains, and joins again: it gets them then", () => {
    ring();
    b.node.drain();
    a.site.run(500);
    a.holds(false);
    b.node.join();
    a.site.run(SECOND_MS);
    b.holds(true);
    a.node.onLook();
    a.site.run(SECOND_MS);
    expect(calls()).toEqual([0, 1]);
  });
});

describe("what the members send each other of SIP", () => {
  test.each([
    ["an address that is none", { address: "x\r\ny" }],
    ["a port that is none", { port: 0 }],
    ["a text that isn't made of octets", { wire: "OPTIONS sip:a SIP/2.0\u010d\u010a\r\n\r\n" }],
  ])("%s: nothing is received", async (_what, wrong) => {
    await pair();
    a.site.run(SECOND_MS);
    let received = 0;
    b.site.core.receive = () => {
      received += 1;
      return true;
    };
    const sent = { listener: "10.222.237.1 5060", address: "10.222.237.9", port: 5060, wire: "OPTIONS sip:a SIP/2.0" };
    a.node.cluster.tell("b", [["sip", sent]]);
    a.site.run(100);
    expect(received).toBe(1);
    a.node.cluster.tell("b", [["sip", { ...sent, ...wrong }]]);
    a.site.run(100);
    expect(received).toBe(1);
  });
});

describe("upstream answers only the other member", () => {
  /** Upstream is there, and hears nothing of A. */
  function cutOff(): void {
    const pbx = a.site.actor("pbx", PBX);
    pbx.habits.set("OPTIONS", [{ status: 200 }]);
    a.site.run(3 * SECOND_MS);
    a.site.routes = (address) => (address.startsWith("10.") ? LAN.address : undefined);
    a.site.engine.core.locator.forgetRoutes();
    a.site.run(30 * SECOND_MS);
  }

  test("it says so, and keeps the addresses", async () => {
    await pair();
    cutOff();
    expect(facts(a)).toMatchObject({ upstream_at: "b", is_healthy: true });
    expect(facts(b).upstream_at).toBe(undefined);
  });

  test("with `hand_over: wan` it gives the addresses away until upstream answers here again", async () => {
    await pair("  hand_over: wan");
    cutOff();
    expect(facts(a)).toMatchObject({ upstream_at: "b", is_healthy: false });
    expect([a.told.at(-1), b.told.at(-1)]).toEqual([false, true]);
    a.site.routes = (address) => (address.startsWith("10.") ? LAN.address : "203.0.113.2");
    a.site.run(60 * SECOND_MS);
    expect(facts(a)).toMatchObject({ upstream_at: undefined, is_healthy: true });
  });
});

describe("a member that reaches upstream from a shared address alone", () => {
  beforeEach(async () => {
    await pair();
    const pbx = b.site.actor("pbx", PBX);
    pbx.habits.set("OPTIONS", [{ status: 200 }]);
    b.site.run(3 * SECOND_MS);
    b.site.routes = (address) => (address.startsWith("10.") ? LAN.address : undefined);
    b.site.engine.core.locator.forgetRoutes();
  });

  const cut = () => {
    for (const { peer } of b.site.engine.peers.located) b.site.engine.onWayMissing(peer);
    b.site.run(30 * SECOND_MS);
  };

  test("says nothing of upstream while that address is elsewhere: its line isn't cut", () => {
    cut();
    expect(b.site.engine.peers.upstream.map(({ lives }) => lives)).toEqual([false]);
    expect(facts(a).members[0]?.upstream).toBe(undefined);
    expect(facts(b)).toMatchObject({ upstream_at: undefined, is_healthy: true });
  });

  test("says that upstream is silent once it lacks an address of its own, too", () => {
    b.site.move("203.0.113.3", undefined);
    cut();
    expect(facts(a).members[0]?.upstream).toMatchObject({ answers: false });
    expect(facts(b)).toMatchObject({ upstream_at: "a" });
  });
});

/** The phone's REGISTER sets out for the shared address. */
function sendRegister(): void {
  const contact = "sip:201@10.222.237.21";
  const parts = registration({ user: "201", contact, callId: "reg", cseq: 1, expires_s: 600 });
  simulation.send(PHONE, LAN, requestText("10.222.237.21:5060", parts), () => {});
}

describe("what both know", () => {
  beforeEach(() => pair());

  test("a phone that registers at one is known at the other", () => {
    const phone = a.site.actor("201", PHONE);
    const pbx = a.site.actor("pbx", PBX);
    pbx.habits.set("REGISTER", [{ status: 200 }]);
    a.site.run(3 * SECOND_MS);
    sendRegister();
    a.site.run(100);
    expect(phone.received.map(({ message }) => statusOf(message))).toContain(200);
    expect([...b.site.bindings.all()].map(({ name }) => name)).toEqual(
      [...a.site.bindings.all()].map(({ name }) => name),
    );
    expect(b.site.bindings.size).toBe(1);
  });

  test("a difference between both files is named on both", () => {
    a.site.run(SECOND_MS);
    expect([facts(a), facts(b)].map(({ members }) => members[0]?.differs)).toEqual([[], []]);
    const { config } = loadConfig(yamlOf("a", "hunt_groups: {default: {members: [201]}}"), (path) => path);
    a.node.reload(config);
    a.site.run(SECOND_MS);
    expect([facts(a), facts(b)].map(({ members }) => members[0]?.differs)).toEqual([["hunt_groups"], ["hunt_groups"]]);
    expect(b.site.events.filter(({ event }) => event === "cluster_differs")).toHaveLength(1);
  });

  test("the answer to a request of a member that has given the addresses away reaches the phone by the other one", () => {
    const phone = a.site.actor("201", PHONE);
    const pbx = a.site.actor("pbx", PBX);
    pbx.habits.set("OPTIONS", [{ status: 200 }]);
    pbx.habits.set("REGISTER", [{ after_ms: 400, status: 200 }]);
    // Longer than answers to what was asked before a restart are waited for.
    a.site.run(200 * SECOND_MS);
    sendRegister();
    a.site.run(100);
    a.node.drain();
    a.holds(false);
    b.holds(true);
    expect(phone.received).toHaveLength(0);
    a.site.run(350);
    expect(phone.received.map(({ message }) => statusOf(message))).toContain(200);
  });

  test("a socket between members that has failed is opened once more each second, and told of once", async () => {
    for (let time_s = 0; time_s < 10; time_s++) {
      a.failLink("network is down");
      a.failLink("network is down");
      a.site.run(SECOND_MS);
    }
    expect(a.linkOpens).toBe(11);
    expect(a.site.events.filter(({ event }) => event === "cluster_link")).toHaveLength(1);
    await a.node.stop();
    a.failLink("network is down");
    a.site.run(2 * SECOND_MS);
    expect(a.linkOpens).toBe(11);
  });

  test("a member that is silent is dead to the other one, which says since when", () => {
    a.site.run(SECOND_MS);
    a.die();
    b.site.run(SECOND_MS);
    expect(facts(b).members).toMatchObject([{ name: "a", life: "dead", since_s: 1 }]);
  });
});

describe("what is seen of the pair", () => {
  beforeEach(() => pair());

  /** What a member has told its journal, from now on. */
  function toldBy({ site }: Member): string[] {
    const told: string[] = [];
    site.engine.tell = (happening) => {
      if (happening.kind === "pair") told.push(happening.what);
    };
    return told;
  }

  test("is told when it is another, within a tenth of a second, and not again", () => {
    // Upstream is silent all the time.
    a.site.run(10 * SECOND_MS);
    const told = toldBy(b);
    a.site.run(10 * SECOND_MS);
    expect(told).toEqual([]);
    expect(a.node.drain()).toBe(true);
    a.site.run(200);
    expect(told).toEqual(["active; a is draining with the addresses without upstream"]);
    a.holds(false);
    b.holds(true);
    a.site.run(SECOND_MS);
    expect(told.at(-1)).toBe(`active with ${SHARED.join(" with ")}; a is drained without upstream`);
    const before = told.length;
    a.die();
    a.site.run(10 * SECOND_MS);
    expect(told.slice(before)).toEqual([`active with ${SHARED.join(" with ")}`]);
  });
});
