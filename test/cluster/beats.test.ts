/** What members tell each other of themselves: upstream, the address, versions, and what differs in their files. */
import { describe, expect, test } from "vitest";
import { digestOf } from "../../src/cluster/agreement.ts";
import { partText, seal } from "../../src/cluster/envelope.ts";
import type { OwnFacts } from "../../src/cluster/member-facts.ts";
import { PART_MAX_OCTETS } from "../../src/cluster/packing.ts";
import type { Json, Part } from "../../src/cluster/ports.ts";
import {
  ClusterNetwork,
  type ClusterNetworkOptions,
  Notebook,
  type SimulatedMember,
  signBy,
} from "./support/cluster-network.ts";

const BEAT_MS = 100;
const DEAD_AFTER_MS = 450;

function live(options: ClusterNetworkOptions = {}): ClusterNetwork {
  const network = new ClusterNetwork(options);
  network.bootAll();
  network.run(2 * BEAT_MS);
  return network;
}

/** Both active, each seeing what `facts` has under its name at the time. */
function seeing(facts: Record<string, OwnFacts>): ClusterNetwork {
  const network = live({ onBoot: ({ name, cluster }) => cluster.observe(() => facts[name] ?? {}) });
  for (const name of network.names) network.cluster(name).ready(network.now_ms, "the other");
  network.run(2 * BEAT_MS);
  return network;
}

function other(network: ClusterNetwork, name: string) {
  return network.cluster(name).status().members[0];
}

describe("what is seen from each member", () => {
  test("state, version, upstream and the shared address are in the status of the other", () => {
    const network = seeing({
      r2: { upstream: { answers: true, for_ms: 5_000 }, hasAddress: true, clock_s: 1_795_000_000 },
    });
    expect(other(network, "r1")).toMatchObject({
      name: "r2",
      life: "alive",
      why: "it is heard, and hears us",
      state: "active",
      version: "1.0.0",
      clock_s: 1_795_000_000,
      upstream: { answers: true, for_ms: 5_000 },
      has_address: true,
    });
    expect(other(network, "r2")).toMatchObject({ upstream: undefined, has_address: undefined });
  });

  test("a member where upstream is silent hears that it answers at the other, once, and when that is over", () => {
    const facts: Record<string, OwnFacts> = {
      r1: { upstream: { answers: true, for_ms: 0 } },
      r2: { upstream: { answers: true, for_ms: 0 } },
    };
    const network = seeing(facts);
    expect(network.cluster("r1").status().upstream_at).toBeUndefined();
    facts["r1"] = { upstream: { answers: false, for_ms: 0 } };
    network.run(3 * BEAT_MS);
    expect(network.cluster("r1").status().upstream_at).toBe("r2");
    expect(network.cluster("r2").status().upstream_at).toBeUndefined();
    facts["r2"] = { upstream: { answers: false, for_ms: 0 } };
    network.run(3 * BEAT_MS);
    const heard = network.member("r1").heard.map(({ what }) => what);
    expect(heard.filter((what) => what.startsWith("upstream"))).toEqual(["upstream at r2", "upstream at none"]);
    expect(network.logged("r1").filter((line) => line.includes("upstream"))).toEqual([
      "warn cluster_upstream_elsewhere",
      "info cluster_upstream_shared",
    ]);
  });

  test.each([
    ["is dead", (network: ClusterNetwork) => network.kill("r2")],
    ["drains", (network: ClusterNetwork) => void network.cluster("r2").drain(network.now_ms)],
  ])("a member that %s is no way to upstream", (_, end) => {
    const network = seeing({
      r1: { upstream: { answers: false, for_ms: 0 } },
      r2: { upstream: { answers: true, for_ms: 0 } },
    });
    expect(network.cluster("r1").status().upstream_at).toBe("r2");
    end(network);
    network.run(DEAD_AFTER_MS + BEAT_MS);
    expect(network.cluster("r1").status().upstream_at).toBeUndefined();
  });
});

describe("beats", () => {
  const facts: OwnFacts = { upstream: { answers: true, for_ms: 5_000 }, hasAddress: true, clock_s: 1_795_000_000 };

  /** What r1 has sent to r2 in so many beats, by kinds of parts. */
  function said(network: ClusterNetwork, beats: number): string[] {
    const { length } = network.sent;
    network.run(beats * BEAT_MS);
    const own = network.sent.slice(length).filter(({ from }) => from === "r1");
    const kinds = ({ wire }: { wire: string }) =>
      (JSON.parse(wire.slice(wire.indexOf("\n"))) as Part[]).map(([kind]) => kind);
    return own.map((one) => kinds(one).join(" "));
  }

  test("say what is seen in each fifth; the others say only that the member lives, and are as good for that", () => {
    const network = seeing({ r1: facts, r2: facts });
    network.run(10 * BEAT_MS);
    const kinds = said(network, 20);
    expect(kinds.filter((kind) => kind === "beat")).toHaveLength(4);
    expect(kinds.filter((kind) => kind === "")).toHaveLength(16);
    expect(network.member("r2").heard.filter(({ what }) => what === "dead r1")).toEqual([]);
    expect(other(network, "r2")).toMatchObject({ life: "alive", has_address: true });
  });

  test("say at once what has changed, three times, since one may get lost", () => {
    const seen: Record<string, OwnFacts> = { r1: facts, r2: facts };
    const network = seeing(seen);
    network.run(11 * BEAT_MS);
    seen["r1"] = { ...facts, hasAddress: false };
    expect(said(network, 4)).toEqual(["beat", "beat", "beat", ""]);
    expect(other(network, "r2")).toMatchObject({ has_address: false });
  });

  test("tell watchers of each that comes, whatever it says", () => {
    let beats = 0;
    const watch = ({ name, cluster }: SimulatedMember) =>
      name === "r2" && cluster.watch({ onBeat: () => void beats++ });
    const network = live({ onBoot: watch });
    beats = 0;
    network.run(20 * BEAT_MS);
    expect(beats).toBe(20);
  });

  test("take along what may wait for them; a member that lives hears it once", () => {
    const notes = new Notebook();
    const network = live({ onBoot: ({ name, cluster }) => name === "r2" && cluster.attach(["stories"], notes) });
    network.run(11 * BEAT_MS);
    network.cluster("r1").tellSoon("r2", [["stories", 1]]);
    network.cluster("r1").tellSoon("r2", [["stories", 2]]);
    expect(said(network, 2).filter((kind) => kind.includes("stories"))).toEqual([
      expect.stringMatching(/^(beat )?stories stories$/),
    ]);
    expect(notes.values).toEqual([1, 2]);
  });

  test("take along no more than 200 parts: what has no room is dropped, and counted", () => {
    const notes = new Notebook();
    const network = live({ onBoot: ({ name, cluster }) => name === "r2" && cluster.attach(["stories"], notes) });
    const r1 = network.cluster("r1");
    for (let part = 0; part < 250; part++) r1.tellSoon("r2", [["stories", part]]);
    r1.tellSoon("r2", [
      ["stories", 250],
      ["stories", 251],
    ]);
    network.run(2 * BEAT_MS);
    expect(notes.values).toEqual(Array.from({ length: 200 }, (_, part) => part));
    expect(r1.status().untold).toBe(52);
    r1.tellSoon("r2", [["stories", 252]]);
    network.run(2 * BEAT_MS);
    expect([notes.values.at(-1), r1.status().untold]).toEqual([252, 52]);
  });
});

describe("agreement", () => {
  const files: Record<string, Record<string, Json>> = {
    r1: { localnet: ["10.0.0.0/8"], gateways: [{ name: "a", channels: 4 }], secret: "1f" },
    r2: { gateways: [{ channels: 4, name: "a" }], localnet: ["10.0.0.0/8", "10.0.1.0/24"], secret: "2e", wan: 1 },
  };

  test("what differs is named by its subject on both; the order of keys, and what one version alone knows, are no difference", () => {
    const network = live({ settings: (name) => ({ agreement: files[name] ?? {} }) });
    for (const name of network.names) {
      expect(other(network, name)?.differs).toEqual(["localnet", "secret"]);
      const lines = network.member(name).lines.filter(({ event }) => event === "cluster_differs");
      expect(lines.map(({ fields }) => fields["subjects"])).toEqual(["localnet, secret"]);
    }
  });

  test("a reload that makes both equal is told on both", () => {
    const network = live({ settings: (name) => ({ agreement: files[name] ?? {} }) });
    network.cluster("r2").agreeOn(files["r1"] ?? {});
    network.run(2 * BEAT_MS);
    for (const name of network.names) {
      expect(other(network, name)?.differs).toEqual([]);
      expect(network.logged(name)).toContain("info cluster_agrees");
    }
  });

  test("digests are of values: of order in lists, not of order among keys", () => {
    const digest = (value: Json) => digestOf(value, signBy("old"));
    expect(digest({ a: 1, b: [1, 2], c: undefined })).toBe(digest({ b: [1, 2], a: 1 }));
    const values: Json[] = [[], {}, "", null, 0, "0", [1, 2], [2, 1], [[1], 2], { a: 1 }, { a: "1" }, { b: 1 }];
    expect(new Set(values.map(digest)).size).toBe(values.length);
  });

  test("a digest can't be tried without the secret", () => {
    expect(digestOf("password", signBy("one"))).not.toBe(digestOf("password", signBy("other")));
  });

  test("while secrets change, equal files are equal", () => {
    const equal = { localnet: "10.0.0.0/8" };
    const secrets = (name: string) => (name === "r1" ? (["new", "old"] as const) : (["old", "new"] as const));
    const network = live({ secrets, settings: () => ({ agreement: equal }) });
    for (const name of network.names) expect(other(network, name)).toMatchObject({ life: "alive", differs: [] });
  });
});

describe("two secrets", () => {
  test("members change theirs one after the other, and stay alive", () => {
    const secrets: Record<string, readonly [string, ...string[]]> = { r1: ["old"], r2: ["old"] };
    const network = live({ secrets: (name) => secrets[name] ?? ["old"] });
    const steps: readonly (readonly [string, readonly [string, ...string[]]])[] = [
      ["r1", ["old", "new"]],
      ["r2", ["old", "new"]],
      ["r1", ["new", "old"]],
      ["r2", ["new", "old"]],
      ["r1", ["new"]],
      ["r2", ["new"]],
    ];
    for (const [name, chosen] of steps) {
      secrets[name] = chosen;
      network.boot(name);
      network.run(2 * BEAT_MS);
      expect([name, chosen, network.cluster("r1").live(), network.cluster("r2").live()]).toEqual([
        ...[name, chosen, ["r2"], ["r1"]],
      ]);
    }
    expect(network.cluster("r1").status().dropped.forged).toBe(0);
  });

  test("members with different secrets never hear each other, and the log says what to look at", () => {
    const network = live({ secrets: (name) => [name] });
    network.run(1_000);
    expect(network.cluster("r1").live()).toEqual([]);
    const line = network.member("r1").lines.find(({ event }) => event === "cluster_dropped");
    expect(line?.fields).toMatchObject({ reason: "forged", cure: expect.stringContaining("the same secret") });
  });
});

describe("parts", () => {
  function noting(): { network: ClusterNetwork; notes: Notebook } {
    const notes = new Notebook();
    const network = live({ onBoot: ({ name, cluster }) => name === "r2" && cluster.attach(["story", "sip"], notes) });
    return { network, notes };
  }

  test("go to the one that knows their kind, in their order; other kinds are passed over", () => {
    const { network, notes } = noting();
    network.cluster("r1").tell("r2", [
      ["story", 1],
      ["newer", { by: "years" }],
      ["sip", "é\0ž"],
      ["story", 2],
    ]);
    network.run(1);
    expect(notes.parts).toEqual([
      { from: "r1", part: ["story", 1] },
      { from: "r1", part: ["sip", "é\0ž"] },
      { from: "r1", part: ["story", 2] },
    ]);
  });

  test("a taker that fails costs its part alone, and is a bug in the log", () => {
    const { network, notes } = noting();
    const failing = {
      take() {
        throw new Error("no such call");
      },
    };
    network.cluster("r2").attach(["story"], failing);
    network.cluster("r1").tellAll([
      ["story", 1],
      ["sip", 2],
    ]);
    network.run(1);
    expect(notes.values).toEqual([2]);
    expect(network.member("r2").lines).toContainEqual(
      expect.objectContaining({ event: "event_failed", fields: { error: "no such call" } }),
    );
  });

  test("a part that fits into no datagram isn't sent, and is told in the log; its neighbours are sent", () => {
    const { network, notes } = noting();
    const long = "x".repeat(PART_MAX_OCTETS);
    network.cluster("r1").tell("r2", [
      ["story", 1],
      ["story", long],
      ["story", 2],
    ]);
    network.run(1);
    expect(notes.values).toEqual([1, 2]);
    const line = network.member("r1").lines.find(({ event }) => event === "cluster_part_too_long");
    expect(line?.fields).toMatchObject({ kind: "story", limit_octets: PART_MAX_OCTETS });
  });

  test("a member that isn't alive is told nothing", () => {
    const { network } = noting();
    network.kill("r2");
    network.run(DEAD_AFTER_MS + BEAT_MS);
    const { length } = network.sent;
    network.cluster("r1").tell("r2", [["story", 1]]);
    network.cluster("r1").tell("nobody", [["story", 1]]);
    expect(network.sent).toHaveLength(length);
  });

  test("a burst of two thousand parts arrives whole", () => {
    const { network, notes } = noting();
    const parts = Array.from({ length: 2_000 }, (_, index): Part => ["story", { index, text: "x".repeat(50) }]);
    network.cluster("r1").tell("r2", parts);
    network.run(1);
    expect(notes.values).toEqual(parts.map(([, value]) => value));
  });
});

test("an older and a newer version live together: fields that are missing, strange or unknown are passed over", () => {
  const network = live();
  const { sent } = network;
  // A member of another version: it answers challenges, and says of itself what this version has never heard of.
  network.kill("r2");
  const boot = "zzzzzzzzzz";
  let seq = 0;
  const speak = (parts: readonly Part[], heard?: string) => {
    seq += 1;
    network.inject("r1", seal({ from: "r2", to: "r1", boot, heard, seq }, parts.map(partText), signBy("secret")));
  };
  speak([["beat", { state: "hibernating", moon: "full" }]]);
  const [, challenge = ""] = /"ask":"(\w+)"/.exec(sent[sent.length - 1]?.wire ?? "") ?? [];
  const [, , , , r1Boot = ""] = sent[sent.length - 1]?.wire.split(" ") ?? [];
  speak([["hello", { answers: [challenge, 7, null], greeting: "ahoy" }]], r1Boot);
  const strange: Json[] = [
    null,
    7,
    [],
    "beat",
    { state: 7, version: [], upstream: "up", address: "mine", agreement: 3 },
  ];
  for (const value of [...strange, { state: "hibernating", upstream: { answers: true, for_ms: -1 }, moon: "full" }]) {
    speak(
      [
        ["beat", value],
        ["moon", value],
        ["hello", value],
      ],
      r1Boot,
    );
    expect(network.cluster("r1").isAlive("r2")).toBe(true);
    expect(other(network, "r1")).toMatchObject({ state: undefined, version: undefined, upstream: undefined });
  }
  expect(network.member("r1").lines.filter(({ level }) => level === "error")).toEqual([]);
});
