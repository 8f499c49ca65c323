/** doctor on upstream and gateways: names, addresses, lengths, and what the Via that comes back tells of the way. */
import { describe, expect, test } from "vitest";
import type { PeerFact } from "../../src/setup/doctor/facts.ts";
import { supportPath } from "../../src/setup/doctor/peers.ts";
import { answer, configOf, GATEWAY, healthy, peer, told, UPSTREAM, WAN, YAML } from "./healthy.ts";

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

  test("with registration: contact no Path is needed; without a branchline that runs it is skipped", () => {
    expect(told("support-path", {}, `${YAML}\nregistration: contact\n`)).toMatch(/^ok .*needs no Path/);
    expect(told("support-path", { status: undefined })).toBe("skipped seen only while branchline runs");
  });
});

test("doctor: outbound-proxy names what phones have, with the cure; it is skipped where the branchline that runs is older", () => {
  const base = { phones: { addresses: 1, contacts: 1 }, dropped: {} };
  const seen = (more: object) => told("outbound-proxy", { status: { ...base, ...more } as never });
  expect(seen({})).toMatch(/^skipped /);
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
      /^skipped/,
    );
    expect(upstreamOnly({ lengths: [] })).toMatch(/^skipped/);
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

  test("upstream sees the address from which it was asked, or doesn't say", () => {
    expect(told("path")).toBe(`ok upstream sees our own address (${WAN}; no NAT or ALG in between)`);
    expect(seen(WAN, `${WAN}:40000;branch=z9hG4bKx`)).toMatch(/^ok .*no NAT or ALG in between/);
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
    expect(told("path", { peers: [] })).toMatch(/^skipped/);
  });

  test("upstream is reached over TCP or TLS alone: nothing can be told, which isn't for want of an answer", () => {
    const over = (protocol: "tcp" | "udp") =>
      peer({ to: { address: "198.51.100.10", port: 5060, protocol }, answer: "" });
    expect(told("path", { peers: [over("tcp")] })).toBe(
      "skipped upstream is reached over TCP alone, and what rewrites SIP on the way is looked for over UDP",
    );
    expect(told("path", { peers: [over("tcp"), over("udp")] })).toMatch(/^skipped upstream hasn't answered over UDP/);
  });
});
