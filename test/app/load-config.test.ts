/** Good configuration files, and what they mean. */
import { describe, expect, test } from "vitest";
import { NO_LIMIT } from "../../src/base/token-bucket.ts";
import { faults, LEAST, load, WHOLE } from "./files.ts";

describe("a whole file", () => {
  const { config, problems } = load(WHOLE);
  const { site } = config;

  test("has no faults", () => {
    expect(problems).toEqual([]);
  });

  test("listen: addresses, ports, and what peers are told", () => {
    expect(config.listeners).toMatchObject([
      { index: 0, protocol: "udp", address: "10.222.237.1", port: 5060, sentBy: "10.222.237.1:5060" },
      { index: 1, protocol: "udp", address: "2001:db8:1::1", port: 5070, sentBy: "branch.example.com:5070" },
    ]);
  });

  test("localnet", () => {
    expect(site.localnet.contains("10.222.237.99")).toBe(true);
    expect(site.localnet.contains("2001:db8:1::99")).toBe(true);
    expect(site.localnet.contains("10.222.238.99")).toBe(false);
  });

  test("upstream", () => {
    expect(site.upstream).toMatchObject({
      fr_timer_ms: 3_000,
      hold_ms: 120_000,
      hold_max_ms: 3_600_000,
      probe: {
        interval_ms: 20_000,
        suspect_interval_ms: 500,
        down_interval_ms: 7_000,
        timeout_ms: 1_500,
        failures: 2,
        successes: 4,
      },
    });
    expect(site.upstream.targets.map((uri) => uri.text)).toEqual(["sip:pbx.example.com", "sip:198.51.100.7:5070"]);
  });

  test("gateways and survival", () => {
    expect(site.gateways.map(({ uri }) => [uri.host, uri.port])).toEqual([
      ["10.10.1.3", undefined],
      ["10.10.1.4", 5080],
    ]);
    expect(site.survival).toMatchObject({ answer: 380, notice: "Bitte warten", notice_hold_ms: 0 });
  });

  test("hunt groups: called numbers stay as they are written, with plus and leading zeros", () => {
    expect(
      site.huntGroups.map((group) => [
        group.name,
        group.members.map((uri) => (typeof uri === "string" ? uri : uri.user)),
        group.ring_ms,
      ]),
    ).toEqual([
      ["default", ["201", "202"], 45_000],
      ["+49301234", ["203"], 30_000],
      ["0815", ["204"], 30_000],
    ]);
  });

  test("the rest", () => {
    expect(config).toMatchObject({ state: { folder: "at /var/lib/branchline" }, logLevel: "debug" });
    expect(site.strangers).toBe("reject");
  });
});

describe("defaults", () => {
  const { config, problems } = load(LEAST);
  const { site } = config;

  test("interfaces in place of addresses, with VLANs, and both IP versions of one", () => {
    const text = `listen: [udp:pppoe0:5070, "tcp:eth0.10", {address: udp:br-lan, family: 6, advertise: b.example.com}, udp:br-lan]
localnet: [10.222.237.0/24]`;
    const { config: found, problems: faults } = load(text);
    expect(faults).toEqual([]);
    expect(found.listeners.map(({ settings: { at, version, port } }) => `${at} ${version} ${port}`)).toEqual([
      "pppoe0 4 5070",
      "eth0.10 4 5060",
      "br-lan 6 5060",
      "br-lan 4 5060",
    ]);
    expect(found.listeners.every(({ isAway }) => isAway)).toBe(true);
  });

  test("the least file is a whole one", () => {
    expect(problems).toEqual([]);
    expect(config.listeners).toMatchObject([{ address: "10.222.237.1", port: 5060, sentBy: "10.222.237.1:5060" }]);
    expect(config).toMatchObject({ state: { folder: "at state" }, logLevel: "info" });
    expect(site).toMatchObject({ gateways: [], huntGroups: [], strangers: "auto" });
  });

  test("whom to ask for names: the system's servers, unless the file says otherwise", () => {
    expect(load(LEAST).config.dnsServers).toEqual([]);
    const servers = ["10.0.0.1", "10.0.0.2:5353", "::1", "[2001:db8::1]:53"];
    const { config, problems } = load(`${LEAST}dns: {servers: ${JSON.stringify(servers)}}\n`);
    expect(problems).toEqual([]);
    expect(config.dnsServers).toEqual(servers);
  });

  test("upstream: the domains of the Request-URIs, fr_timer 4 s, probes every 10 s, a hold of 60 s up to 600 s", () => {
    expect(site.upstream).toMatchObject({
      targets: [],
      fr_timer_ms: 4_000,
      probe: {
        interval_ms: 10_000,
        suspect_interval_ms: 1_000,
        down_interval_ms: 5_000,
        timeout_ms: 2_000,
        failures: 3,
        successes: 3,
      },
      hold_ms: 60_000,
      hold_max_ms: 600_000,
    });
  });

  test("limits: phones plenty, strangers little; either can be lifted", () => {
    const [perSource, strangers] = [
      { rate: 200, burst: 2_000 },
      { rate: 10, burst: 50 },
    ];
    expect(site.limits).toEqual({ perSource, strangers });
    const limits = (text: string) => {
      const loaded = load(`${LEAST}limits: ${text}\n`);
      expect(loaded.problems).toEqual([]);
      return loaded.config.site.limits;
    };
    expect(limits("none")).toEqual({ perSource: NO_LIMIT, strangers: NO_LIMIT });
    expect(limits("{per_source: none}")).toEqual({ perSource: NO_LIMIT, strangers });
    expect(limits("{per_source: {rate: 5000}}")).toEqual({ perSource: { rate: 5_000, burst: 5_000 }, strangers });
    expect(limits("{strangers: {rate: 1, burst: 5}}")).toEqual({ perSource, strangers: { rate: 1, burst: 5 } });
  });

  test("survival: 302 one second after the notice", () => {
    expect(site.survival).toMatchObject({
      answer: 302,
      notice: "Survival activated - please stand by",
      notice_hold_ms: 1_000,
    });
  });

  test("what is given in part is filled up", () => {
    const { config: partial } = load(`${LEAST}upstream: {probe: {interval: 1m}}\nsurvival: {answer: relay}\n`);
    expect(partial.site.upstream.probe).toMatchObject({ interval_ms: 60_000, timeout_ms: 2_000 });
    expect(partial.site.survival).toMatchObject({ answer: "relay", notice_hold_ms: 1_000 });
  });

  test("a hold above the default maximum raises the maximum", () => {
    const { config: long, problems: none } = load(`${LEAST}upstream: {hold: 20m}\n`);
    expect(none).toEqual([]);
    expect(long.site.upstream).toMatchObject({ hold_ms: 1_200_000, hold_max_ms: 1_200_000 });
  });
});

describe("spellings", () => {
  test.each([
    ["a single value for a list", "listen: udp:10.222.237.1\nlocalnet: 10.222.237.0/24\n"],
    ["JSON", '{"listen": ["udp:10.222.237.1:5060"], "localnet": ["10.222.237.0/24"]}'],
    ["flow style", "{listen: [udp:10.222.237.1], localnet: [10.222.237.0/24]}"],
    ["line ends of Windows", LEAST.replace(/\n/g, "\r\n")],
    ["a byte order mark", `\ufeff${LEAST}`],
    ["a document marker", `---\n${LEAST}`],
    ["comments", `# hello\n${LEAST.replace(/\n/g, " # why\n")}`],
  ])("%s", (_, text) => {
    expect(faults(text)).toEqual([]);
    expect(load(text).config.listeners).toHaveLength(1);
  });

  test("upstream as one URI, a list, or a mapping", () => {
    for (const upstream of ["sip:pbx.example.com", "[sip:pbx.example.com]", "{targets: sip:pbx.example.com}"]) {
      const { config, problems } = load(`${LEAST}upstream: ${upstream}\n`);
      expect(problems).toEqual([]);
      expect(config.site.upstream.targets.map((uri) => uri.host)).toEqual(["pbx.example.com"]);
    }
  });

  test.each([
    ["500ms", 500],
    ["0.5s", 500],
    ["1.001s", 1_001],
    ["30s", 30_000],
    ["4s", 4_000],
  ])("a duration of %s is %i ms", (text, duration_ms) => {
    const { config, problems } = load(`${LEAST}upstream: {fr_timer: ${text}}\n`);
    expect(problems).toEqual([]);
    expect(config.site.upstream.fr_timer_ms).toBe(duration_ms);
  });

  test.each([
    ["302", 302],
    ["'302'", 302],
    ["380", 380],
    ["relay", "relay"],
  ])("survival.answer: %s", (text, answer) => {
    expect(load(`${LEAST}survival: {answer: ${text}}\n`).config.site.survival.answer).toBe(answer);
  });

  test("anchors and aliases", () => {
    const text = `${LEAST}hunt_groups:
  default: &phones {members: &members [sip:201@10.222.237.21, sip:202@10.222.237.22]}
  "100": *phones
  "200": {members: *members, ring: 10s}
`;
    expect(faults(text)).toEqual([]);
    const { huntGroups } = load(text).config.site;
    expect(huntGroups.map((group) => [group.name, group.members.length, group.ring_ms])).toEqual([
      ["default", 2, 30_000],
      ["100", 2, 30_000],
      ["200", 2, 10_000],
    ]);
  });

  test("an IPv6 address in another spelling is the same address", () => {
    const { config } = load(`listen: ["udp:[2001:DB8:0::1]"]\nlocalnet: ["2001:db8::/64"]\n`);
    expect(config.listeners[0]).toMatchObject({ address: "2001:db8::1", sentBy: "[2001:db8::1]:5060" });
  });
});
