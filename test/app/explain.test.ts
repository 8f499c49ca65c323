/** `branchline explain`: the words are made from the very decision that a call would get. */
import { describe, expect, test } from "vitest";
import { type CallQuestion, explainCall, type Known } from "../../src/app/explain.ts";
import { explainText } from "../../src/app/words/explain-words.ts";
import { PBX, PHONE, SITE_YAML, Site } from "../support/site.ts";
import { load } from "./files.ts";

const NOTHING: Known = { saved: undefined, status: undefined };
const MORE = 'emergency: ["112"]\nextensions: {aliases: {"5550100": "201"}, forward: {"201": {busy: "0171"}}}\n';

function words(
  question: Partial<CallQuestion> & { readonly to: string },
  known: Known = NOTHING,
  yaml = SITE_YAML + MORE,
): string {
  const found = explain(question, known, yaml);
  if ("facts" in found) return explainText(found.facts);
  return "fault" in found ? found.fault : `${found.stranger} is a stranger; ${found.advice}`;
}

function explain(question: Partial<CallQuestion> & { readonly to: string }, known = NOTHING, yaml = SITE_YAML + MORE) {
  return explainCall(load(yaml).config, known, { from: PHONE.address, upstream: undefined, ...question });
}

/** The bindings of a phone 201 that has registered. */
function registered(): string {
  const site = new Site();
  site.actor("pbx", PBX).answers("REGISTER", { status: 200 });
  site.actor("201", PHONE).request("REGISTER", "sip:pbx.example.com");
  site.run(1_000);
  return site.saved();
}

describe("explain", () => {
  test("upstream lives: it is asked, and what follows when it is silent", () => {
    expect(words({ to: "5551234" })).toBe(
      `10.222.237.21 calls 5551234; branchline isn't running, so upstream is taken to be up.
The caller is a phone; the host 198.51.100.10 is upstream; the number is 5551234.
Rule call: to 198.51.100.10.
1. asks upstream 198.51.100.10, waits up to 4 s for a first response
   When it says nothing or can't be reached or answers 503 without a body:
   2. tells the caller 181 "Survival activated - please stand by" and waits 1 s
   3. answers 302, Contact: <sip:5551234@10.10.1.3>
`,
    );
  });

  test("of several targets, each but the first waits for what is left of fr_timer", () => {
    const yaml = SITE_YAML.replace("sip:198.51.100.10", "[sip:198.51.100.10, sip:198.51.100.20]");
    expect(words({ to: "5551234" }, NOTHING, yaml)).toContain(
      "asks upstream 198.51.100.20, waits for a first response for what is left of 4 s, 1 s at least\n",
    );
  });

  test("an extension of the file that no phone has: 480, and why", () => {
    const text = words({ to: "5550100", upstream: "down" });
    expect(text).toContain(
      'answers 480, Reason: SIP;cause=480;text="5550100 is an extension, and no phone is registered',
    );
    expect(text).not.toContain("10.10.1.3");
  });

  test("nobody else can take the call: only silence is answered here, upstream's own 503 goes to the caller", () => {
    const yaml = SITE_YAML.replace(/gateways.*\n/, "");
    expect(words({ to: "5551234" }, NOTHING, yaml).split("\n").slice(4)).toEqual([
      "   When it says nothing or can't be reached:",
      '   2. answers 480, Reason: SIP;cause=503;text="Upstream does not answer"',
      "",
    ]);
  });

  test("what takes turns is asked once", () => {
    const yaml = SITE_YAML.replace("[sip:10.10.1.3]", "[sip:10.10.1.3, sip:10.10.1.4]");
    const turns = `${yaml}gateway_choice: round-robin\nsurvival: {answer: relay}\n`;
    const forwards = 'extensions: {forward: {"201": {busy: "0171", no_answer: "0171"}}}\n';
    const known = { saved: registered(), status: undefined };
    expect(words({ from: "201", to: "201", upstream: "down" }, known, turns + forwards)).toContain(
      "   When it is busy (486 or 600) or says nothing or can't be reached or isn't answered (408, 480 or 487) or answers 503:\n" +
        "   2. asks gateway 10.10.1.3 (sip:0171@10.10.1.3)",
    );
  });

  test("a phone that is meant by the end of the number alone: the word suffix", () => {
    const known = { saved: registered(), status: undefined };
    const yaml = `${SITE_YAML}extensions: {suffix_digits: 3}\n`;
    expect(words({ from: "201", to: "00891234201", upstream: "down" }, known, yaml)).toContain(
      "1. rings extension 201, by suffix (",
    );
    expect(words({ from: "201", to: "201", upstream: "down" }, known, yaml)).toContain("1. rings extension 201 (");
  });

  test("how a gateway, a group and upstream's challenge lead on", () => {
    const relay = `${SITE_YAML}survival: {answer: relay}\n`;
    expect(words({ to: "1", upstream: "down" }, NOTHING, relay)).toContain(
      "When it says nothing or can't be reached or answers 5xx or 6xx other than 600 or 603:\n   3. answers 480",
    );
    const group = relay.replace("]}}", '], overflow: "0172"}}');
    expect(words({ from: "10.10.1.3", to: "1" }, NOTHING, group)).toContain(
      "Unless it takes the call or answers 6xx:\n   2. asks gateway",
    );
    const emergency = words({ to: "112" });
    expect(emergency).toContain("   Unless it takes the call:\n   2. ");
    expect(emergency).toContain("Unless it takes the call or answers 401 or 407:\n");
  });

  test.each([
    ["auto", "recovering", "upstream is recovering"],
    ["auto", "down", "upstream is down"],
    ["down", "down", "upstream is forced down"],
  ] as const)("forced %s, %s: the rule says what the first line says", (force, state, why) => {
    const status = { force, upstream: [{ name: "198.51.100.10", state, observed: state }], gateways: [] } as never;
    expect(words({ to: "5551234" }, { ...NOTHING, status })).toContain(`Rule call: ${why}.`);
  });

  test("the file forces upstream down, and nothing runs, or what runs hasn't taken the file yet", () => {
    const yaml = SITE_YAML.replace(/upstream: (.*)/, "upstream: {targets: [$1], force: down}");
    const status = { force: "auto", upstream: [{ name: "198.51.100.10", state: "up", observed: "up" }], gateways: [] };
    for (const known of [NOTHING, { ...NOTHING, status } as never]) {
      const text = words({ to: "5551234" }, known, yaml);
      expect(text).toContain("calls 5551234; the file forces upstream down.\n");
      expect(text).toContain("Rule call: upstream is forced down.\n1. tells the caller 181");
    }
    expect(words({ to: "5551234", upstream: "up" }, NOTHING, yaml)).toContain("as if upstream were up");
  });

  test("a gateway without a free channel is named, though the 302 leaves it out", () => {
    const yaml = SITE_YAML.replace("[sip:10.10.1.3]", "[{uri: sip:10.10.1.3, name: fxo, channels: 1}, sip:10.10.1.4]");
    const gateways = [{ name: "fxo", state: "up", observed: "up", calls: 1, channels: 1 }];
    const upstream = [{ name: "198.51.100.10", state: "down", observed: "down" }];
    const known = { ...NOTHING, status: { force: "auto", upstream, gateways } } as never;
    const told = "2. answers 302, Contact: <sip:5551234@10.10.1.4>; gateway fxo is full: 1 of 1 channels taken\n";
    expect(words({ to: "5551234" }, known, yaml)).toContain(told);
    const found = explain({ to: "5551234" }, known, yaml);
    expect("facts" in found && found.facts.steps[0]).toMatchObject({ kind: "notice" });
    expect(JSON.stringify(found)).toContain('"left_out":["gateway fxo is full: 1 of 1 channels taken"]');
  });

  test("--down: the gateway at once", () => {
    expect(words({ to: "5551234", upstream: "down" }).split("\n").slice(2, 4)).toEqual([
      "Rule call: upstream is down.",
      '1. tells the caller 181 "Survival activated - please stand by" and waits 1 s',
    ]);
  });

  test("what was found out about the caller, the host and the number stands in one line", () => {
    const facts = (question: Partial<CallQuestion> & { readonly to: string }) => words(question).split("\n")[1];
    expect(facts({ to: "112" })).toMatch(/^The caller is a phone; .*the number is 112, an emergency number\.$/);
    expect(facts({ to: "0112" })).toMatch(/; the number is 0112, an emergency number, which gateways get as 112\.$/);
    expect(facts({ from: "10.10.1.3", to: "5550100" })).toBe(
      "The caller is a gateway; the host 10.222.237.1 is this router; the number is 5550100.",
    );
  });

  test("the rewritten number, and the caller's", () => {
    const rewriting =
      '[{uri: sip:10.10.1.3, rewrite: {called: [{match: "^00", replace: "+"}], calling: [{match: "^2", replace: "55502"}]}}]';
    const yaml = SITE_YAML.replace("[sip:10.10.1.3]", rewriting);
    const text = words(
      { from: "201", to: "0049301234", upstream: "down" },
      { saved: registered(), status: undefined },
      `${yaml}survival: {answer: relay}\n`,
    );
    expect(text).toContain("(sip:+49301234@10.10.1.3, the caller shown as sip:5550201@10.10.1.3)");
  });

  test("a number that the gateway's rule would use up leaves as it is, and the rule is named", () => {
    const rules = '[{uri: sip:10.10.1.3, name: box, rewrite: {called: [{match: "^0", replace: ""}]}}]';
    const yaml = SITE_YAML.replace("[sip:10.10.1.3]", rules);
    for (const more of ["", "survival: {answer: relay}\n"]) {
      const text = words({ to: "0", upstream: "down" }, NOTHING, yaml + more);
      expect(text).toContain("sip:0@10.10.1.3");
      expect(text).toContain('Note: the rule "^0" of gateway box would leave nothing of 0, so the number stays.\n');
    }
    expect(words({ to: "01", upstream: "down" }, NOTHING, yaml)).not.toContain("Note");
  });

  test("an extension by its alias, and its forward when busy", () => {
    const known = { saved: registered(), status: undefined };
    const text = words({ from: "201", to: "5550100", upstream: "down" }, known);
    expect(text).toContain("1. rings extension 201 (sip:201@10.222.237.21:5060) for up to 60 s");
    expect(text).toContain("When it is busy (486 or 600):\n   2. asks gateway 10.10.1.3 (sip:0171@10.10.1.3)");
  });

  test("an emergency number", () => {
    expect(words({ to: "112" })).toContain("Rule emergency: 112 is an emergency number.\n1. asks gateway 10.10.1.3");
  });

  test("from the gateway: the group; an unknown group gets 404", () => {
    expect(words({ from: "10.10.1.3", to: "5550100" })).toContain("Rule from-gateway: hunt group default.");
    const elsewhere = SITE_YAML.replace("10.222.237.1:5060", "10.222.237.1:15060");
    expect(words({ from: "10.10.1.3", to: "1" }, NOTHING, elsewhere)).toContain("10.222.237.1 is this router");
    const none = words({ from: "10.10.1.3", to: "1" }, NOTHING, SITE_YAML.replace(/hunt_groups.*\n/, ""));
    expect(none).toContain("1. answers 404");
  });

  test("what the running branchline has seen counts: state, bindings, busy channels", () => {
    const status = {
      force: "auto" as const,
      calls_go_to: { role: "gateway" as const, peers: ["10.10.1.3"] },
      upstream: [{ name: "198.51.100.10", state: "down", observed: "down" }],
      gateways: [{ name: "10.10.1.3", state: "up", observed: "up", calls: 1, channels: 1 }],
      phones: { addresses: 1, contacts: 1 },
      history: [],
      dropped: {},
      tables: [],
      version: "1",
      up_s: 1,
      listen: [],
    };
    const yaml = SITE_YAML.replace("[sip:10.10.1.3]", "[{uri: sip:10.10.1.3, channels: 1}]");
    const text = words({ from: "201", to: "5551234" }, { saved: registered(), status }, yaml);
    expect(text).toContain("upstream: 198.51.100.10 is down.\n");
    const gateways = status.gateways.map((gateway) => ({ ...gateway, state: "down" as const }));
    const dead = { saved: registered(), status: { ...status, gateways } };
    expect(words({ from: "201", to: "5551234" }, dead, yaml)).toContain(
      "upstream: 198.51.100.10 is down; gateway 10.10.1.3 is down.\n",
    );
    const forced = { ...status, force: "down" as const, forced: { by: "command" as const, since: "", left_s: 90 } };
    expect(words({ from: "201", to: "5551234" }, { saved: registered(), status: forced }, yaml)).toContain(
      "upstream (forced down for another 1 min 30 s): 198.51.100.10 is down.\n",
    );
    expect(text).toContain("2. answers 480, Reason: SIP;cause=503");
    expect(words({ from: "201", to: "5551234", upstream: "up" }, { saved: registered(), status }, yaml)).toContain(
      "1. asks upstream",
    );
  });

  test("many gateways: each is a step, and none takes long", () => {
    const gateways = Array.from({ length: 12 }, (_, index) => `{uri: sip:10.10.2.${index + 1}, priority: ${index}}`);
    const yaml = SITE_YAML.replace("[sip:10.10.1.3]", `[${gateways.join(", ")}]`);
    const text = words({ to: "1", upstream: "down" }, NOTHING, `${yaml}survival: {answer: relay}\n`);
    expect(text).toContain("13. asks gateway 10.10.2.12");
    expect(text).toContain("14. answers 480");
  });

  test("who can't be told, or may not", () => {
    expect(words({ from: "999", to: "1" })).toContain(
      "999 is not registered here (no phone is), nor a gateway's name (10.10.1.3); the IP address of a phone, a gateway or upstream will do instead: branchline explain 10.222.237.21 1",
    );
    expect(words({ from: "999", to: "555#1" }, { ...NOTHING, saved: registered() })).toMatch(
      / will do instead: branchline explain 10\.222\.237\.2[12] NUMBER$/,
    );
    const small = SITE_YAML.replace("10.222.237.0/24", "10.222.237.0/30");
    expect(words({ from: "999", to: "1" }, NOTHING, small)).toMatch(/branchline explain 10\.222\.237\.2 1$/);
    expect(words({ from: "192.0.2.1", to: "1" })).toContain(
      "192.0.2.1 is a stranger; if it is a phone, add its network to localnet",
    );
    expect(words({ to: "1 2" })).toContain("can't be dialled");
    for (const to of ["", " "]) expect(words({ to })).toBe("The number is empty: branchline explain FROM NUMBER");
    expect(words({ from: "", to: "1" })).toBe("The caller is empty: branchline explain FROM NUMBER");
  });
});

describe("explain --json: facts", () => {
  test("rule, why, the state of upstream, and the steps with what follows", () => {
    const found = explain({ to: "5551234" });
    expect(found).toEqual({
      facts: {
        from: PHONE.address,
        to: "5551234",
        address: PHONE.address,
        gateway: undefined,
        upstream: { by: "nothing", states: [] },
        dead_gateways: [],
        caller: "localnet",
        host: { meaning: "home", name: "198.51.100.10" },
        number: "5551234",
        emergency: undefined,
        rule: "call",
        why: "to 198.51.100.10",
        warnings: [],
        rules_not_done: [],
        steps: [
          {
            kind: "ask",
            what: "upstream 198.51.100.10",
            can_take: true,
            uris: [],
            shown_as: [],
            first_response_ms: 4_000,
            ring_ms: undefined,
            sequels: [
              {
                when: [expect.objectContaining({ silent: true, codes: [503], bodyless: true })],
                steps: [
                  { kind: "notice", status: 181, reason: "Survival activated - please stand by", hold_ms: 1_000 },
                  {
                    kind: "reply",
                    what: expect.any(String),
                    reply: { status: 302, headers: ["Contact: <sip:5551234@10.10.1.3>"] },
                  },
                ],
              },
            ],
          },
        ],
      },
    });
  });

  test("keys are of one style, and nothing of an emergency call's plan is missing", () => {
    const text = JSON.stringify(explain({ to: "112" }));
    const keys = [...text.matchAll(/"(\w+)":/g)].map(([, key = ""]) => key);
    expect(keys.filter((key) => !/^[a-z]+(_[a-z]+)*$/.test(key))).toEqual([]);
    expect(text).toContain('"emergency":"112"');
  });
});

describe("explain: an address of upstream, which the file has by name", () => {
  const NAMED = SITE_YAML.replace("sip:198.51.100.10", "sip:pbx.example.com");
  const resolved = [{ name: "pbx.example.com", addresses: ["198.51.100.10"], others: ["198.51.100.20"] }];
  const status = (addresses: readonly string[]) => {
    const upstream = [{ name: "pbx.example.com", state: "up", observed: "up", addresses }];
    return { upstream, gateways: [] } as unknown as NonNullable<Known["status"]>;
  };
  const from = (address: string, known: Partial<Known>) =>
    words({ from: address, to: "201" }, { ...NOTHING, ...known }, NAMED);

  test("is upstream: by what DNS says, or by what the branchline that runs has found", () => {
    expect(from("198.51.100.10", { resolved })).toContain("Rule ");
    expect(from("198.51.100.10", { resolved })).not.toContain("stranger");
    expect(from("198.51.100.11", { status: status(["198.51.100.11"]) })).not.toContain("stranger");
    // What runs knows it better than DNS does now.
    expect(from("198.51.100.11", { status: status(["198.51.100.11"]), resolved })).not.toContain("stranger");
  });

  test("is never proposed for localnet: not what the name means besides, nor before it is resolved", () => {
    expect(from("198.51.100.20", { resolved })).toContain("it is an address of upstream pbx.example.com");
    expect(from("198.51.100.10", { status: status(["198.51.100.11"]), resolved })).toContain("never in localnet");
    const unknown = from("198.51.100.10", { resolved: [{ name: "pbx.example.com", addresses: [], others: [] }] });
    expect(unknown).toContain("pbx.example.com has no address as yet");
    expect(unknown).not.toContain("localnet");
  });

  test("a phone at an address of upstream: why its call is judged as upstream's", () => {
    const conflict = {
      with: "phone",
      address: "198.51.100.10",
      text: "201@a is registered from it",
      cure: "give it another",
    };
    const running = { ...status(["198.51.100.10"]), conflicts: [conflict] } as NonNullable<Known["status"]>;
    expect(from("198.51.100.10", { status: running })).toContain(
      "Warning: 201@a is registered from it; give it another.\nRule ",
    );
    expect(from(PHONE.address, { status: running })).not.toContain("Warning");
  });

  test("a stranger is told of localnet as before", () => {
    expect(from("10.20.0.15", { resolved })).toContain("if it is a phone, add its network to localnet");
  });
});
