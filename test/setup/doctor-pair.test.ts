/** doctor on a pair: the other member, the shared addresses, what moves them, the secret. For each check a pair that is well, and others. */
import { describe, expect, test } from "vitest";
import type { ClusterFacts, MemberFacts } from "../../src/app/cluster-facts.ts";
import type { Facts } from "../../src/setup/doctor/facts.ts";
import { NONLOCAL4, NONLOCAL6, VRRP_CONFIG, VRRP_RUNS } from "../../src/setup/doctor/families.ts";
import { edgeosCommands } from "../../src/setup/pair/edgeos.ts";
import { keepalivedConfig } from "../../src/setup/pair/keepalived.ts";
import { findings, LAN, status, told } from "./healthy.ts";
import {
  ELSEWHERE,
  edgeos,
  HEALTH,
  inPair,
  KEEPALIVED,
  keepalived,
  PAIR_YAML,
  plan,
  SECRET,
  SHARED,
  secretIs,
} from "./pair-facts.ts";

const severities = (check: string, change: Partial<Facts>, yaml = PAIR_YAML) =>
  findings(check, change, yaml).map(({ severity }) => severity);

/** What isn't well, "severity text" each. */
function bad(check: string, change: Partial<Facts>, yaml = PAIR_YAML): string[] {
  const found = findings(check, change, yaml).filter(({ severity }) => severity !== "ok");
  return found.map(({ severity, text }) => `${severity} ${text}`);
}

test("doctor: a file without cluster has nothing to look at", () => {
  for (const check of ["pair", "vrrp", "pair-secret"]) expect(told(check)).toBe("ok the file has no cluster");
});

describe("doctor: pair", () => {
  const pair = (own: Partial<ClusterFacts>, other: Partial<MemberFacts> = {}) => bad("pair", inPair(own, other));

  test("a pair that is well, whichever member holds the address", () => {
    expect(pair({})).toEqual([]);
    expect(pair(ELSEWHERE, { has_address: true })).toEqual([]);
    expect(told("pair", inPair(), PAIR_YAML)).toContain("ok right (10.222.237.3:5059) is alive and active");
  });

  test("files that differ: what helps is for both members", () => {
    const cureOf = (differs: readonly string[]) => told("pair", inPair({}, { differs }), PAIR_YAML);
    const begin = "# make these keys equal in both files, then";
    expect(cureOf(["gateways"])).toContain(`${begin} branchline reload on both`);
    expect(cureOf(["cluster.members"])).toContain(`${begin} restart branchline where you have changed its file, one`);
  });

  test("nothing is said to be well of a branchline that doesn't run, can't be asked, or was started without cluster", () => {
    expect(severities("pair", {})).toEqual(["skipped"]);
    expect(severities("pair", { isRunning: true, askFault: "EACCES" })).toEqual(["skipped"]);
    expect(severities("pair", { isRunning: true, status: status() })).toEqual(["warning"]);
  });

  test.each([
    ["dead", { life: "dead" as const, why: "four of its beats were missing" }, /^warning right .* is dead \(four of/],
    ["never heard", { life: "unheard" as const }, /^warning right .* hasn't been heard yet/],
    ["stopped", { life: "left" as const }, /^warning right .* was stopped/],
    ["draining", { state: "drained" as const }, /^warning right is drained/],
    ["not complete", { state: "syncing" as const }, /^warning right is syncing/],
    ["of another version", { version: "0.0.9" }, /^warning right runs branchline 0\.0\.9, this router 0\.1\.0/],
    ["of a version that tells no state", { state: undefined }, /^skipped right is alive/],
    ["without WAN", { upstream: { answers: false, for_s: 90 } }, /^warning upstream has been silent at right for 90 s/],
    ["blind to upstream", { upstream: undefined }, /^skipped whether upstream answers right/],
    ["with another file", { differs: ["gateways"] }, /^warning the file of right has another gateways/],
    ["in the future", { clock_ahead_s: 3_600 }, /^warning the clock of right is 3600 s ahead of/],
    ["in the past", { clock_ahead_s: -61 }, /^warning the clock of right is 61 s behind/],
    ["without a clock", { clock_ahead_s: undefined }, /^skipped right doesn't say what time/],
    ["holding the address too", { has_address: true }, /^fault left and right both hold/],
  ])("the other member is %s", (_, other, expected) => {
    expect(pair({}, other)).toEqual([expect.stringMatching(expected)]);
  });

  test.each([
    ["drains", { state: "draining" as const }, /^warning left, this router, is draining/],
    ["isn't complete", { state: "syncing" as const }, /^warning left, this router, is syncing/],
    ["can't tell VRRP", { health_error: "EACCES" }, /^fault .*left\.healthy can't be written \(EACCES\)/],
    [
      "has no WAN",
      { upstream_at: "right" },
      /^warning upstream is silent here and answers right: .*hand_over: wan would/,
    ],
    [
      "gives away",
      { upstream_at: "right", hand_over: "wan" as const },
      /^warning upstream is silent here .*; this router gives/,
    ],
    ["has nobody's address", ELSEWHERE, /^fault no member holds/],
    [
      "has one of two addresses",
      { shared: [...ELSEWHERE.shared, { address: "10.222.237.253", is_here: true }] },
      /^fault of .*, only 10\.222\.237\.253 is here: /,
    ],
  ])("this member %s", (_, own, expected) => {
    expect(pair(own)).toEqual([expect.stringMatching(expected)]);
  });

  test("a VRRP that keeps the address of a member that isn't well for a minute", () => {
    const drained = { state: "drained" as const, is_healthy: false };
    expect(pair({ ...drained, since_s: 20 })).toHaveLength(1);
    expect(pair({ ...drained, since_s: 90 })[1]).toMatch(/^fault .* VRRP doesn't follow it$/);
  });

  test("the address is nowhere while the other one is dead; of one that doesn't say it isn't known", () => {
    expect(pair(ELSEWHERE, { life: "dead" })[1]).toMatch(/^fault .* isn't here, and no other member lives/);
    expect(pair(ELSEWHERE, { has_address: undefined })).toEqual([expect.stringMatching(/^skipped .* doesn't say/)]);
    expect(pair({ ...ELSEWHERE, since_s: 9 }, { life: "dead" })[1]).toMatch(/^skipped .* some seconds after a start/);
  });

  test("why the other one may be silent: another secret, our own name, another address, an unknown name", () => {
    const dropped = { forged: 7, own_name: 1, other_address: 3, unknown_sender: 2 };
    const text = told("pair", inPair({ dropped }, { life: "unheard" }), PAIR_YAML);
    expect(text).toMatch(
      /another secret[\s\S]*own cluster\.name[\s\S]*a NAT change it[\s\S]*isn't in cluster\.members/,
    );
    expect(told("pair", inPair({}, { life: "unheard" }), PAIR_YAML)).not.toContain("another secret");
  });

  test.each([
    [[true, true, undefined], /^skipped whether long datagrams reach right/],
    [[undefined, undefined, undefined], /^skipped whether long/],
    [[true, true, false], /^fault datagrams of 16000 octets don't reach right: IP fragments/],
    [[true, false, false], /^fault datagrams of 1200 octets don't reach right: the MTU/],
  ] as const)("datagrams that arrive: %j", (arrives, expected) => {
    const lengths = [256, 1_200, 16_000].map((octets, index) => ({ octets, arrives: arrives[index] }));
    expect(pair({}, { lengths })).toEqual([expect.stringMatching(expected)]);
    expect(pair({}, { lengths: undefined })).toEqual([expect.stringMatching(/^skipped whether long/)]);
  });

  test("connections to a shared address are said to end with a move", () => {
    const yaml = PAIR_YAML.replace("listen: [", `listen: [tcp:${SHARED}:5060, `);
    expect(told("pair", inPair(), yaml)).toMatch(/ok tcp:10\.222\.237\.254:5060 end with a move/);
    expect(told("pair", inPair(), PAIR_YAML)).not.toContain("end with a move");
  });
});

describe("doctor: a shared address that is at the other member", () => {
  const alone = PAIR_YAML.replace(`udp:${LAN}, `, "");

  test("is no fault of its port, whether the kernel lets it be bound or not; any other address that is missing is one", () => {
    const errors = [undefined, "EADDRNOTAVAIL", "EADDRINUSE"];
    for (const error of errors) {
      expect(severities("ports", { ...inPair(), ports: [error, "EADDRINUSE", "EADDRINUSE"] }, alone)[0]).toBe("ok");
    }
    const missing = ["EADDRINUSE", "EADDRNOTAVAIL", "EADDRINUSE"];
    expect(severities("ports", { ...inPair(), ports: missing }, alone)[1]).toBe("fault");
  });

  test("is the phones' address all the same", () => {
    expect(severities("phones", inPair(), alone)).toEqual(["ok"]);
    const elsewhere = alone.split(SHARED).join("198.51.100.200");
    expect(severities("phones", inPair(), elsewhere)).toEqual(["warning", "ok"]);
  });
});

describe("doctor: vrrp", () => {
  test("keepalived with the configuration that branchline prints, or one of the same meaning", () => {
    const well = [`ok keepalived moves ${SHARED}, and looks at ${HEALTH}`, expect.stringMatching(/^ok sockets/)];
    expect(told("vrrp", keepalived(), PAIR_YAML).split("\n")).toEqual(well);
    const own = `vrrp_script x { script "/bin/healthy.sh ${HEALTH}" }
vrrp_instance A
{
  virtual_ipaddress { ${SHARED}/24 dev eth0 label a
  }
  track_script { x }
}`;
    expect(told("vrrp", keepalived(own), PAIR_YAML).split("\n")).toEqual(well);
  });

  test("two virtual routers in one sync group, which looks at the file", () => {
    const yaml = PAIR_YAML.replace(`shared: [${SHARED}]`, `shared: [${SHARED}, 203.0.113.9]`).replace(
      "listen: [",
      "listen: [udp:203.0.113.9, ",
    );
    const text = keepalivedConfig(plan(yaml), []);
    expect(bad("vrrp", keepalived(text), yaml)).toEqual([]);
    const strange = text.split(SHARED).join("10.222.237.77").split("203.0.113.9").join("203.0.113.10");
    expect(bad("vrrp", keepalived(strange), yaml)[0]).toContain(`${SHARED}, 203.0.113.9: nothing moves them`);
    const apart = text.replace(/vrrp_sync_group[\s\S]*?\n}\n/, "");
    expect(bad("vrrp", keepalived(apart), yaml)).toEqual([
      expect.stringMatching(/^fault keepalived doesn't look at .* \(branchline_switch0, branchline_eth0\)/),
      expect.stringMatching(/^fault the shared addresses are in several virtual routers/),
    ]);
  });

  test.each([
    ["another address", KEEPALIVED.split(SHARED).join("10.222.237.77"), /^fault keepalived has no virtual router with/],
    ["another health file", KEEPALIVED.split(HEALTH).join("/tmp/right.healthy"), /^fault keepalived doesn't look at/],
    [
      "no tracking any more",
      KEEPALIVED.replace(/(track_(?:file|script) \{\n\s+)branchline/g, "$1#"),
      /doesn't look at/,
    ],
    ["the file's meaning turned around", KEEPALIVED.replace(" reverse", ""), /^fault keepalived takes the 1 in/],
    ["no gratuitous ARP", KEEPALIVED.replace("repeat 3", "repeat 0"), /^fault keepalived sends no gratuitous ARP/],
  ])("keepalived has %s", (_, text, expected) => {
    expect(text).not.toBe(KEEPALIVED);
    expect(bad("vrrp", keepalived(text))[0]).toMatch(expected);
  });

  test("no VRRP runs, with its configuration or without; another one runs; it can't be seen", () => {
    const files = { [NONLOCAL4]: "1\n" };
    expect(bad("vrrp", { files, said: { [VRRP_RUNS]: "#" } })).toEqual([expect.stringMatching(/^fault no VRRP runs/)]);
    const stopped = { files, family: "debian" as const, said: { [VRRP_RUNS]: "#", [VRRP_CONFIG]: KEEPALIVED } };
    expect(told("vrrp", stopped, PAIR_YAML)).toMatch(/^fault no VRRP runs.*\nsystemctl enable keepalived\n/);
    expect(bad("vrrp", { files, said: { [VRRP_RUNS]: "ucarp\n#" } })[0]).toMatch(
      /^skipped ucarp runs here.*healthy\.sh/,
    );
    expect(bad("vrrp", { files })[0]).toMatch(/^skipped the processes/);
    expect(bad("vrrp", keepalived("", { isRoot: false }))[0]).toBe("skipped needs root (sudo)");
    expect(bad("vrrp", keepalived(""))[0]).toMatch(/^skipped keepalived runs, and its configuration can't/);
  });

  test("a pair that is tried on one machine needs none", () => {
    const yaml = PAIR_YAML.split(SHARED).join("127.0.0.9");
    expect(told("vrrp", {}, yaml)).toMatch(/^ok the shared addresses are loopback addresses/);
  });

  test("EdgeOS: its VRRP group and the script that follows the file", () => {
    const text = bootOf(edgeosCommands(plan(), []));
    expect(bad("vrrp", edgeos(text))).toEqual([]);
    expect(bad("vrrp", edgeos("system {\n}\n"))).toEqual([expect.stringMatching(/^fault no VRRP group is configured/)]);
    const untracked = text.replace("vrrp-follow.sh", "other.sh");
    expect(bad("vrrp", edgeos(untracked))).toEqual([expect.stringMatching(/^fault the router's VRRP doesn't look at/)]);
    const other = text.split(SHARED).join("10.222.237.77");
    expect(bad("vrrp", edgeos(other))).toEqual([expect.stringMatching(/has no virtual router with/)]);
    expect(bad("vrrp", { ...edgeos(""), files: {}, isRoot: false })[0]).toBe("skipped needs root (sudo)");
  });

  test("ip_nonlocal_bind, of the version that the shared addresses have", () => {
    const at = (family: Facts["family"], value: string) =>
      keepalived(KEEPALIVED, { family, files: { [NONLOCAL4]: value } });
    for (const family of ["debian", "openwrt"] as const) {
      const [, found] = findings("vrrp", at(family, "0\n"), PAIR_YAML);
      expect(found).toMatchObject({ severity: "warning", undo: [expect.any(String), expect.any(String)] });
    }
    const [, unknown] = findings("vrrp", at("unknown", "0\n"), PAIR_YAML);
    expect(unknown).toMatchObject({ severity: "warning" });
    expect(unknown?.undo).toBeUndefined();
    expect(bad("vrrp", keepalived(KEEPALIVED, { files: {} }))).toEqual([expect.stringMatching(/^skipped .*be read$/)]);
    const six = PAIR_YAML.replace(`shared: [${SHARED}]`, 'shared: ["fd00::1"]').replace(
      "listen: [",
      "listen: ['udp:[fd00::1]', ",
    );
    const files = { [NONLOCAL4]: "1\n", [NONLOCAL6]: "0\n" };
    expect(bad("vrrp", keepalived(KEEPALIVED, { files }), six)[1]).toMatch(/^warning .*net\.ipv6\.ip_nonlocal_bind 0/);
  });
});

/** What EdgeOS saves after these commands. */
function bootOf(commands: string): string {
  const lines = commands.split("\n").filter((line) => line.startsWith("set "));
  return lines
    .map((line) => {
      const words = line.slice(4).match(/"[^"]*"|\S+/g) ?? [];
      const value = words.slice(-2).join(" ");
      const path = words.slice(0, -2);
      return `${path.map((word) => `${word} {`).join("\n")}\n${value}\n${path.map(() => "}").join("\n")}`;
    })
    .join("\n");
}

describe("doctor: pair-secret", () => {
  const secret = (change: Parameters<typeof secretIs>[0], more: Partial<Facts> = {}) =>
    told("pair-secret", { ...secretIs(change), ...more }, PAIR_YAML);

  test("for its owner alone, and read by the branchline that runs", () => {
    expect(secret({}, inPair())).toBe(`ok ${SECRET} is for its owner alone, and was written at 2026-11-01T10:00:00Z`);
    expect(secret({ owner: 0, mode: 0o640 })).toMatch(/^ok/);
    expect(secret({ owner: 0 }, { stateOwner: 0 })).toMatch(/^ok/);
  });

  test.each([0o604, 0o660, 0o622, 0o601])("mode %o is refused", (mode) => {
    expect(secret({ mode })).toBe(
      `fault ${SECRET} may be read or written by others (mode ${mode.toString(8)}): branchline refuses it\nchmod 600 ${SECRET}`,
    );
  });

  test("of another user than branchline's", () => {
    expect(secret({ owner: 0 })).toMatch(/^fault .* belongs to another user.*\nchown 110 /);
  });

  test("changed since branchline was started", () => {
    expect(secret({ age_s: 60 }, inPair())).toMatch(/^warning .* was changed at/);
    expect(secret({ age_s: 60 })).toMatch(/^ok/);
  });

  test("missing, out of sight, or in a variable; a second one is judged too", () => {
    const gone = (error: string) =>
      told("pair-secret", { secrets: [{ file: SECRET, stamp: undefined, error }] }, PAIR_YAML);
    expect(gone("ENOENT")).toMatch(/^fault .* isn't there.*\nbranchline cluster secret/);
    expect(gone("EACCES")).toMatch(/^skipped/);
    expect(told("pair-secret", {}, PAIR_YAML.replace(SECRET, "{env: S}"))).toBe("ok the secret is in the variable S");
    const two = PAIR_YAML.replace("  shared", "  second_secret: /etc/second\n  shared");
    const stamp = { mode: 0o644, owner: 110, changed_at: "", age_s: 9 };
    const secrets = [...(secretIs().secrets ?? []), { file: "/etc/second", stamp, error: "" }];
    expect(severities("pair-secret", { secrets }, two)).toEqual(["ok", "fault", "ok"]);
  });
});
