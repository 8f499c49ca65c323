/** A call that is up outlives cuts, slow upstreams and our own restart; what ends it reaches the other side (RFC 3261 §12.2.1.2, RFC 4028 §10). */
import { describe, expect, it } from "vitest";
import { header, statusOf } from "../sip/message.ts";
import type { Actor } from "../support/actor.ts";
import type { Address } from "../support/simulation.ts";
import { PBX, PHONE, SITE_YAML, Site, WAN } from "../support/site.ts";

const NUMBER = "sip:5551234@pbx.example.com";
const SPARE: Address = { address: "198.51.100.11", port: 5060 };
const ALL = ["INVITE", "UPDATE", "INFO", "REFER", "NOTIFY", "SUBSCRIBE", "PRACK", "MESSAGE", "OPTIONS"];
const TCP: Address = { ...PBX, protocol: "tcp" };

interface Kind {
  readonly yaml: string;
  readonly pbxAt: Address;
  /** The phone is the callee. */
  readonly isCalled: boolean;
  readonly isRestarted: boolean;
  readonly isTcpPhone: boolean;
}

const PLAIN: Kind = { yaml: SITE_YAML, pbxAt: PBX, isCalled: false, isRestarted: false, isTcpPhone: false };
const KINDS: readonly (readonly [string, Partial<Kind>])[] = [
  ["the phone has called", {}],
  ["the phone was called", { isCalled: true }],
  ["we were started anew", { isRestarted: true }],
  ["the phone was called, and we were started anew", { isCalled: true, isRestarted: true }],
  [
    "by TCP to upstream",
    {
      yaml: SITE_YAML.replace("203.0.113.2:5060]", "203.0.113.2:5060, tcp:203.0.113.2:5060]").replace(
        "sip:198.51.100.10",
        "sip:198.51.100.10;transport=tcp",
      ),
      pbxAt: TCP,
    },
  ],
  ["a phone by TCP", { yaml: SITE_YAML.replace("listen: [", "listen: [tcp:10.222.237.1:5060, "), isTcpPhone: true }],
  [
    "of two upstreams",
    { yaml: SITE_YAML.replace("upstream: sip:198.51.100.10", "upstream: [sip:198.51.100.10, sip:198.51.100.11]") },
  ],
  ["upstream by its name", { yaml: SITE_YAML.replace("sip:198.51.100.10", "sip:pbx.example.com") }],
  ["a file without upstream", { yaml: SITE_YAML.replace(/upstream:.*\n/, "") }],
];

function setUp({ yaml, pbxAt, isTcpPhone }: Kind, seed: number) {
  const site = new Site(yaml, { seed });
  site.names.set("pbx.example.com", [PBX]);
  const phone = site.actor("201", isTcpPhone ? { ...PHONE, protocol: "tcp" } : PHONE);
  if (isTcpPhone) phone.connects(40_123);
  const pbx = site.actor("pbx", pbxAt, WAN).answers("REGISTER", { status: 200, extra: ["Expires: 300"] });
  site.actor("spare", SPARE, WAN);
  pbx.answers("INVITE", { status: 200 });
  phone.answers("INVITE", { status: 200 });
  phone.request("REGISTER", "sip:pbx.example.com", ["Expires: 300"]);
  site.run(300);
  return { site, phone, pbx };
}

/** A call that is up, and what sends a request of the phone's within it. */
function call(given: Partial<Kind>) {
  const kind = { ...PLAIN, ...given };
  let all = setUp(kind, 1);
  if (kind.isCalled) all.pbx.invite(all.phone.contactUri, [`Route: ${header(all.pbx.seen("REGISTER"), "path")}`]);
  else all.phone.invite(NUMBER);
  all.site.run(500);
  const opened = kind.isCalled ? all.phone.seen("INVITE") : all.phone.got(200, "INVITE");
  if (kind.isRestarted) all = setUp(kind, 2);
  const { site, phone, pbx } = all;
  for (const actor of [phone, pbx]) actor.received.length = 0;
  const ask = (method: string, cseq: number) =>
    kind.isCalled ? phone.inDialogAsCallee(method, opened, cseq) : phone.inDialog(method, opened, cseq);
  const cut = (isCut: boolean) => {
    // Streams lose nothing: their connections end.
    if (kind.pbxAt.protocol !== "tcp") site.simulation.silence(kind.pbxAt, isCut);
    else if (isCut) site.simulation.detach(kind.pbxAt);
    else site.simulation.attach(kind.pbxAt, pbx);
  };
  return { site, phone, pbx, ask, cut };
}

const statuses = (actor: Actor, method: string) =>
  actor.received
    .map(({ message }) => message)
    .filter((message) => statusOf(message) >= 200 && header(message, "cseq").endsWith(` ${method}`))
    .map(statusOf);

describe.each(KINDS)("%s", (_, kind) => {
  it.each(ALL)("%s, upstream is slow (4.5 s, 20 s): its answer passes", (method) => {
    for (const after_ms of [4_500, 20_000]) {
      const { site, phone, pbx, ask } = call(kind);
      pbx.answers(method, { status: 200, after_ms });
      ask(method, 20);
      site.run(after_ms + 1_000);
      expect(statuses(phone, method)).toEqual([200]);
    }
  });

  it.each(ALL)("%s, a cut of 8 s: survived, whether it came before or not", (method) => {
    for (const before_ms of [0, 2_000]) {
      const { site, phone, pbx, ask, cut } = call(kind);
      pbx.answers(method, { status: 200 });
      cut(true);
      site.run(before_ms);
      ask(method, 20);
      site.run(8_000);
      cut(false);
      site.run(12_000);
      expect(statuses(phone, method)).toEqual([200]);
    }
  });

  it.each(ALL)("%s, upstream is dead: 500 with Retry-After, never 408, 480, 481 or 503", (method) => {
    const { site, phone, ask, cut } = call(kind);
    cut(true);
    ask(method, 20);
    site.run(31_000);
    expect(statuses(phone, method)).toEqual([500]);
    expect(header(phone.got(500, method), "retry-after")).not.toBe("");
    site.run(60_000);
    ask(method, 21);
    site.run(4_100);
    expect(statuses(phone, method)).toEqual([500, 500]);
  });

  it("BYE, upstream is dead: 481 early, and it is sent on: a cut of 15 s leaves no call up there", () => {
    const { site, phone, pbx, ask, cut } = call(kind);
    cut(true);
    site.run(60_000);
    ask("BYE", 20);
    site.run(6_000);
    expect(statuses(phone, "BYE")).toEqual([481]);
    cut(false);
    site.run(30_000);
    expect(pbx.requests("BYE")).toHaveLength(1);
    expect(statuses(phone, "BYE")).toEqual([481]);
  });
});

describe.each([
  ["there is no route", false],
  ["upstream refuses (ICMP)", true],
])("%s for 8 s", (_, isRefused) => {
  const lose = (site: Site, pbx: Actor) => {
    const { routes } = site;
    if (isRefused) site.simulation.detach(PBX);
    else site.routes = (address) => (address === PBX.address ? undefined : routes(address));
    return () => {
      site.routes = routes;
      site.simulation.attach(PBX, pbx);
    };
  };

  it.each(ALL)("%s: answered once it is back", (method) => {
    const { site, phone, pbx, ask } = call({});
    pbx.answers(method, { status: 200 });
    const restore = lose(site, pbx);
    ask(method, 20);
    site.run(8_000);
    expect(statuses(phone, method)).toEqual([]);
    restore();
    site.run(12_000);
    expect(statuses(phone, method)).toEqual([200]);
  });

  it("BYE: 481 soon, and upstream gets it once it is back", () => {
    for (const before_ms of [0, 40_000]) {
      const { site, phone, pbx, ask } = call({});
      const restore = lose(site, pbx);
      site.run(before_ms);
      ask("BYE", 20);
      site.run(8_000);
      expect(statuses(phone, "BYE")).toEqual([481]);
      restore();
      site.run(12_000);
      expect(pbx.requests("BYE")).toHaveLength(1);
      expect(statuses(phone, "BYE")).toEqual([481]);
    }
  });
});

describe("a re-INVITE whose 2xx comes after our 500", () => {
  it.each(KINDS)("goes to the caller each time it comes, and nobody hangs up: %s", (_, kind) => {
    const { site, phone, pbx, ask, cut } = call(kind);
    cut(true);
    site.run(60_000);
    cut(false);
    pbx.answers("INVITE", { status: 200, after_ms: 6_000 });
    ask("INVITE", 20);
    site.run(20_000);
    expect(statuses(phone, "INVITE").filter((status) => status === 500).length).toBeLessThan(2);
    expect(statuses(phone, "INVITE")).toContain(200);
    expect(pbx.requests("ACK").length).toBeGreaterThan(0);
    expect([...pbx.requests("BYE"), ...phone.requests("BYE")]).toEqual([]);
  });
});

describe("what an administrator forces", () => {
  it.each(["down", "up"] as const)("%s: within a call nothing changes", (pin) => {
    for (const method of [...ALL, "BYE"]) {
      const { site, phone, pbx, ask } = call({});
      pbx.answers(method, { status: 200, after_ms: 1_000 });
      site.peers.force(pin, site.simulation.now_ms);
      ask(method, 20);
      site.run(3_000);
      expect([method, ...statuses(phone, method)]).toEqual([method, 200]);
    }
  });
});

describe("BYE that belongs to nothing", () => {
  it("in an outage: 481, as upstream would say", () => {
    const { site, phone, cut } = call({});
    cut(true);
    site.run(60_000);
    phone.request("BYE", NUMBER);
    site.run(1_000);
    expect(statuses(phone, "BYE")).toEqual([481]);
  });
});
