/** doctor on upstream and gateways: names, answers, and what the Via that comes back tells of the way. */
import { describe, expect, test } from "vitest";
import { examine, reportText } from "../../src/setup/doctor/doctor.ts";
import type { PeerFact } from "../../src/setup/doctor/facts.ts";
import { supportPath } from "../../src/setup/doctor/peers.ts";
import { answer, configOf, GATEWAY, healthy, peer, told, UPSTREAM, WAN, YAML } from "./healthy.ts";

describe("doctor: upstream, gateways", () => {
  test("who answers is well, whatever he answers, but for 503", () => {
    expect(told("upstream")).toBe(`ok sip:${UPSTREAM} (${UPSTREAM}:5060, udp) answers OPTIONS with 200 in 12 ms`);
    const by = (status: number) =>
      told("upstream", { peers: [peer({ answer: answer(`${WAN};branch=z9hG4bKx`, status) })] });
    expect(by(404)).toMatch(/^ok/);
    expect(by(503)).toMatch(/^warning .*nobody behind it, so calls live on the gateway alone/);
  });

  test("silence, refusal and rubbish are faults", () => {
    const silent = peer({ answer: undefined, error: "no answer in 3 s" });
    expect(told("upstream", { peers: [silent] })).toMatch(/^fault .*doesn't answer OPTIONS: no answer in 3 s/);
    expect(told("upstream", { peers: [peer({ answer: "hello" })] })).toMatch(/^fault .*what came is no SIP answer/);
    const gateway = { ...GATEWAY, answer: undefined, error: "ECONNREFUSED" };
    expect(told("gateways", { peers: [gateway] })).toMatch(
      /^fault .*in an outage calls find no way out, unless it just/,
    );
  });

  test("an answer that the file's alive_codes leave out, or that comes later than a probe waits, counts as down", () => {
    const strict = YAML.replace(/upstream: .*/, `upstream: {targets: [sip:${UPSTREAM}], probe: {alive_codes: 200}}`);
    const refused = peer({ answer: answer(`${WAN};branch=z9hG4bKx`, 404) });
    expect(told("upstream", {}, strict)).toMatch(/^ok/);
    expect(told("upstream", { peers: [refused] }, strict)).toMatch(
      /^warning .* with 404 in 12 ms, which isn't a sign of life for this file: it counts as down, so calls live on the gateway alone/,
    );
    expect(told("upstream", { peers: [peer({ took_ms: 2_001 })] })).toMatch(
      /^warning .* in 2001 ms, and a probe waits for 2s only: it counts as down/,
    );
    const own = YAML.replace("[sip:10.10.1.3]", "[{uri: sip:10.10.1.3, probe: {alive_codes: 2xx, timeout: 10ms}}]");
    expect(told("gateways", { peers: [{ ...GATEWAY, took_ms: 99 }] }, own.replace("10ms", "100ms"))).toMatch(/^ok/);
    expect(told("gateways", { peers: [{ ...GATEWAY, took_ms: 101 }] }, own.replace("10ms", "100ms"))).toMatch(
      /^warning/,
    );
  });

  test("none in the file", () => {
    const lone = YAML.replace(/(upstream|gateways): .*/g, "");
    expect(told("upstream", {}, lone)).toMatch(/^unseen/);
    expect(told("gateways", {}, lone)).toMatch(/^warning there is no gateway/);
  });
});

describe("doctor: support-path", () => {
  const cures = ["on the PBX: support_path=yes", "or here: registration: contact"];
  const finding = (path: "unconfirmed" | "ignored") => ({ upstream: UPSTREAM, path, text: `${path} it is`, cures });
  const statusWith = (path: ReturnType<typeof finding>[]) =>
    ({ phones: { addresses: 1, contacts: 1 }, dropped: {}, path }) as never;
  const seen = (findings: ReturnType<typeof finding>[]) => told("support-path", { status: statusWith(findings) });

  test("what branchline has seen of Path: a warning while it is doubtful, a fault once it is ignored, with the cures", () => {
    expect(seen([])).toMatch(/^ok/);
    expect(seen([finding("unconfirmed")])).toMatch(/^warning unconfirmed it is/);
    expect(seen([finding("ignored")])).toMatch(/^fault ignored it is/);
    const [found] = supportPath({ ...healthy(), status: statusWith([finding("ignored")]) }, configOf(YAML));
    expect(found?.cure).toEqual(cures.map((line) => `# ${line}`));
  });

  test("with registration: contact no Path is needed; without a branchline that runs nothing is said", () => {
    expect(told("support-path", {}, `${YAML}\nregistration: contact\n`)).toMatch(/^ok .*needs no Path/);
    expect(told("support-path", { status: undefined })).toBe("");
  });
});

test("doctor: outbound-proxy names what phones have, with the cure; an older branchline that runs says nothing of it", () => {
  const base = { phones: { addresses: 1, contacts: 1 }, dropped: {} };
  const seen = (more: object) => told("outbound-proxy", { status: { ...base, ...more } as never });
  expect(seen({})).toBe("");
  expect(seen({ proxy_names: [] })).toMatch(/^ok/);
  expect(seen({ proxy_names: [{ text: "phones at 10.0.0.2 have …", cure: "add it to names" }] })).toMatch(
    /^warning phones at 10\.0\.0\.2 have …/,
  );
});

describe("doctor: mtu", () => {
  const lengths = (...answered: number[]) =>
    [undefined, 1_400, 2_000].map((octets) => {
      return { octets, isAnswered: octets === undefined || answered.includes(octets) };
    });
  const upstreamOnly = (one: Partial<PeerFact>) => told("mtu", { peers: [peer(one)] });

  test("long requests are answered too, or short ones aren't either", () => {
    expect(upstreamOnly({})).toBe(`ok sip:${UPSTREAM} (${UPSTREAM}) answers OPTIONS of 2000 octets too`);
    expect(upstreamOnly({ lengths: [{ octets: undefined, isAnswered: false }, ...lengths().slice(1)] })).toMatch(
      /^unseen/,
    );
    expect(upstreamOnly({ lengths: [] })).toMatch(/^unseen/);
    // That the shorter one was lost once proves nothing.
    expect(upstreamOnly({ lengths: lengths(2_000) })).toMatch(/^ok/);
  });

  test("only short ones are answered: the MTU; only fragments are lost: a firewall; the MSS is no cure", () => {
    const [fault, tcp, others] = upstreamOnly({ lengths: lengths() }).split("\n");
    expect(fault).toMatch(/^fault .*of 1400 octets, while short ones are answered: the MTU/);
    expect(tcp).toContain(`upstream: "sip:${UPSTREAM};transport=tcp"`);
    expect(others).toContain("a lower MSS doesn't help UDP");
    expect(upstreamOnly({ lengths: lengths(1_400) })).toMatch(
      /^fault .*of 2000 octets, while those of 1400 are answered: IP fragments are lost/,
    );
    expect(told("mtu", { peers: [{ ...GATEWAY, lengths: lengths() }] })).toContain("# gateways:");
  });
});

test("doctor: mtu has what the branchline that runs has seen of calls", () => {
  const seen = { name: UPSTREAM, long_invites: { octets: 1_834, answered_octets: 0 } };
  const status = { upstream: [seen, { name: "198.51.100.11" }], gateways: [], phones: {}, dropped: {} } as never;
  expect(told("mtu", { status }).split("\n")).toMatchObject([
    expect.stringMatching(/^ok/),
    expect.stringMatching(/^ok/),
    `warning ${UPSTREAM}: INVITEs of 1834 octets unanswered while probes are answered: MTU?`,
    expect.stringContaining(";transport=tcp"),
  ]);
});

test("doctor: addresses: a gateway, or a phone that is registered, at an address of upstream", () => {
  const named = YAML.replace(`upstream: sip:${UPSTREAM}`, "upstream: sip:pbx.example.com");
  const at = (address: string) => peer({ name: "sip:pbx.example.com", to: { address, port: 5060, protocol: "udp" } });
  expect(told("addresses")).toMatch(/^ok/);
  const [text, cure] = told("addresses", { peers: [at("10.10.1.3"), GATEWAY] }, named).split("\n");
  expect(text).toMatch(
    /^warning gateway 10\.10\.1\.3 is at 10\.10\.1\.3, an address of upstream sip:pbx\.example\.com/,
  );
  expect(cure).toMatch(/^# give the gateway an address of its own, or correct what .* resolves to/);
  const conflict = (who: string) => ({ with: who, address: "10.10.1.3", text: `${who} it is`, cure: "x" });
  const status = {
    upstream: [],
    gateways: [],
    phones: {},
    dropped: {},
    conflicts: [conflict("gateway"), conflict("phone")],
  } as never;
  expect(told("addresses", { status })).toMatch(/^warning gateway it is\n# x\nwarning phone it is/);
  // The gateway is told once.
  expect(told("addresses", { status, peers: [at("10.10.1.3")] }, named).match(/warning/g)).toHaveLength(2);
});

describe("doctor: path", () => {
  const home = "192.168.1.2";
  const seen = (local: string, via: string, yaml = YAML) =>
    told("path", { peers: [peer({ local, answer: answer(via) })] }, yaml);

  test("seen as we are", () => {
    expect(told("path")).toBe(`ok ${UPSTREAM} sees us as ${WAN}, as we are`);
    expect(seen(WAN, `${WAN}:40000;branch=z9hG4bKx`)).toMatch(/^ok .*nothing is between us/);
    expect(seen("10.9.0.2", "10.9.0.2:40000;branch=z9hG4bKx;rport=40000;received=10.9.0.2")).toMatch(
      /^fault .*unless a VPN/,
    );
  });

  test.each([
    ["nothing", ""],
    ["another private address", ";rport=40000;received=192.168.7.7"],
    ["a name", ";rport=40000;received=router.lan"],
  ])("behind NAT, %s in received: an ALG", (_, received) => {
    expect(seen(home, `${home}:40000;branch=z9hG4bKx${received}`)).toMatch(/^fault .*an ALG on the way rewrites SIP/);
  });

  test("another host in our Via: an ALG that has forgotten to map it back", () => {
    expect(seen(home, `${WAN}:40000;branch=z9hG4bKx;received=${WAN}`)).toMatch(
      /^fault our Via came back .* as 203\.0\.113\.2/,
    );
  });

  test("behind an honest NAT, upstream must be told the public address", () => {
    const via = `${home}:40000;branch=z9hG4bKx;rport=61000;received=${WAN}`;
    expect(seen(home, via)).toMatch(/^warning .*sees us as 203\.0\.113\.2, but reads 192\.168\.1\.2 in our Path/);
    const told = YAML.replace(`udp:${WAN}`, `{address: "udp:${home}", advertise: "${WAN}:5060"}`);
    expect(seen(home, via, told)).toMatch(/^ok .*as advertise says/);
    expect(seen(home, via.replace(WAN, "203.0.113.99"), told)).toMatch(
      /^warning .*sees us as 203\.0\.113\.99, but reads 203\.0\.113\.2/,
    );
  });

  test("nobody has answered", () => {
    expect(told("path", { peers: [] })).toMatch(/^unseen/);
  });
});

describe("doctor: dns", () => {
  const fact = (server: string, addresses: readonly string[] | undefined, took_ms = 9) => {
    return { name: "pbx.example.com", server, addresses, took_ms };
  };

  test("who says what, and how fast", () => {
    expect(told("dns")).toBe("ok no name needs DNS");
    expect(told("dns", { names: [fact("10.1.1.1", [UPSTREAM])] })).toBe(
      `ok pbx.example.com is ${UPSTREAM}, says 10.1.1.1 in 9 ms`,
    );
    expect(told("dns", { names: [fact("10.1.1.1", [UPSTREAM], 1_700)] })).toMatch(/^warning/);
  });

  test("a dead server among living ones, all dead, unknown name", () => {
    const living = fact("10.1.1.2", [UPSTREAM]);
    expect(told("dns", { names: [fact("10.1.1.1", undefined, 4_000), living] })).toMatch(
      /^warning .*but 10\.1\.1\.1 doesn't answer/,
    );
    expect(told("dns", { names: [fact("10.1.1.1", undefined)] })).toMatch(/^fault 10\.1\.1\.1 give no answer about/);
    expect(told("dns", { names: [fact("10.1.1.1", [])] })).toMatch(/^fault pbx.example.com has no address/);
  });
});

test("what a hostile answer carries reaches no terminal", () => {
  const wire = answer(`${WAN}:40000;branch=z9hG4bKx;received=\u001b[2J\u009b2J`);
  const findings = examine(healthy({ peers: [peer({ answer: wire })] }), configOf());
  const text = reportText({ family: "unknown", findings });
  expect(text).toContain("sees us as ?[2j?2j");
  expect(text).toMatch(/^[\n -~…]*$/);
});
