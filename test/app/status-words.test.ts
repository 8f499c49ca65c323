/** What `branchline status` says. */
import { describe, expect, test } from "vitest";
import type { PeerFacts, RunningStatus } from "../../src/app/status-facts.ts";
import { statusText } from "../../src/app/words/status-words.ts";
import { bad, doubtful, good, withoutInk } from "../../src/base/ink.ts";
import { READER } from "./reader.ts";
import { DOWN, GATEWAY, more, NOW, OUTAGE, STATUS, UP, words } from "./status-sample.ts";

test("a site where all is well fits into six lines, and leads with upstream", () => {
  expect(words()).toBe(`branchline 0.2.0, running for 3 h 5 min; it is 14:30:05 (UTC+01:00)
Upstream pbx.example.com: up for 3 h 5 min (since 11:25:05, answers OPTIONS);
  calls go there
Gateway 10.10.1.3: up for 3 h 5 min (since 11:25:05, answers OPTIONS), in 1 call
Phones: 2 registered
Calls now: 3, 1 through the gateway
`);
});

test.each([
  [73, "Certificate: /c.pem is valid for 73 days"],
  [21, "Certificate: /c.pem is valid for 21 days"],
  [20, "WARNING: Certificate: /c.pem is valid for 20 days"],
  [0, "WARNING: Certificate: /c.pem is valid for 0 days"],
  [-1, "FAULT: Certificate: /c.pem isn't valid any more"],
  [null, "Certificate: the dates in /c.pem can't be read"],
])("a certificate that has %s days left", (left_days, line) => {
  expect(more({ certificate: { file: "/c.pem", left_days } })).toEqual([line]);
});

describe("upstream", () => {
  const line = (peer: Partial<PeerFacts>, change: Partial<RunningStatus> = {}) => lineOf({ ...DOWN, ...peer }, change);
  const lineOf = (peer: PeerFacts, change: Partial<RunningStatus> = {}) =>
    words({ ...OUTAGE, upstream: [peer], ...change })
      .split("Upstream ")[1]
      ?.split("\nGateway")[0]
      ?.replace(/\n {2}/g, " ");

  test("down: since when, why, and where calls go", () => {
    expect(line({ since: "2026-11-29T13:27:02.000Z", since_s: 183 })).toBe(
      "pbx.example.com: DOWN for 3 min (since 14:27:02, no answer to OPTIONS); calls go to the gateway",
    );
  });

  test("of another day, the date stands beside the time", () => {
    expect(line({ since: "2026-11-28T22:00:22.000Z" })).toContain("(since 2026-11-28 23:00:22, no answer");
  });

  test("after an outage, how fast REGISTERs go up, until that is as fast as the file allows", () => {
    const slow = { per_s: 0.3, most_per_s: 10, unanswered: 1 };
    const at = (peer: PeerFacts) => more({ upstream: [peer] }).filter((text) => text.includes("REGISTER"));
    expect(at({ ...UP, registers: slow })).toEqual([
      "  REGISTERs go up at 0.3 a second, of 10 at the most, 1 unanswered",
    ]);
    expect(at({ ...UP, registers: { ...slow, unanswered: 0 } })).toEqual([
      "  REGISTERs go up at 0.3 a second, of 10 at the most",
    ]);
    expect(at({ ...UP, registers: { ...slow, per_s: 10 } })).toEqual([]);
    expect(at({ ...DOWN, registers: slow })).toEqual([]);
  });

  test.each([
    ["refused", "refuses OPTIONS: no program listens there"],
    ["dns_silent", "its name has no address yet: no DNS server answers"],
    ["no_address", "its name has no address, says DNS"],
    ["unreachable", "can't be reached: no route, or the connection failed"],
    [503, "answers OPTIONS with 503"],
  ])("down: a probe that has failed by %s", (failure, why) => {
    expect(line({ evidence_failure: failure, probe_failure: failure })).toContain(`, ${why}); calls go`);
  });

  test("why it went down is told as its change has it, and what is seen now beside that where it is another thing", () => {
    expect(line({ evidence: "request unanswered", probe_failure: "silence" })).toContain(", no answer to a request);");
    expect(line({ evidence_failure: "silence", probe_failure: "unreachable" })).toContain(
      ", no answer to OPTIONS; now can't be reached: no route, or the connection failed);",
    );
    expect(line({ evidence_failure: "unreachable", probe_failure: "silence" })).toContain(
      ", can't be reached: no route, or the connection failed);",
    );
  });

  test("what has been seen is told in words of its own", () => {
    const up = { observed: "up", probe_failure: undefined };
    expect(line({ ...up, evidence: "hold over" })).toContain("has answered for the whole hold)");
    expect(line({ evidence: "own address missing", probe_failure: undefined })).toContain(
      ", no address of listen is on the way there)",
    );
    expect(line({ evidence: "down before restart" })).toContain(", known from before the restart)");
    expect(line({ observed: "suspect", evidence: "request unanswered" })).toMatch(
      /SUSPECT for .*, no answer to a request\); calls still go there$/,
    );
    expect(line({ evidence: "own address gone", probe_failure: undefined })).toContain(
      "this router's own address is gone",
    );
    expect(line({ ...up, evidence: "a later version's word" })).toContain("a later version's word");
  });

  test.each([
    ["silence", "no answer to OPTIONS"],
    ["dns_silent", "it has one"],
  ])("a name that has an address by now is told of as one that had none: %s", (probe_failure, present) => {
    const found = { addresses: ["10.50.0.10"], probe_failure };
    expect(line({ ...found, evidence_failure: "dns_silent" })).toContain(
      `, its name had no address: no DNS server answered; now ${present}); calls go`,
    );
    expect(line({ ...found, evidence_failure: "no_address" })).toContain(
      `, its name had no address, said DNS; now ${present}); calls go`,
    );
  });

  test("at the start nothing is known of it", () => {
    const { evidence, ...unknown } = DOWN;
    expect(lineOf({ ...unknown, observed: "suspect", since_s: 1 })).toBe(
      "pbx.example.com: not known yet: first asked 1 s ago; calls still go there",
    );
  });

  test("recovering: until when calls wait", () => {
    expect(line({ observed: "recovering", evidence: "probe answered", hold_left_s: 48 })).toMatch(
      /RECOVERING for .*, answers OPTIONS\); calls go to the gateway for another 48 s$/,
    );
  });

  test("without a gateway, and with several, it says so", () => {
    const none = { role: "none", peers: [] } as const;
    expect(line({}, { gateways: [], calls_go_to: none })).toMatch(/; calls find no way out$/m);
    const gateways = [GATEWAY, { ...GATEWAY, name: "10.10.1.4" }];
    expect(line({}, { gateways, calls_go_to: { role: "gateway", peers: ["10.10.1.3", "10.10.1.4"] } })).toContain(
      "; calls go to gateways 10.10.1.3 and 10.10.1.4",
    );
    expect(line({}, { gateways, calls_go_to: { role: "gateway", peers: ["10.10.1.4"] } })).toContain(
      "; calls go to gateway 10.10.1.4",
    );
  });

  test("where the gateways are down as well, it says so", () => {
    const down = { ...GATEWAY, observed: "down" };
    const calls_go_to = { role: "none", peers: [] } as const;
    expect(line({}, { gateways: [down], calls_go_to })).toMatch(/; calls find no way out \(the gateway is DOWN too\)$/);
    expect(line({}, { gateways: [down, { ...down, name: "b" }], calls_go_to })).toMatch(
      /; calls find no way out \(all gateways are DOWN too\)$/,
    );
  });

  test("of two targets, the one that lives has the calls", () => {
    const upstream = [DOWN, { ...UP, name: "pbx2" }];
    const text = words({ upstream, calls_go_to: { role: "upstream", peers: ["pbx2"] } }).replace(/\n {2}/g, " ");
    expect(text).toMatch(/Upstream pbx\.example\.com: DOWN .*; calls go to pbx2\n/);
    expect(text).toMatch(/Upstream pbx2: up .*; calls go there\n/);
  });

  test("where each call names its own domain, and none has", () => {
    expect(words({ upstream: [], calls_go_to: { role: "upstream", peers: [] } })).toContain(
      "\nUpstream: no domain has been called yet\n",
    );
  });

  test("addresses of a target that the file has by name", () => {
    const at = (name: string, ...addresses: string[]) => line({ name, addresses })?.split(": DOWN")[0];
    expect(at("pbx.example.com:5070", "198.51.100.10", "2001:db8::10")).toBe(
      "pbx.example.com:5070 (198.51.100.10, 2001:db8::10)",
    );
    expect(at("198.51.100.9:5070", "198.51.100.9")).toBe("198.51.100.9:5070");
    expect(at("[2001:db8::9]", "2001:db8::9")).toBe("[2001:db8::9]");
  });

  test("long INVITEs that don't reach it: which lengths, and what helps", () => {
    const upstream = [{ ...UP, long_invites: { octets: 1_834, answered_octets: 1_102 } }];
    const text = words({ upstream }).replace(/\n {4}/g, " ");
    expect(text).toContain(
      "\n  WARNING: INVITEs of 1834 octets unanswered while probes are answered: MTU? The longest request that was answered lately had 1102.\n",
    );
    expect(text).toContain("branchline doctor");
  });
});

describe("a gateway", () => {
  const line = (change: object) => words({ gateways: [{ ...GATEWAY, ...change }] }).replace(/\n {2,4}/g, " ");

  test("that answers calls and not OPTIONS isn't down: when it last answered a call", () => {
    const deaf = { evidence: "call answered", probe_failure: "silence", answers_options: false, call_answered_s: 372 };
    expect(line(deaf)).toMatch(
      /Gateway 10\.10\.1\.3: up for 3 h .*, doesn't answer OPTIONS; last call answered 6 min ago\), in 1 call\n/,
    );
    expect(line({ call_answered_s: 372 })).not.toContain("OPTIONS;");
  });

  test("that doesn't copy Record-Route: what follows, and what helps", () => {
    expect(line({ record_route: "missing" })).toMatch(
      / WARNING: it doesn't copy Record-Route into its responses: .* channels stay taken .*max_call/,
    );
    expect(line({ record_route: "copied" })).not.toContain("Record-Route");
  });
});

describe("beside upstream", () => {
  test("a listener without an address, and a table that is full, are told before all else", () => {
    const listen = [...STATUS.listen, { name: "udp:pppoe0:5060", address: null }];
    const tables = [{ name: "bindings", size: 2_000, limit: 2_000, hits: 7 }];
    const text = words({ listen, tables }).replace(/\n {2}/g, " ");
    expect(text.split("\n")[1]).toMatch(/^FULL: bindings, 2000 of 2000: .* What helps: /);
    expect(text.split("\n")[2]).toBe("WARNING: udp:pppoe0:5060 has no address on this router now");
    for (const name of ["udp:10.99.0.2:5060", "tcp:[2001:db8::7]:5060"]) {
      const gone = words({ listen: [{ name, address: null }] }).replace(/\n {2}/g, " ");
      expect(gone.split("\n")[1]).toBe(`WARNING: the address of ${name} is not on this router now`);
    }
  });

  test("calls and channels of gateways", () => {
    const lines = (...gateways: RunningStatus["gateways"]) => words({ gateways }).replace(/\n {2}/g, " ");
    expect(lines({ ...GATEWAY, calls: 0 })).toMatch(/, in no call\n.*\nCalls now: 3, none through the gateway\n/);
    expect(lines({ ...GATEWAY, calls: 2 })).toMatch(/, in 2 calls\n/);
    expect(lines({ ...GATEWAY, calls: 1, channels: 1 }, { ...GATEWAY, name: "b", calls: 2, channels: 8 })).toMatch(
      /, 1 of 1 channel in use\nGateway b: .*, 2 of 8 channels in use\nPhones: .*\nCalls now: 3, 3 through gateways\n/,
    );
    expect(words({ gateways: [] })).toMatch(/^Calls now: 3$/m);
    expect(words({ gateways: [{ ...GATEWAY, calls: 0 }], calls_now: 0 })).toMatch(/^Calls now: none$/m);
    const { calls_now: _, ...ofOldVersion } = STATUS;
    expect(statusText(ofOldVersion, { isVerbose: false, disk: undefined, installed: "0.2.0" }, READER)).toMatch(
      /^Calls now: 1 through the gateway$/m,
    );
    expect(
      statusText({ ...ofOldVersion, gateways: [] }, { isVerbose: false, disk: undefined, installed: "0.2.0" }, READER),
    ).not.toContain("Calls now");
  });

  test("phones, and members of hunt groups that aren't registered, once each", () => {
    const members = [
      { group: "default", member: "201", registered: "201@pbx" },
      { group: "default", member: "203", registered: null },
      { group: "night", member: "203", registered: null },
      { group: "night", member: "204", registered: null },
    ];
    expect(more({ members })).toEqual(["NOT REGISTERED: 203 (groups default, night) and 204 (group night)"]);
    const many = Array.from({ length: 50 }, (_, index) => ({ group: "g", member: `${index}`, registered: null }));
    expect(more({ members: many }).join(" ")).toMatch(
      /^NOT REGISTERED: 0 .* and 42 more: +see +`branchline +registered`$/,
    );
    expect(more({ phones: { addresses: 0, contacts: 0 } })).toEqual(["Phones: none registered"]);
    expect(more({ phones: { addresses: 3, contacts: 4, not_back: 2, at_gateways: 1 } })).toEqual([
      "Phones: 3 registered at 4 contacts, 1 at a gateway's address",
      "WARNING: 2 phones aren't back at upstream yet: it can't call them until their",
      "  REGISTERs have gone up, one phone after the other (registration.pace). A phone",
      "  that had to wait tries again within 36 s",
    ]);
    expect(more({ phones: { addresses: 1, contacts: 1, not_back: 1 } })[1]).toMatch(/it can't call it until its\b/);
    expect(
      more({ phones: { addresses: 2, contacts: 2, not_heard: 2 } })
        .join(" ")
        .replace(/ +/g, " "),
    ).toMatch(
      /^2 phones haven't registered .* upstream may have ended their registrations meanwhile, and can't call them then$/,
    );
    expect(
      more({ phones: { addresses: 1, contacts: 1, not_heard: 1 } })
        .join(" ")
        .replace(/ +/g, " "),
    ).toMatch(
      /1 phone hasn't registered .* upstream may have ended its registration meanwhile, and can't call it then$/,
    );
  });

  test("messages are told that were dropped, and tables that have been full or are by half; all with --verbose", () => {
    expect(more({ dropped: { stranger: 7, over_quota: 90 } })).toEqual(["Messages dropped: 7 stranger, 90 over_quota"]);
    const tables = [
      { name: "few", size: 1_000, limit: 2_000, hits: 0 },
      { name: "half", size: 1_001, limit: 2_000, hits: 0 },
      { name: "once", size: 0, limit: 9, hits: 1 },
    ];
    expect(more({ tables })).toEqual([
      "Tables that have been full, or are by half:",
      "  half  1001 of 2000",
      "  once  0 of 9        full 1 time",
    ]);
    expect(more({ tables }, { isVerbose: true })).toContain("  few   1000 of 2000");
  });

  test("what keeps calls from the phones, with the cure", () => {
    const conflict = {
      with: "phone",
      address: "198.51.100.10",
      text: "201@a is registered from …",
      cure: "give …",
    } as const;
    expect(more({ conflicts: [conflict] })).toEqual(["WARNING: 201@a is registered from …", "  give …"]);
    const path = [{ upstream: "pbx", path: "ignored", text: "pbx ignores Path", cures: ["one", "or two"] }] as const;
    expect(more({ path })).toEqual(["FAULT: pbx ignores Path", "  one", "  or two"]);
    const named = { name: "b.example.com", addresses: [], from: "10.0.0.2", text: "phones at …", cure: "add it" };
    expect(more({ proxy_names: [named] })).toEqual(["WARNING: phones at …", "  add it"]);
  });

  test("the last five changes; all with --verbose", () => {
    const history = Array.from({ length: 9 }, (_, index) => ({
      at: `2026-11-29T13:0${index}:00.000Z`,
      role: "upstream" as const,
      peer: "pbx",
      from: "suspect",
      to: "down",
      evidence: "probe failed",
      probe_failure: "silence",
    }));
    const lines = more({ history });
    expect(lines[0]).toBe("Last changes (of 9, all with --verbose):");
    expect(lines.slice(1)).toHaveLength(5);
    expect(lines[5]).toBe("  14:08:00  upstream pbx: suspect to down, no answer to OPTIONS");
    expect(more({ history }, { isVerbose: true }).filter((line) => line.includes("suspect to"))).toHaveLength(8);
    // The first probes have found that out.
    const all = words({ history }, { isVerbose: true });
    expect(all).toMatch(/Last changes:\n {2}14:00:00 {2}upstream pbx: down, no answer to OPTIONS\n/);
    // A gateway has no hold.
    const turn = { at: "2026-11-29T13:20:00.000Z", role: "gateway", peer: "10.10.1.3" } as const;
    const back = [
      { ...turn, from: "up", to: "down", evidence: "probe failed", probe_failure: "silence" },
      { ...turn, from: "down", to: "recovering", evidence: "probe answered" },
      { ...history[0], from: "up" } as (typeof history)[0],
      { ...turn, from: "recovering", to: "up", evidence: "hold over" },
    ];
    expect(more({ history: back })).toEqual([
      "Last changes:",
      "  14:20:00  gateway: up to down, no answer to OPTIONS",
      "  14:20:00  gateway: down to up, answers OPTIONS",
      "  14:00:00  upstream pbx: up to down, no answer to OPTIONS",
    ]);
    expect(words({ gateways: [{ ...GATEWAY, evidence: "hold over" }] })).toMatch(/Gateway .* answers again\)/);
    const long = Array.from({ length: 200 }, () => history[0] as (typeof history)[0]);
    expect(words({ history: long }, { isVerbose: true })).not.toMatch(/upstream pbx: down, /);
  });
});

test("an ordinary site in an outage, with much to say, fits a terminal of 24 lines and 80 columns", () => {
  const upstream = [{ ...DOWN, name: "pbx.headquarters.example.com", addresses: ["198.51.100.10", "198.51.100.11"] }];
  const gateways = [
    { ...GATEWAY, name: "pstn-main", channels: 8, calls: 3 },
    { ...GATEWAY, name: "pstn-second", channels: 4, calls: 0, observed: "down", evidence: "probe failed" },
  ];
  const members = ["203", "204", "205"].map((member) => ({ group: "default", member, registered: null }));
  const change = { role: "upstream", peer: "pbx.headquarters.example.com", from: "suspect", to: "down" } as const;
  const history = Array.from({ length: 20 }, () => ({ ...change, at: NOW, evidence: "request undeliverable" }));
  const text = words({
    ...OUTAGE,
    upstream,
    gateways,
    calls_go_to: { role: "gateway", peers: ["pstn-main"] },
    members,
    history,
    dropped: { stranger: 1_234, over_quota: 90, unreadable: 7 },
    phones: { addresses: 17, contacts: 19, not_back: 3 },
  });
  const lines = text.trimEnd().split("\n");
  expect(lines.length).toBeLessThanOrEqual(23);
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
});

test("what isn't well is marked for a terminal with colours", () => {
  const wish = { isVerbose: false, disk: undefined, installed: "0.2.0" };
  const marked = statusText(
    { ...STATUS, ...OUTAGE, members: [{ group: "g", member: "203", registered: null }] },
    wish,
    READER,
  );
  expect(marked).toContain(`: ${bad("DOWN")} for`);
  expect(marked).toContain(`: ${good("up")} for`);
  expect(marked).toContain(`${doubtful("NOT REGISTERED")}: 203`);
});

test("what an older version doesn't tell isn't told", () => {
  const { now, calls_go_to, ...older } = STATUS;
  const upstream = [{ name: "pbx", state: "down", observed: "down" }];
  const wish = { isVerbose: false, disk: undefined, installed: "0.2.0" };
  const text = withoutInk(statusText({ ...older, upstream }, wish, READER));
  expect(text).toContain("branchline 0.2.0, running for 3 h 5 min\nUpstream pbx: DOWN\n");
});
