/** Readiness: a branch where all is well, and the same one with each of the prepared faults, which must be found, and alone. */
import { describe, expect, it, test } from "vitest";
import { loadConfig } from "../../src/app/config/load-config.ts";
import { KeptHistory } from "../../src/app/observe/history.ts";
import { type Readiness, readinessOf } from "../../src/app/observe/readiness.ts";
import { gatherReadiness } from "../../src/app/observe/readiness-facts.ts";
import { certificateFacts, type RunningStatus, siteFacts } from "../../src/app/status-facts.ts";
import { readinessText } from "../../src/app/words/readiness-words.ts";
import { withoutInk } from "../../src/base/ink.ts";
import { GATEWAY, LAN, PBX, PHONE, PHONE_2, Site, WAN } from "../support/site.ts";
import { ANYCAST, NODE2, NODE3 } from "./anycast-facts.ts";
import { READER } from "./reader.ts";

const DAY_ms = 86_400_000;
const HOUR_ms = 3_600_000;
/** After any build of this program. */
const NOW_ms = Date.parse("2040-01-01T00:00:00Z");
const GATEWAY_2 = { ...GATEWAY, address: "10.10.1.4" };

const YAML = `
listen: [udp:10.222.237.1:5060, udp:203.0.113.2:5060]
localnet: [10.222.237.0/24]
upstream: sip:198.51.100.10
gateways: [{uri: sip:10.10.1.3, channels: 4}, {uri: sip:10.10.1.4, channels: 2}]
emergency: {numbers: ["112"], reserve: 1}
hunt_groups: {default: {members: ["201", "202"]}}
`;
const TLS = `${YAML.replace("listen: [", "listen: [tls:10.222.237.1:5061, ")}tls: {certificate: /c.pem, key: /k.pem}\n`;

/** What is there besides what calls and phones have made. */
interface Surroundings {
  yaml?: string;
  /** What becomes of the site in its first minute. */
  happens?: (site: Site, phone: ReturnType<Site["actor"]>) => void;
  status?: (status: RunningStatus) => Partial<RunningStatus>;
  wall_ms?: number;
  unsaved?: string;
  certificateLeft_days?: number;
  isOpen?: boolean;
  drill?: { end?: string; ago_days: number } | "none";
  silent?: readonly (typeof PBX)[];
  phones?: readonly string[];
}

function readiness(given: Surroundings = {}): Readiness {
  const { yaml = YAML, wall_ms = NOW_ms, certificateLeft_days = 90, phones = ["201", "202"] } = given;
  const site = new Site(yaml);
  const { engine, simulation } = site;
  const wallOf = (at_ms: number) => wall_ms + at_ms - simulation.now_ms;
  const history = new KeptHistory(wallOf, 0);
  history.follow(engine);
  history.restore("");
  site
    .actor("pbx", PBX, WAN)
    .answers("REGISTER", { status: 200, extra: ["Expires: 300"] })
    .answers("INVITE", { status: 200 });
  site.actor("gateway", GATEWAY);
  site.actor("gateway 2", GATEWAY_2);
  for (const place of given.silent ?? []) simulation.silence(place);
  const actors = [site.actor("201", PHONE), site.actor("202", PHONE_2)];
  const there = actors.filter(({ name }) => phones.includes(name));
  site.run(100);
  for (const phone of there) phone.request("REGISTER", "sip:pbx.example.com", [], `kept ${phone.name}`, 1);
  site.run(1_000);
  const [first] = actors;
  if (first !== undefined) given.happens?.(site, first);
  site.run(60_000);
  const now_ms = simulation.now_ms;
  const iso = (at_ms: number) => new Date(wallOf(at_ms)).toISOString();
  const { config } = loadConfig(yaml, (path) => path);
  const certificateEnd_ms = () => wall_ms + certificateLeft_days * DAY_ms + HOUR_ms;
  const status: RunningStatus = {
    certificate: certificateFacts(config.tls, { certificateEnd_ms, wallClock_ms: () => wall_ms }),
    version: "0.2.0",
    now: new Date(wall_ms).toISOString(),
    up_s: 60,
    listen: site.listeners.map(({ name, address, isAway }) => ({ name, address: isAway === true ? null : address })),
    ...siteFacts(engine.site.status(now_ms), iso, now_ms),
    dropped: {},
    tables: engine.core.meter.tableStatus,
  };
  const { end = "done", ago_days } = given.drill === "none" ? { ago_days: 0 } : (given.drill ?? { ago_days: 30 });
  if (given.drill !== "none") {
    const since_ms = now_ms - ago_days * DAY_ms - 1_000;
    history.drill({ since_ms, until_ms: since_ms + 1_000, phones: "all", end, report: null });
  }
  const host = {
    ...engine.host,
    now_ms: () => now_ms,
    wallClock_ms: () => wall_ms,
    isOpen: () => given.isOpen ?? true,
    isoTime: (time_ms: number) => new Date(time_ms).toISOString(),
  };
  const told = { ...status, ...given.status?.(status) };
  return readinessOf(gatherReadiness(config, told, { bindings: engine.bindings, host }, given.unsaved, history));
}

const faulty = ({ findings }: Readiness) =>
  findings
    .filter(({ severity }) => severity !== "ok")
    .map(({ check, severity, text }) => `${severity} ${check}: ${text}`);

describe("where all is well", () => {
  it.each([
    ["one with a limit of channels", {}],
    ["one with TLS", { yaml: TLS }],
    ["one whose gateway has no limit", { yaml: YAML.replaceAll(/, (channels: \d|reserve: 1)/g, "") }],
    [
      "a member behind an anycast address, where no drill can begin",
      { status: () => ({ cluster: ANYCAST }), drill: "none" as const },
    ],
    ["one that preempts", { yaml: YAML.replace("reserve: 1", "preempt: true") }],
  ])("nothing is found: %s", (_, given: Surroundings) => {
    const found = readiness(given);
    expect(faulty(found)).toEqual([]);
    expect(found.verdict).toBe("ready");
    expect(found.phones).toEqual({ ready: ["201", "202"], missing: [] });
  });
});

/** A fault, what prepares it, and how its finding begins. */
const FAULTS: readonly (readonly [string, Surroundings, readonly string[]])[] = [
  [
    "no phone is registered",
    { phones: [] },
    ["fault phones: no phone is registered", "fault groups: group default: none of its phones"],
  ],
  ["a member of a hunt group is missing", { phones: ["201"] }, ["warning groups: group default: 202 isn't registered"]],
  [
    "two members are missing",
    { phones: ["201"], yaml: YAML.replace('"202"]', '"202", "203"]') },
    ["warning groups: group default: 202 and 203 aren't registered"],
  ],
  [
    "no group for calls of the gateway",
    { yaml: YAML.replace(/hunt_groups.*\n/, "") },
    ["warning groups: no hunt group says whom"],
  ],
  [
    "no gateway in the file",
    { yaml: YAML.replace(/gateways.*\n/, "").replace(", reserve: 1", "") },
    ["fault gateways: the file has no gateway", "fault emergency: there is no gateway: a call to 112 would fail"],
  ],
  ["one gateway is dead", { silent: [GATEWAY] }, ["warning gateways: gateway 10.10.1.3 is down: no answer to OPTIONS"]],
  [
    "all gateways are dead",
    { silent: [GATEWAY, GATEWAY_2] },
    [
      "fault gateways: gateway 10.10.1.3 is",
      "fault gateways: gateway 10.10.1.4 is",
      "fault emergency: all gateways are down: a call to 112 would fail",
    ],
  ],
  [
    "no emergency number",
    { yaml: YAML.replace(/emergency.*\n/, "") },
    ["fault emergency: the file names no emergency number"],
  ],
  [
    "no channel is kept for emergencies",
    { yaml: YAML.replace(", reserve: 1", "") },
    ["warning emergency: a call to 112 finds no channel"],
  ],
  [
    "fewer channels than the usual peak",
    {
      happens: (site, phone) => {
        for (let call = 0; call < 7; call++) phone.request("INVITE", "sip:5551234@pbx.example.com", [], `call ${call}`);
        site.run(1_000);
      },
    },
    ["warning channels: 5 channels for ordinary calls, 7 calls at once"],
  ],
  ["upstream is forced up", { happens: (site) => site.engine.force("up") }, ["fault upstream: upstream is forced up"]],
  [
    "a listen address is away",
    { status: () => ({ listen: [{ name: LAN.address, address: null }] }) },
    ["warning listen: 10.222.237.1 isn't on this router"],
  ],
  [
    "phones register too seldom",
    { yaml: `${YAML}registration: {expires_cap: 2h}\n` },
    ["warning expires: phones register at least every 2 h"],
  ],
  [
    "registrations can't be stored",
    { unsaved: "ENOSPC: no space left on device" },
    ["fault stored: registrations can't be written (ENOSPC"],
  ],
  ["a table is full", { status: fullTable }, ["warning tables: table bindings is full (2)"]],
  [
    "the last reload was refused",
    { status: () => ({ reload_refused: { at: "", reason: "faulty_file", keys: [], faults: ["x"] } }) },
    ["warning file: the last reload was refused"],
  ],
  ["the clock is in 1970", { wall_ms: 200 * DAY_ms }, ["warning clock: the clock says 1970-07-20"]],
  ["the clock is in 1970, with TLS", { wall_ms: 200 * DAY_ms, yaml: TLS }, ["fault clock: the clock says 1970-07-20"]],
  [
    "the certificate ends soon",
    { yaml: TLS, certificateLeft_days: 20 },
    ["warning certificate: /c.pem is valid for 20 days only"],
  ],
  [
    "the certificate has ended",
    { yaml: TLS, certificateLeft_days: -2 },
    ["fault certificate: /c.pem isn't valid any more"],
  ],
  [
    "a member behind an anycast address isn't heard",
    { status: () => ({ cluster: { ...ANYCAST, members: [{ ...NODE2, life: "dead" }, NODE3] } }) },
    ["warning pair: node2 isn't heard: one member fewer would take over"],
  ],
  [
    "one that only another one hears",
    { status: () => ({ cluster: { ...ANYCAST, members: [{ ...NODE2, life: "dead", heard_by: ["node3"] }, NODE3] } }) },
    ["warning pair: node2 isn't heard here, and node3 hears it"],
  ],
  [
    "no other one is heard",
    { status: () => ({ cluster: { ...ANYCAST, members: [{ ...NODE2, life: "left" }] } }) },
    ["warning pair: node2 isn't heard: nothing would take over"],
  ],
  [
    "this member's route can't be announced",
    {
      status: () => ({
        cluster: { ...ANYCAST, route: { wish: "announce", is_done: false, error: "birdc: exit status 1" } },
      }),
    },
    ["warning pair: the route can't be announced (birdc: exit status 1)"],
  ],
  [
    "this member drains",
    { status: () => ({ cluster: { ...ANYCAST, state: "draining" } }) },
    ["warning pair: this member is draining"],
  ],
  ["no drill", { drill: "none" }, ["warning drill: no drill is known"]],
  ["the last drill was long ago", { drill: { ago_days: 200 } }, ["warning drill: the last drill was 200 days ago"]],
  [
    "the last drill ended early",
    { drill: { ago_days: 1, end: "the gateway went down" } },
    ["warning drill: the last drill ended early: the gateway went down"],
  ],
  [
    "phones haven't been heard since a restart",
    { phones: [], happens: restarted },
    ["warning phones: not heard since branchline was restarted, and perhaps gone: 201@pbx.example.com and 202@pbx"],
  ],
];

function fullTable({ tables }: RunningStatus): Partial<RunningStatus> {
  return { tables: tables.map((table) => (table.name === "bindings" ? { ...table, limit: table.size } : table)) };
}

/** Phones as the state file of the branchline before has them. */
function restarted(site: Site): void {
  const before = new Site(YAML);
  before.actor("pbx", PBX, WAN).answers("REGISTER", { status: 200, extra: ["Expires: 300"] });
  for (const [name, at] of [
    ["201", PHONE],
    ["202", PHONE_2],
  ] as const) {
    before.actor(name, at).request("REGISTER", "sip:pbx.example.com", [], `kept ${name}`, 1);
  }
  before.run(1_000);
  site.restore(before.saved(), 1_000);
}

describe("prepared faults", () => {
  test.each(FAULTS)("%s", (_, given, expected) => {
    const found = readiness(given);
    const told = faulty(found);
    expect(told.map((text, index) => text.slice(0, expected[index]?.length ?? 0) || text)).toEqual(expected);
    const isFault = expected.some((text) => text.startsWith("fault"));
    expect(found.verdict).toBe(isFault ? "not ready" : "ready with warnings");
    for (const { cure, severity } of found.findings) expect(cure.length > 0).toBe(severity !== "ok");
  });

  it("proposes a drill with phones that are here, or with all", () => {
    const cures = (given: Surroundings) =>
      readiness({ ...given, drill: "none" }).findings.flatMap(({ check, cure }) => (check === "drill" ? cure : []));
    expect(cures({})).toEqual(["branchline drill --phones 201,202 --for 10m"]);
    expect(cures({ phones: ["201"] })).toEqual(["branchline drill --phones all --for 10m"]);
    expect(cures({ silent: [PBX] })).toEqual(["# after the outage: branchline drill --phones all --for 10m"]);
  });

  it("says in an outage what is, and why upstream is down in words", () => {
    const found = readiness({ happens: (site) => site.simulation.silence(PBX) });
    expect(found.is_outage).toBe(true);
    const text = withoutInk(readinessText(found, false, READER));
    expect(text).toMatch(
      /^While upstream takes no calls: ready, with warnings\nPhones that can call and be called: 2 /,
    );
    expect(text).toContain("warning upstream: 198.51.100.10 is down now: no answer to OPTIONS\n");
  });

  it.each([
    [["201"], "1 phone registered"],
    [["201", "202"], "2 phones registered"],
  ])("counts the phones: %s", (phones, text) => {
    expect(readiness({ phones }).findings).toContainEqual({ check: "phones", severity: "ok", text, cure: [] });
  });

  it("names phones of the file that aren't here, gateways that are dead, and channels", () => {
    expect(readiness({ phones: ["201"], silent: [GATEWAY] })).toMatchObject({
      phones: { ready: ["201"], missing: ["202"] },
      gateways: [
        { name: "10.10.1.3", lives: false, channels: 4 },
        { name: "10.10.1.4", lives: true, channels: 2 },
      ],
      emergency: ["112"],
      last_drill: { end: "done", age_days: 30 },
    });
  });
});

describe("in words", () => {
  it("where all is well", () => {
    expect(withoutInk(readinessText(readiness(), false, READER))).toMatchInlineSnapshot(`
      "If the WAN failed now: ready
      Phones that could call and be called: 2 extensions (201 and 202)
      Way out: gateway 10.10.1.3 (4 channels), gateway 10.10.1.4 (2 channels)
      Emergency numbers: 112
      Last drill: 30 days ago
      "
    `);
  });

  it("with faults: the worst first, each with its cure", () => {
    const found = readiness({ phones: ["201"], unsaved: "EROFS: read-only file system" });
    expect(withoutInk(readinessText(found, false, READER))).toMatchInlineSnapshot(`
      "If the WAN failed now: NOT READY
      Phones that could call and be called: 1 extension (201); not registered: 202
      Way out: gateway 10.10.1.3 (4 channels), gateway 10.10.1.4 (2 channels)
      Emergency numbers: 112
      Last drill: 30 days ago
      FAULT stored: registrations can't be written (EROFS: read-only file system):
        after a power cut no phone would be known
          branchline doctor --only storage
      warning groups: group default: 202 isn't registered
          # register these phones, or take them out of the file: branchline registered
      "
    `);
  });
});
