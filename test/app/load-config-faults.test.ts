/** Faulty configuration files: each fault with its place and its cure, all at once. */
import { describe, expect, test } from "vitest";
import { loadConfig } from "../../src/app/config/load-config.ts";
import { listed } from "../../src/app/config/suggestions.ts";
import { PROTOCOLS } from "../../src/transport/flow.ts";
import { processorTime_ms } from "../support/processor-time.ts";
import { faults, hints, LEAST, load } from "./files.ts";

const SERVER = "must be the IP address of a DNS server, such as 10.222.237.1 or 10.222.237.1:5353";
type Rows = readonly (readonly [text: string, ...expected: string[]])[];

const LISTEN = `must be ${listed(PROTOCOLS, "or")} and one of this router's own addresses or interfaces, such as udp:10.222.237.1:5060 or udp:eth0:5060`;
const NO_MAPPING =
  'must be lines of keys and values, such as "localnet: [10.222.237.0/24]"; `branchline init` writes a file';
const DRILL_TIME = "must be a time of day, such as 05:00, Sun 05:00 or 15 05:00, on a day from 1 to 28";
const NO_TIME = "3:25 drill.at: is empty; name a time, such as Sun 05:00";
const FR_TIMER = "must be a duration from 100ms to 32s, such as 4s";

/** The long list of all keys is not what matters. */
function brief(text: string): string[] {
  return faults(text).map((fault) => fault.replace(/(keys (?:are )?)listen, .*/, "$1…"));
}

function expectAll(rows: Rows, whole: (text: string) => string = (text) => text): void {
  for (const [text, ...expected] of rows) {
    test(JSON.stringify(text), () => {
      expect(brief(whole(text))).toEqual(expected);
    });
  }
}

describe("the file as such", () => {
  expectAll([
    [
      "{}",
      '1:1 : lacks listen; add "listen: [udp:10.222.237.1:5060]"',
      '1:1 : lacks localnet; add "localnet: [10.222.237.0/24]"',
    ],
    ["listen: [udp:10.0.0.1]\n", '1:1 : lacks localnet; add "localnet: [10.222.237.0/24]"'],
    [`${LEAST}? [a]\n: b\n`, "3:3 : has a key that is no text; remove it"],
    ["--- a\n--- b\n", `1:5 : ${NO_MAPPING}`, "2:1 : a second document begins here; remove this line"],
  ]);

  test("a mapping that holds itself is a fault like any other", () => {
    expect(brief(`${LEAST}hunt_groups: &all {default: *all}\n`)).toContain(
      '3:19 hunt_groups.default: lacks members; add "members: ["201", "sip:202@10.222.237.22"]"',
    );
  });
});

describe("an interface that the router doesn't have now", () => {
  const net = "localnet: [10.222.237.0/24]\n";
  const there = ["eth0", "eth1", "lo", "pppoe0", "switch0"];

  test.each([
    ["listen: [udp:pppeo0:5060]", "1:10 listen[0]: names pppeo0, which isn't here now; did you mean pppoe0?"],
    [
      "listen: [udp:10.0.0.1, {address: tcp:ethh1, family: 6}]",
      "1:34 listen[1].address: names ethh1, which isn't here now; did you mean eth1?",
    ],
    [
      "listen: [udp:wlan0]",
      "1:10 listen[0]: names wlan0, which isn't here now; there are eth0, eth1, lo, pppoe0, switch0",
    ],
  ])("%s is a hint: it may come later", (line, hint) => {
    expect(hints(`${line}\n${net}`, there)).toEqual([hint]);
    expect(hints(`${line}\n${net}`, undefined)).toEqual([]);
  });

  test("hints stand in the order of the file, and what gives one tells no fault twice", () => {
    const text = (probe: string) =>
      `gateways: [sip:10.10.1.3]\nupstream: {targets: sip:192.0.2.1, probe: ${probe}}\nlisten: [udp:pppeo0]\n${net}`;
    expect(hints(text("{}"), there).map((hint) => hint.split(":")[0])).toEqual(["2", "3"]);
    const { problems } = loadConfig(
      text("{}").replace("probe", "prob"),
      String,
      undefined,
      new Map(there.map((name) => [name, []])),
    );
    expect(problems.map(({ path }) => path)).toEqual(["upstream.prob"]);
  });

  test("those that it has, and addresses, need none", () => {
    expect(hints(`listen: [udp:eth0, udp:10.0.0.1, "udp:[2001:db8::1]"]\n${net}`, there)).toEqual([]);
  });
});

describe("unknown keys", () => {
  expectAll(
    [
      ["upstrem: sip:x", "3:1 upstrem: is not a key that branchline knows; did you mean upstream?"],
      ["gateway: x", "3:1 gateway: is not a key that branchline knows; did you mean gateways?"],
      ["hunt-groups: x", "3:1 hunt-groups: is not a key that branchline knows; did you mean hunt_groups?"],
      ["Log: x", "3:1 Log: is not a key that branchline knows; did you mean log?"],
      ["emerg: ['112']", "3:1 emerg: is not a key that branchline knows; did you mean emergency?"],
      ["foo: 1", "3:1 foo: is not a key that branchline knows; known keys are …"],
      ["dns.servers: [10.0.0.1]", "3:1 dns.servers: is not a key that branchline knows; write dns: {servers: …}"],
      [
        "upstream.probe.interval: 5s",
        "3:1 upstream.probe.interval: is not a key that branchline knows; write upstream: {probe: {interval: …}}",
      ],
      ["colour: red", "3:1 colour: is not a key that branchline knows; known keys are …"],
      ["upstream: {probes: x}", "3:12 upstream.probes: is not a key that branchline knows; did you mean probe?"],
      [
        "upstream: {probe: {intervall: 1s}}",
        "3:20 upstream.probe.intervall: is not a key that branchline knows; did you mean interval?",
      ],
      [
        "survival: {notice_time: 1s}",
        "3:12 survival.notice_time: is not a key that branchline knows; known keys are answer, notice, notice_hold, makers",
      ],
    ],
    (text) => `${LEAST}${text}\n`,
  );
});

describe("listen", () => {
  expectAll(
    [
      ["[]", "1:9 listen: is empty; name this router's own addresses, such as [udp:10.222.237.1:5060]"],
      ["~", `1:9 listen: ${LISTEN}`],
      ["[sctp:10.0.0.1:5060]", `1:10 listen[0]: "sctp:10.0.0.1:5060" ${LISTEN}`],
      ["[tcp:10.0.0.1:5061, tcp:10.0.0.1:5061]", "1:29 listen[1]: is listed twice; remove one"],
      [
        "[tls:10.0.0.1]",
        "1:9 listen: has a tls: address, and TLS needs a certificate; add tls: {certificate: FILE, key: FILE}",
      ],
      ["[10.0.0.1]", `1:10 listen[0]: "10.0.0.1" ${LISTEN}`],
      ["[udp:pbx.example.com]", `1:10 listen[0]: "udp:pbx.example.com" ${LISTEN}`],
      ["[udp:eth0:0]", `1:10 listen[0]: "udp:eth0:0" ${LISTEN}`],
      ["[udp:an-interface-of16:5060]", `1:10 listen[0]: "udp:an-interface-of16:5060" ${LISTEN}`],
      ["[udp:eth0:5060, udp:eth0]", "1:25 listen[1]: is listed twice; remove one"],
      ["[{address: udp:eth0, family: 5}]", "1:38 listen[0].family: must be 4 or 6"],
      [
        "[{address: udp:10.0.0.1, family: 4}]",
        "1:42 listen[0].family: chooses among an interface's addresses; the address before it says all: remove it",
      ],
      ["[udp:10.0.0.1:70000]", `1:10 listen[0]: "udp:10.0.0.1:70000" ${LISTEN}`],
      ["[udp:10.0.0.1, [a]]", `1:24 listen[1]: ${LISTEN}`],
      [
        "[udp:0.0.0.0]",
        '1:10 listen[0]: "udp:0.0.0.0" is every address; list this router\'s own addresses one by one, LAN and WAN',
      ],
      [
        '["udp:[::]:5060"]',
        '1:10 listen[0]: "udp:[::]:5060" is every address; list this router\'s own addresses one by one, LAN and WAN',
      ],
      ["[udp:10.0.0.1, udp:10.0.0.1:5060]", "1:24 listen[1]: is listed twice; remove one"],
      ["[{advertise: x}]", '1:10 listen[0]: lacks address; add "address: udp:10.222.237.1:5060"'],
      [
        "{address: udp:10.0.0.1, advertise: 'a b'}",
        '1:44 listen.advertise: "a b" must be an address or address:port, such as 203.0.113.2:5060',
      ],
    ],
    (text) => `listen: ${text}\nlocalnet: [10.0.0.0/8]\n`,
  );
});

describe("localnet", () => {
  const cure = "is not a network; write address/length, such as 10.222.237.0/24";
  expectAll(
    [
      [
        "[]",
        "2:11 localnet: is empty, so no phone would be served; name the phones' network, such as [10.222.237.0/24]",
      ],
      ["[10.0.0.0/33]", `2:12 localnet[0]: "10.0.0.0/33" ${cure}`],
      ["[10.0.0.300]", `2:12 localnet[0]: "10.0.0.300" ${cure}`],
      ["{a: b}", "2:11 localnet: must be a network, such as 10.222.237.0/24"],
      [
        '[0.0.0.0/0, "::/0"]',
        "2:12 localnet[0]: 0.0.0.0/0 is too large, and every address in localnet may dial out; name the phones' network alone",
        "2:23 localnet[1]: ::/0 is too large, and every address in localnet may dial out; name the phones' network alone",
      ],
      ["[10.0.0.0/8, ~]", "2:24 localnet[1]: must be a network, such as 10.222.237.0/24"],
      ["[10.0.0.0/8, 10.1.0.0/16]", "2:24 localnet[1]: 10.1.0.0/16 overlaps 10.0.0.0/8; keep the larger one"],
    ],
    (text) => `listen: [udp:10.0.0.1]\nlocalnet: ${text}\n`,
  );
});

describe("upstream", () => {
  expectAll(
    [
      ["pbx.example.com", '3:11 upstream: "pbx.example.com" is not a SIP URI; write it like sip:pbx.example.com'],
      ["sips:pbx.example.com", '3:11 upstream: "sips:pbx.example.com" wants TLS; write it as sip: with ;transport=tls'],
      ["sip:a;transport=ws", '3:11 upstream: "sip:a;transport=ws" wants ws; branchline calls by udp, tcp and tls'],
      ["[sip:a, 'sip:b c']", '3:19 upstream[1]: "sip:b c" is not a SIP URI; write it like sip:pbx.example.com'],
      ["sip:10.222.237.1", "3:11 upstream: sip:10.222.237.1 is branchline itself, see listen"],
      ["{fr_timer: 4}", `3:22 upstream.fr_timer: ${FR_TIMER}; did you mean 4s?`],
      ["{fr_timer: 4 s}", `3:22 upstream.fr_timer: ${FR_TIMER}; did you mean 4s?`],
      ["{fr_timer: 4sec}", `3:22 upstream.fr_timer: ${FR_TIMER}; did you mean 4s?`],
      ["{fr_timer: 99ms}", `3:22 upstream.fr_timer: ${FR_TIMER}`],
      ["{fr_timer: 33s}", `3:22 upstream.fr_timer: ${FR_TIMER}`],
      ["{fr_timer: -1s}", `3:22 upstream.fr_timer: ${FR_TIMER}`],
      ["{fr_timer: [1s]}", `3:22 upstream.fr_timer: ${FR_TIMER}`],
      ["{hold: 10m, hold_max: 1m}", "3:33 upstream.hold_max: must not be shorter than hold; did you mean 10m?"],
      ["{probe: {failures: 0}}", "3:30 upstream.probe.failures: must be a whole number from 1 to 100"],
      ["{probe: {failures: 2.5}}", "3:30 upstream.probe.failures: must be a whole number from 1 to 100"],
      ["{probe: {successes: three}}", "3:31 upstream.probe.successes: must be a whole number from 1 to 100"],
    ],
    (text) => `${LEAST}upstream: ${text}\n`,
  );
});

describe("transports", () => {
  const noUdp = "wants UDP, and listen has no udp: address; add one";
  expectAll(
    [
      ["sip:198.51.100.10", `3:11 upstream: sip:198.51.100.10 ${noUdp}`],
      ["sip:pbx.example.com:5060", `3:11 upstream: sip:pbx.example.com:5060 ${noUdp}`],
      ["sip:a;transport=tls", "3:11 upstream: sip:a;transport=tls wants TLS, and listen has no tls: address; add one"],
      [
        "sip:10.0.0.1:5060;transport=tcp",
        "3:11 upstream: sip:10.0.0.1:5060;transport=tcp is branchline itself, see listen",
      ],
    ],
    (text) => `listen: [tcp:10.0.0.1]\nlocalnet: [10.0.0.0/24]\nupstream: ${text}\n`,
  );
  expectAll(
    [
      [
        "sip:10.0.0.1;transport=tls",
        "1:9 listen: has a tls: address, and TLS needs a certificate; add tls: {certificate: FILE, key: FILE}",
        "3:11 upstream: sip:10.0.0.1;transport=tls is branchline itself, see listen",
      ],
    ],
    (text) => `listen: [tls:10.0.0.1]\nlocalnet: [10.0.0.0/24]\nupstream: ${text}\n`,
  );
  test("a name without a port leads to whatever we speak", () => {
    expect(brief("listen: [tcp:10.0.0.1]\nlocalnet: [10.0.0.0/24]\nupstream: sip:pbx.example.com\n")).toEqual([]);
  });
});

describe("the rest", () => {
  expectAll(
    [
      ["gateways: [10.10.1.3]", '3:12 gateways[0]: "10.10.1.3" is not a SIP URI; write it like sip:10.10.1.3'],
      [
        "gateways: [sip:gw.example.com]",
        '3:12 gateways[0]: "sip:gw.example.com" must name the gateway by its IP address: DNS is gone when it is needed',
      ],
      [
        "gateways: [sip:10.10.1.3, sip:10.10.1.3:5060]",
        "3:27 gateways[1]: sip:10.10.1.3:5060 is listed twice; remove one",
      ],
      ["gateways: [sip:10.222.237.1]", "3:11 gateways: sip:10.222.237.1 is branchline itself, see listen"],
      [
        "upstream: sip:10.10.1.3\ngateways: [sip:10.10.1.3:5070]",
        "4:11 gateways: sip:10.10.1.3:5070 is upstream too; the gateway must be another device, reachable without the WAN",
      ],
      ["survival: 302", "3:11 survival: must be a mapping with the keys answer, notice, notice_hold, makers"],
      ["survival: {answer: 301}", "3:20 survival.answer: must be one of 302, 380, relay, auto"],
      ["survival: {notice: ''}", "3:20 survival.notice: must be a text of one line"],
      [
        "survival: {notice: 'a\n\n  b'}",
        "3:20 survival.notice: must be one line: it becomes the reason phrase of the 181",
      ],
      [
        "survival: {makers: {Snom: {status: 183, alert_info: info=local}}}",
        "3:36 survival.makers.Snom.status: must be 181 or 182",
        '3:53 survival.makers.Snom.alert_info: "info=local" is no value of Alert-Info; write it like <http://127.0.0.1/>;info=local',
      ],
      ["survival: {makers: [Snom]}", "3:20 survival.makers: must be a mapping"],
      ["drill: all", "3:8 drill: must be a mapping with the keys phones, for, at"],
      ["drill: {phones: [201], at: 5:00}", `3:28 drill.at: "5:00" ${DRILL_TIME}`],
      ["drill: {phones: [201], at: Son 05:00}", `3:28 drill.at: "Son 05:00" ${DRILL_TIME}`],
      ["drill: {phones: [201], at: [31 05:00]}", `3:29 drill.at[0]: "31 05:00" ${DRILL_TIME}`],
      ["drill: {phones: [201], at: 24:00}", `3:28 drill.at: "24:00" ${DRILL_TIME}`],
      [
        "drill: {phones: [2 1], at: 05:00, for: 5h}",
        '3:18 drill.phones[0]: "2 1" is no number or extension; write it like "201" or "+15550100"',
        "3:40 drill.for: must be a duration from 1s to 4h, such as 10m",
      ],
      ["drill: {phones: [], at: []}", "3:17 drill.phones: is empty; name a phone, or write all", NO_TIME],
      ["hunt_groups: [a]", "3:14 hunt_groups: must be a mapping"],
      ["hunt_groups: {default: {members: []}}", "3:34 hunt_groups.default.members: is empty; name at least one phone"],
      [
        "hunt_groups: {default: {members: [two words, sip:x@]}}",
        '3:35 hunt_groups.default.members[0]: "two words" is no number or extension; write it like "201" or "+15550100"',
        '3:46 hunt_groups.default.members[1]: "sip:x@" is not a SIP URI; write it like sip:201@10.222.237.21',
      ],
      [
        "hunt_groups: {0301: {members: sip:1@10.0.0.2, strategy: random}}",
        "3:57 hunt_groups.0301.strategy: must be one of parallel, serial, round-robin",
      ],
      ["strangers: maybe", "3:12 strangers: must be one of auto, drop, reject"],
      ["limits: low", "3:9 limits: must be none or a mapping with the keys per_source, strangers"],
      ["limits: 100", "3:9 limits: must be none or a mapping with the keys per_source, strangers"],
      ["limits: {stranger: none}", "3:10 limits.stranger: is not a key that branchline knows; did you mean strangers?"],
      ["limits: {per_source: 200}", "3:22 limits.per_source: must be none or a mapping with the keys rate, burst"],
      ["limits: {per_source: {rate: 0}}", "3:29 limits.per_source.rate: must be a whole number from 1 to 100000"],
      ["limits: {strangers: {burst: 1.5}}", "3:29 limits.strangers.burst: must be a whole number from 1 to 1000000"],
      ["state: []", "3:8 state: must be the path of a folder"],
      ["log: verbose", "3:6 log: must be one of error, warn, info, debug"],
      ["log:", "3:5 log: must be one of error, warn, info, debug"],
      ["dns: 10.0.0.1", "3:6 dns: must be a mapping with the keys servers"],
      ["dns: {}", '3:6 dns: lacks servers; add "servers: [10.222.237.1]"'],
      ["dns: {servers: [ns.example.com]}", `3:17 dns.servers[0]: "ns.example.com" ${SERVER}`],
      ['dns: {servers: ["10.0.0.1:99999"]}', `3:17 dns.servers[0]: "10.0.0.1:99999" ${SERVER}`],
      ['dns: {servers: [10.0.0.1, "::1", ""]}', `3:34 dns.servers[2]: ${SERVER}`],
    ],
    (text) => `${LEAST}${text}\n`,
  );
});

describe("many faults", () => {
  test("all are told at once, in the order of the file", () => {
    const text = `listen: [sctp:10.0.0.1]
upstrem: sip:pbx.example.com
localnet: [10.0.0.0/99]
survival:
  answer: 404
  notice_hold: 1
gateways:
  - sip:gw.example.com
`;
    const places = load(text).problems.map(({ line, column, path }) => `${line}:${column} ${path}`);
    expect(places).toEqual([
      "1:10 listen[0]",
      "2:1 upstrem",
      "3:12 localnet[0]",
      "5:11 survival.answer",
      "6:16 survival.notice_hold",
      "8:5 gateways[0]",
    ]);
  });

  test("a huge file of nonsense is read in time, and every fault is told", () => {
    const lines = Array.from({ length: 3_000 }, (_, index) => `nonsense_${index}: {a: [1, 2], b: "c"}\n`);
    let problems: ReturnType<typeof load>["problems"] = [];
    const cost_ms = processorTime_ms(() => {
      problems = load(LEAST + lines.join("")).problems;
    });
    expect(problems).toHaveLength(3_000);
    expect(problems.at(-1)).toMatchObject({ line: 3_002, column: 1, path: "nonsense_2999" });
    expect(cost_ms).toBeLessThan(10_000);
  });

  test("deep nesting is a fault, not a crash", () => {
    expect(faults(`${LEAST}log: ${"[".repeat(500)}${"]".repeat(500)}\n`)).toEqual([
      "3:6 log: must be one of error, warn, info, debug",
    ]);
  });
});

describe("upstream's state", () => {
  expectAll(
    [
      ["upstream: {force: sideways}", "3:19 upstream.force: must be one of auto, up, down"],
      ["upstream: {dead_codes: [503, 200]}", "3:30 upstream.dead_codes[1]: must be a whole number from 400 to 699"],
    ],
    (text) => LEAST + text,
  );
});

describe("emergency", () => {
  const gateway = "gateways: [{uri: sip:10.10.1.3, channels: 2}]\n";
  expectAll(
    [
      ["emergency: []"],
      ["emergency: {reserve: 0}", '3:12 emergency: lacks numbers; add "numbers: ["112"]"'],
      [
        "emergency: [1 1 2]",
        '3:13 emergency[0]: "1 1 2" is no number or extension; write it like "201" or "+15550100"',
      ],
      ["emergency: {numbers: [112], preempt: maybe}", "3:38 emergency.preempt: must be true or false"],
      [
        "gateways: [sip:10.10.1.3]\nemergency: {numbers: [112], reserve: 1}",
        "4:12 emergency: reserve needs channels at each gateway; 10.10.1.3 has none",
      ],
      [
        `${gateway}emergency: {numbers: [112], reserve: 2}`,
        "4:12 emergency: reserve leaves no channel for ordinary calls: the gateways have 2",
      ],
      [
        'emergency: [112]\nextensions: {aliases: {"112": "201"}}',
        "4:13 extensions: 112 is an emergency number; take it out of one of the two",
      ],
      [
        "emergency: [112]\nhunt_groups: {112: {members: [201]}}",
        "4:14 hunt_groups: 112 is an emergency number; take it out of one of the two",
      ],
    ],
    (text) => LEAST + text,
  );
});

test("a fault of the certificates stands where the file names them", () => {
  const text = `${LEAST}tls:\n  certificate: a.pem\n  key: b.key\n`;
  const { problems } = loadConfig(text.replace("[udp:", "[udp:10.222.237.1, tls:"), String, ({ key }) => {
    return { key: "key", message: `${key} is no key` };
  });
  expect(problems).toEqual([{ line: 5, column: 8, path: "tls.key", message: "b.key is no key" }]);
});
