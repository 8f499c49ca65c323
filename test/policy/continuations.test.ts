/** What plans say of the time after a fork: all of it in plain values that have words, and names that the policy knows. */
import { describe, expect, test } from "vitest";
import type { RequestFacts } from "../../src/policy/request-facts.ts";
import { headOf, phrasesOf } from "../../src/proxy/plan/condition.ts";
import { isContinuation } from "../../src/proxy/plan/walk.ts";
import type { Continuation, Sequel, Stage } from "../../src/proxy/router.ts";
import { type RequestParts, request } from "../support/messages.ts";
import type { Address } from "../support/simulation.ts";
import { GATEWAY, PBX, PHONE, PHONE_2, SITE_YAML, Site } from "../support/site.ts";

const YAML = `${SITE_YAML.replace(/hunt_groups.*\n/, "")}
emergency: {numbers: ["112"]}
inbound: upstream-first
survival: {answer: relay}
extensions: {forward: {"201": {busy: "0171", no_answer: "202"}}}
hunt_groups:
  default: {members: ["201"], overflow: "0172"}
  "5550100": {members: ["sip:9@10.222.237.29"], strategy: serial, overflow: default}
`;

/** A site in which 201 and 202 are registered. */
function site(): Site {
  const made = new Site(YAML);
  made.actor("pbx", PBX).answers("REGISTER", { status: 200 });
  for (const [user, at] of [
    ["201", PHONE],
    ["202", PHONE_2],
  ] as const) {
    made.actor(user, at).request("REGISTER", "sip:pbx.example.com");
  }
  made.run(1_000);
  return made;
}

function routedBy({ router, listeners }: Site, from: Address, parts: RequestParts): RequestFacts {
  const [listener] = listeners;
  if (listener === undefined) throw new Error("no listener");
  return router.read(request(parts), { listener, ...from }, 1_000);
}

/** All sequels of a plan, and of those that they lead to. */
function sequelsOf(plan: readonly Stage[], resolve: (continuation: Continuation) => readonly Stage[]): Sequel[] {
  return plan.flatMap((stage) => {
    const on = stage.kind === "fork" ? (stage.on ?? []) : [];
    const further = on.flatMap(({ go }) => {
      if (go === "next") return [];
      return sequelsOf(isContinuation(go) ? resolve(go) : go, resolve);
    });
    return [...on, ...further];
  });
}

const REQUESTS: readonly (readonly [string, Address, RequestParts, string, readonly string[]])[] = [
  ["a phone's call", PHONE, { uri: "sip:0301234@pbx.example.com" }, "call", ["survival"]],
  ["a phone's call to a phone", PHONE, { uri: "sip:201@pbx.example.com" }, "call", ["forward", "survival"]],
  ["a REGISTER", PHONE, { method: "REGISTER", uri: "sip:pbx.example.com" }, "register", []],
  ["a SUBSCRIBE", PHONE, { method: "SUBSCRIBE", uri: "sip:201@pbx.example.com" }, "other-request", []],
  ["an emergency call", PHONE, { uri: "sip:112@pbx.example.com" }, "emergency", []],
  ["a call from the PSTN", GATEWAY, { uri: "sip:5550100@203.0.113.2" }, "from-gateway", []],
  ["a call from the PSTN to a phone", GATEWAY, { uri: "sip:201@203.0.113.2" }, "from-gateway", ["forward", "redirect"]],
];

describe("the sequels of a plan", () => {
  test.each(REQUESTS)("%s: each is a plain value with words, each name is known", (_, from, parts, rule, names) => {
    const it = site();
    const routed = routedBy(it, from, parts);
    const { router } = it;
    const decided = router.decide(routed, 1_000);
    expect(decided.rule).toBe(rule);
    const resolved = new Set<string>();
    const found = sequelsOf(decided.plan, (continuation) => {
      const stages = router.continue(routed, continuation, 1_000);
      // A redirect needs the answer that it follows.
      if (continuation.name !== "redirect") expect(stages, continuation.name).not.toBeUndefined();
      resolved.add(continuation.name);
      return stages ?? [];
    });
    expect([...resolved].sort()).toEqual(names);
    expect(found).not.toEqual([]);
    for (const { when } of found) {
      expect(headOf(phrasesOf(when))).toMatch(/^(When it .|Unless it takes the call)/);
      expect(JSON.parse(JSON.stringify(when))).toEqual(when);
    }
  });

  test("a name that nobody knows has nothing to offer", () => {
    const it = site();
    const routed = routedBy(it, PHONE, {});
    for (const name of ["", "constructor", "forward"]) {
      expect(it.router.continue(routed, { name }, 0)).toBeUndefined();
    }
  });

  test("a forward rings like the call that it comes from: as the PSTN's, or as a phone's in an outage", () => {
    const it = site();
    const on = { name: "forward", number: "202" };
    const targets = (from: Address, now_ms: number) => {
      const [stage] = it.router.continue(routedBy(it, from, {}), on, now_ms) ?? [];
      return stage?.kind === "fork" ? stage.targets : [];
    };
    const long = 3_600_000_000;
    expect(targets(GATEWAY, 1_000)).toMatchObject([{ touchesGateway: true }]);
    expect(targets(GATEWAY, long)).toEqual([]);
    expect(targets(PHONE, long)).toHaveLength(1);
    expect(targets(PHONE, long)).not.toMatchObject([{ touchesGateway: true }]);
  });
});
