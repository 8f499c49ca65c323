/** A pair in `status`, and what drain and join say. */
import { describe, expect, test } from "vitest";
import { type ClusterFacts, type MemberFacts, mayBeRelieved } from "../../src/app/cluster-facts.ts";
import { answerControl, answerReadOnly, type Controlled } from "../../src/app/control.ts";
import { clusterLines, drainNote, drainText, joinText } from "../../src/app/words/cluster-words.ts";
import { withoutInk } from "../../src/base/ink.ts";
import { READER } from "./reader.ts";
import { STATUS, words } from "./status-sample.ts";

const WIDE = { ...READER, width: 400 };

const RIGHT: MemberFacts = {
  name: "right",
  at: "10.10.9.2:5059",
  life: "alive",
  deaths: 0,
  since: "2026-11-29T12:30:05.000Z",
  since_s: 3_600,
  why: "it is heard, and hears us",
  state: "active",
  version: "0.3.0",
  upstream: { answers: true, for_s: 3_000 },
  has_address: false,
  differs: [],
};
const LEFT: ClusterFacts = {
  name: "left",
  state: "active",
  since: "2026-11-29T12:30:05.000Z",
  since_s: 3_600,
  why: "its records are equal to another member's",
  is_healthy: true,
  health_file: "/var/run/branchline-pair/left.healthy",
  shared: [{ address: "10.222.237.1", is_here: true }],
  members: [RIGHT],
  hand_over: "none",
  dropped: {},
};
const AWAY = { shared: [{ address: "10.222.237.1", is_here: false }] };

const lines = (own: Partial<ClusterFacts> = {}, other: Partial<MemberFacts> = {}) => {
  const cluster = { ...LEFT, members: [{ ...RIGHT, ...other }], ...own };
  return clusterLines({ ...STATUS, cluster }, WIDE).map(withoutInk);
};

describe("status tells of a pair", () => {
  test("this member's state with its evidence, who holds the address, and the other member", () => {
    expect(lines()).toEqual([
      "Pair: left is active for 1 h (since 13:30:05, its records are equal to another member's); it holds 10.222.237.1",
      "Member right at 10.10.9.2:5059: active, alive for 1 h (since 13:30:05, it is heard, and hears us); version 0.3.0",
    ]);
  });

  test("that the other one holds the address", () => {
    const [own, other] = lines(AWAY, { has_address: true });
    expect(own).toMatch(/; right holds 10\.222\.237\.1$/);
    expect(other).toContain("; it holds the shared addresses; ");
  });

  test.each([
    [
      { life: "dead", why: "four of its beats were missing" },
      "Member right at 10.10.9.2:5059: DEAD for 1 h (since 13:30:05, four of its beats were missing)",
    ],
    [
      { life: "left", why: "it has said that it stops" },
      "Member right at 10.10.9.2:5059: STOPPED for 1 h (since 13:30:05, it has said that it stops)",
    ],
    [{ life: "unheard" }, "Member right at 10.10.9.2:5059: NOT HEARD"],
    [
      { state: "draining" },
      "Member right at 10.10.9.2:5059: DRAINING, alive for 1 h (since 13:30:05, it is heard, and hears us); version 0.3.0",
    ],
  ] as const)("what is known of the other one: %o", (other, expected) => {
    expect(lines({}, other)[1]).toBe(expected);
  });

  test("what is left while it drains", () => {
    const left = { ringing: 2, requests: 1, addresses: ["10.222.237.1"] };
    expect(lines({ state: "draining", why: "it was told to drain", left })).toEqual([
      "Pair: left is DRAINING for 1 h (since 13:30:05, it was told to drain); it holds 10.222.237.1",
      expect.stringContaining("Member right at"),
      "Still here: 2 calls that ring, 1 other request and the address 10.222.237.1",
    ]);
  });

  test.each([
    ["both hold the address", {}, { has_address: true }, "FAULT: left and right both hold the shared addresses"],
    ["neither holds it", AWAY, {}, "WARNING: no member that lives holds the shared addresses; is keepalived running?"],
    [
      "the addresses aren't together",
      { shared: [...LEFT.shared, { address: "192.168.1.1", is_here: false }] },
      {},
      "FAULT: the shared addresses aren't together",
    ],
    [
      "files differ",
      {},
      { differs: ["gateways", "secret"] },
      "WARNING: the files of left and right differ in gateways and secret",
    ],
    [
      "upstream answers the other one alone",
      { upstream_at: "right" },
      {},
      "WARNING: upstream is silent here and answers right; cluster.hand_over: wan would give the addresses away",
    ],
    [
      "that is why the addresses go",
      { upstream_at: "right", hand_over: "wan" },
      {},
      "WARNING: upstream is silent here and answers right; the addresses are given away",
    ],
    [
      "the health file can't be written",
      { health_error: "no such folder" },
      {},
      "FAULT: /var/run/branchline-pair/left.healthy can't be written (no such folder)",
    ],
  ] as const)("what is wrong: %s", (_, own, other, expected) => {
    expect(lines(own, other).join("\n")).toContain(expected);
    expect(lines().join("\n")).not.toMatch(/FAULT|WARNING/);
  });

  test("that nobody holds the address is no fault of a member that lacks the other one's word", () => {
    expect(lines(AWAY, { has_address: undefined }).join("\n")).not.toContain("WARNING");
  });

  test("that nobody holds the address is no fault in the seconds after a start", () => {
    expect(lines({ ...AWAY, since_s: 9 }).at(-1)).toBe(
      "No member holds the shared addresses yet: VRRP moves them some seconds after a start",
    );
    expect(lines({ ...AWAY, since_s: 10 }).at(-1)).toContain("WARNING: no member that lives");
  });
});

describe("drain", () => {
  const asked = (cluster: ClusterFacts | undefined, question: object) => {
    const done: string[] = [];
    const running = new Proxy({} as Controlled, {
      get: (_, name) => () => {
        if (name === "drain" || name === "join") done.push(name);
        return name === "clusterFacts" ? cluster : {};
      },
    });
    return { answer: JSON.parse(answerControl(JSON.stringify(question), running)), done, running };
  };

  test("begins where another member takes calls", () => {
    const { answer, done } = asked(LEFT, { command: "drain", alone: false });
    expect([answer.ok, done]).toEqual([true, ["drain"]]);
  });

  test.each([
    [{ life: "dead" }, "right is dead"],
    [{ life: "left" }, "right is stopped"],
    [{ life: "unheard" }, "right is not heard"],
    [{ state: "syncing" }, "right is syncing"],
    [{ state: undefined }, "right is of unknown state"],
  ] as const)("is refused where none does, and changes nothing: %o", (other, expected) => {
    const cluster = { ...LEFT, members: [{ ...RIGHT, ...other }] };
    const { answer, done } = asked(cluster, { command: "drain", alone: false });
    expect(answer.error).toBe(
      `no other member takes calls: ${expected}. Nothing has changed; to drain all the same: --alone`,
    );
    expect(done).toEqual([]);
    expect(asked(cluster, { command: "drain", alone: true }).done).toEqual(["drain"]);
  });

  test.each([
    ["one that has just stopped", { life: "left", since_s: 59 }, true],
    ["one that stopped long ago", { life: "left", since_s: 60 }, false],
    ["one that has just died", { life: "dead", since_s: 59 }, true],
    ["one that hasn't been heard for long", { life: "unheard", since_s: 60 }, false],
    ["one that is there", { state: "syncing" }, true],
  ] as const)("a patient one waits for a member that may restart: %s", (_, other, expected) => {
    expect(mayBeRelieved({ ...LEFT, members: [{ ...RIGHT, ...other }] })).toBe(expected);
  });

  test.each(["drain", "join"])("%s is refused without a pair, and to those who may only look", (command) => {
    const { answer, done, running } = asked(undefined, { command });
    expect(answer).toEqual({
      ok: false,
      error: "this branchline has no cluster in its file: there is no other router for its calls",
    });
    expect(JSON.parse(answerReadOnly(JSON.stringify({ command }), running))).toMatchObject({ ok: false });
    expect(done).toEqual([]);
  });

  test("says that nothing is left, or what is", () => {
    expect(withoutInk(drainText({ ...LEFT, state: "drained" }, WIDE))).toBe(
      "left is drained: nothing is left here, and it can be stopped; `branchline join` takes it back\n",
    );
    const left = { ringing: 1, requests: 0, addresses: [] };
    expect(withoutInk(drainText({ ...LEFT, state: "draining", left }, WIDE))).toBe(
      "left is DRAINING: new calls go to the other member. Still here: 1 call that rings\n",
    );
  });
});

test("drain says that upstream is silent at the member that gets the calls", () => {
  const members = (change: Partial<MemberFacts>) => [{ ...RIGHT, ...change }];
  const silent = { upstream: { answers: false, for_s: 20 } };
  expect(drainNote({ members: members({}) }, WIDE)).toBeUndefined();
  expect(drainNote({ members: members({ ...silent, life: "dead" }) }, WIDE)).toBeUndefined();
  expect(withoutInk(drainNote({ members: members(silent) }, WIDE) ?? "")).toBe(
    "WARNING: upstream doesn't answer right: there, calls find the gateways alone",
  );
});

test("join says whether it may hold the addresses", () => {
  expect(withoutInk(joinText(LEFT, WIDE))).toContain("it may hold the shared addresses");
  expect(withoutInk(joinText({ ...LEFT, state: "syncing", why: "it was told to join" }, WIDE))).toBe(
    "left is SYNCING (it was told to join): it may not hold the shared addresses yet\n",
  );
});

test("a shared address that is at the other member is no absence; another one is", () => {
  const listen = [
    { name: "udp:10.222.237.1:5060", address: null },
    { name: "udp:192.168.1.2:5060", address: null },
  ];
  expect(words({ cluster: LEFT, listen }).match(/WARNING.*/g)).toEqual([
    "WARNING: the address of udp:192.168.1.2:5060 is not on this router now",
  ]);
});

test("a pair where all is well takes four lines of status, and a site without one none", () => {
  expect(words({ cluster: LEFT }).split("\n").length - words().split("\n").length).toBe(4);
  expect(words({ cluster: LEFT })).toContain("\nPair: left is active");
});
