/** `branchline calls`: one entry a call, however many INVITEs it takes, and how long it lasted. */
import { describe, expect, it } from "vitest";
import { type CallsQuestion, callsPage } from "../../src/app/recorded-calls.ts";
import { callText, endText, wayText } from "../../src/app/words/calls-words.ts";
import { withoutInk } from "../../src/base/ink.ts";
import { GATEWAY, PBX, PHONE, PHONE_2, SITE_YAML, Site, WAN } from "../support/site.ts";

const DOMAIN = "sip:pbx.example.com";

function office(more = "") {
  const site = new Site(SITE_YAML + more);
  const pbx = site.actor("pbx", PBX, WAN).answers("INVITE", { status: 200, after_ms: 90 });
  const gateway = site.actor("gateway", GATEWAY).answers("INVITE", { status: 200, after_ms: 190 });
  const phone = site.actor("201", PHONE).answers("INVITE", { status: 200, after_ms: 90 });
  const other = site.actor("202", PHONE_2).answers("INVITE", { status: 200, after_ms: 90 });
  site.run(1_000);
  return { site, pbx, gateway, phone, other };
}

function page(site: Site, question: CallsQuestion = {}) {
  return callsPage(site.callLog, question, ({ at_ms }) => `at ${at_ms}`, site.simulation.now_ms);
}

const words = (site: Site) => page(site).calls.map((call) => withoutInk(`${wayText(call)}: ${endText(call)}`));

/** Silent upstream: the first call is redirected, and the phone has its 302. */
function redirected(more = "") {
  const all = office(`survival: {notice_hold: 0s}\n${more}`);
  all.site.simulation.silence(PBX);
  const invite = all.phone.invite("sip:5551234@pbx.example.com");
  all.site.run(4_100);
  expect(all.phone.responses(302)).toHaveLength(1);
  return { ...all, callId: invite.headers.get("call-id")?.[0] ?? "" };
}

describe("a rescued call is one entry", () => {
  it("a phone that follows our 302 with the same Call-ID", () => {
    const { site, phone, callId } = redirected();
    phone.request("INVITE", "sip:5551234@10.10.1.3", [], callId, 2);
    site.run(500);
    expect(words(site)).toEqual([
      "upstream 198.51.100.10 (no answer for 4 s) > 302 > gateway 10.10.1.3: 200 after 4.3 s, up for 295 ms",
    ]);
    const [call] = page(site).calls;
    expect(call).toMatchObject({
      call_id: callId,
      from: "201@pbx.example.com",
      to: "5551234",
      state: "up",
      status: 200,
    });
    expect(call?.legs.map(({ rule, status }) => `${rule} ${status}`)).toEqual(["call 302", "to-gateway 200"]);
  });

  it("one that follows it with a Call-ID of its own, to the number that the gateway's rules make of it", () => {
    const rules = 'rewrite: {called: [{match: "^(\\\\d+)$", replace: "+49$1"}]}';
    const gateways = `gateways: [{uri: "sip:10.10.1.3", ${rules}}]`;
    const yaml = SITE_YAML.replace(/gateways: .*/, gateways);
    const site = new Site(`${yaml}survival: {notice_hold: 0s}\n`);
    site.actor("gateway", GATEWAY).answers("INVITE", { status: 486 });
    const phone = site.actor("201", PHONE);
    site.simulation.silence(PBX);
    site.run(30_000);
    phone.invite("sip:5551234@pbx.example.com");
    site.run(100);
    phone.invite("sip:+495551234@10.10.1.3");
    site.run(500);
    expect(words(site)).toEqual([expect.stringMatching(/^302 > gateway 10\.10\.1\.3: 486 after 1\d\d ms$/)]);
  });

  it("two redirected calls of one phone find each its own", () => {
    const { site, phone } = redirected();
    phone.invite("sip:5559999@pbx.example.com");
    site.run(4_100);
    phone.invite("sip:5559999@10.10.1.3");
    phone.invite("sip:5551234@10.10.1.3");
    site.run(500);
    expect(page(site).calls.map(({ to, legs }) => [to, ...legs.map((leg) => leg.to)])).toEqual([
      ["5559999", "5559999", "5559999"],
      ["5551234", "5551234", "5551234"],
    ]);
  });

  it("a redirect that nobody follows, and a call to the gateway that follows none", () => {
    const { site, phone } = redirected();
    phone.invite("sip:5550000@10.10.1.3");
    site.run(500);
    expect(words(site)).toEqual([
      "gateway 10.10.1.3: 200 after 200 ms, up for 295 ms",
      "upstream 198.51.100.10 (no answer for 4 s) > redirect to gateway 10.10.1.3: 302 after 4 s, not followed",
    ]);
  });

  it("a phone that comes back ten seconds too late has begun another call", () => {
    const { site, phone } = redirected();
    site.run(11_000);
    phone.invite("sip:5551234@10.10.1.3");
    site.run(500);
    expect(words(site)).toHaveLength(2);
  });
});

describe("an inside call is one entry", () => {
  /** Both phones are registered; what upstream does with a call to 202 is up to the test. */
  function inside() {
    const all = office();
    const { site, pbx, phone, other } = all;
    pbx.answers("REGISTER", { status: 200 });
    for (const one of [phone, other]) one.request("REGISTER", DOMAIN);
    site.run(100);
    const path = pbx.seen("REGISTER", 1).headers.get("path")?.[0] ?? "";
    return { ...all, path };
  }

  it.each([
    ["a proxy, which keeps the Call-ID", (callId: string) => callId],
    ["a B2BUA, which makes one of its own", () => "other-half"],
  ])("through %s", (_, idOf) => {
    const { site, pbx, phone, path } = inside();
    pbx.answers("INVITE", { status: 180, after_ms: 50 }, { status: 200, after_ms: 400 });
    const callId = phone.invite("sip:202@pbx.example.com").headers.get("call-id")?.[0] ?? "";
    site.run(100);
    const half = pbx.as("201");
    half.request("INVITE", "sip:202@10.222.237.22:5060", [`Route: ${path}`], idOf(callId));
    site.run(1_000);
    expect(words(site)).toEqual(["upstream 198.51.100.10 > phone at 10.222.237.22: 200 after 410 ms, up for 685 ms"]);
  });

  it("another caller's call from upstream at the same moment is another one", () => {
    const { site, pbx, phone, path } = inside();
    pbx.answers("INVITE", { status: 200, after_ms: 400 });
    phone.invite("sip:202@pbx.example.com");
    site.run(100);
    pbx.as("0301234").request("INVITE", "sip:202@10.222.237.22:5060", [`Route: ${path}`]);
    site.run(1_000);
    expect(page(site).calls.map(({ from }) => from)).toEqual(["0301234@pbx.example.com", "201@pbx.example.com"]);
  });

  it("upstream that rings two phones with one Call-ID: the one that answers counts", () => {
    const { site, pbx, phone, other, path } = inside();
    phone.answers("INVITE", { status: 486, after_ms: 10 });
    other.answers("INVITE", { status: 200, after_ms: 200 });
    const route = (index: number) => [`Route: ${pbx.seen("REGISTER", index).headers.get("path")?.[0] ?? path}`];
    pbx.request("INVITE", "sip:201@10.222.237.21:5060", route(0), "fork");
    pbx.request("INVITE", "sip:202@10.222.237.22:5060", route(1), "fork");
    site.run(500);
    const [call] = page(site).calls;
    expect(call).toMatchObject({ status: 200, state: "up" });
    expect(call?.legs).toHaveLength(2);
  });
});

describe("how long a call lasted", () => {
  it("from the answer to the BYE of either side", () => {
    for (const isByCaller of [true, false]) {
      const { site, phone, pbx } = office();
      phone.invite("sip:5551234@pbx.example.com");
      site.run(10_000);
      if (isByCaller) phone.inDialog("BYE", phone.got(200, "INVITE"), 2);
      else pbx.inDialogAsCallee("BYE", pbx.seen("INVITE"), 2);
      site.run(10_000);
      const [call] = page(site).calls;
      expect(call?.state).toBe("ended");
      expect(Math.round((call?.lasted_ms ?? 0) / 100)).toBe(99);
      expect(words(site)[0]).toMatch(/: 200 after 100 ms, lasted 9\.9 s$/);
    }
  });

  it("a BYE with the tags of another dialog ends nothing", () => {
    const { site, phone } = office();
    const invite = phone.invite("sip:5551234@pbx.example.com");
    site.run(500);
    const callId = invite.headers.get("call-id")?.[0] ?? "";
    site.callLog.hangUp({ callId, fromTag: "forged", toTag: "pbx-tag" }, site.simulation.now_ms);
    expect(page(site).calls[0]?.state).toBe("up");
  });

  it("a call that makes room for an emergency call has ended", () => {
    const more = "emergency: {numbers: [112], preempt: true}\n";
    const yaml = SITE_YAML.replace(/gateways: .*/, 'gateways: [{uri: "sip:10.10.1.3", channels: 1}]');
    const site = new Site(yaml + more);
    site.actor("gateway", GATEWAY).answers("INVITE", { status: 200 });
    const phone = site.actor("201", PHONE);
    site.run(1_000);
    phone.invite("sip:5551234@10.10.1.3");
    site.run(5_000);
    phone.invite("sip:112@pbx.example.com");
    site.run(5_000);
    expect(page(site).calls.map(({ to, state }) => `${to} ${state}`)).toEqual(["112 up", "5551234 ended"]);
  });

  it("a call without a BYE isn't said to be up for ever", () => {
    const { site, phone } = office();
    phone.invite("sip:5551234@pbx.example.com");
    site.run(25 * 3_600_000);
    expect(words(site)[0]).toMatch(/200 after 100 ms, its end was not seen$/);
  });

  it("a call that nobody has answered yet, one that is refused, and one that is challenged first", () => {
    const { site, phone, pbx } = office();
    pbx.answers("INVITE", { status: 180 });
    phone.invite("sip:1@pbx.example.com");
    site.run(100);
    expect(words(site)).toEqual(["upstream 198.51.100.10: no final response yet"]);
    pbx.answers("INVITE", { status: 407 });
    phone.request("INVITE", "sip:2@pbx.example.com", [], "auth", 1);
    site.run(100);
    pbx.answers("INVITE", { status: 486 });
    phone.request("INVITE", "sip:2@pbx.example.com", ["Proxy-Authorization: Digest x"], "auth", 2);
    site.run(100);
    expect(words(site)[0]).toBe("upstream 198.51.100.10 > 407 > upstream 198.51.100.10: 486 after 110 ms");
  });
});

it("a call that we answer ourselves says so once", () => {
  const { site, phone, gateway } = office();
  phone.invite("sip:10.222.237.1");
  site.run(100);
  gateway.answers("INVITE", { status: 503 });
  phone.invite("sip:5551234@10.10.1.3");
  site.run(100);
  expect(words(site)).toEqual([
    expect.stringMatching(/^gateway 10\.10\.1\.3 \(503 .*\): 480 after \d+ ms$/),
    "answered here: 404 after 0 ms",
  ]);
});

describe("what is asked for", () => {
  it.each([
    ["201", ["5551234", "202"]],
    ["201@pbx.example.com", ["5551234", "202"]],
    ["202", ["202"]],
    ["0305551234", []],
    ["5551234", ["5551234"]],
    ["51234", ["5551234"]],
    ["1234", []],
    ["201-1", ["5551234"]],
    ["198.51.100.10", ["5551234", "202"]],
    ["", []],
  ])("calls of %j", (match, expected) => {
    const { site, phone } = office();
    phone.invite("sip:5551234@pbx.example.com");
    site.run(100);
    phone.invite("sip:202@pbx.example.com");
    site.run(500);
    const found = page(site, { match }).calls.map(({ to }) => to);
    expect([...found].sort()).toEqual([...expected].sort());
  });

  it("a call is found by its Call-ID, and by the beginning of it", () => {
    const { site, phone } = office();
    phone.request("INVITE", "sip:5551234@pbx.example.com", [], "db2c55aa-1@10.222.237.21");
    phone.request("INVITE", "sip:5559999@pbx.example.com", [], "db2c66aa-1@10.222.237.21");
    site.run(100);
    const found = (match: string) => page(site, { match }).calls.map(({ to }) => to);
    expect(found("db2c55aa-1@10.222.237.21")).toEqual(["5551234"]);
    expect(found("db2c55")).toEqual(["5551234"]);
    expect(found("db2c5")).toEqual([]);
  });

  it("the newest comes first; pieces join to the whole", () => {
    const { site, phone } = office();
    for (let call = 0; call < 250; call++) {
      phone.invite(`sip:${"9".repeat(120)}${1_000 + call}@pbx.example.com`);
      site.run(10);
    }
    const found: string[] = [];
    let pieces = 0;
    for (let next: number | undefined = Number.MAX_SAFE_INTEGER; next !== undefined; pieces++) {
      const piece = page(site, { before: next });
      expect(JSON.stringify(piece).length).toBeLessThan(100_000);
      found.push(...piece.calls.map(({ id }) => `${id}`));
      next = piece.next;
    }
    expect(pieces).toBeGreaterThan(1);
    expect(found).toEqual(Array.from({ length: 200 }, (_, index) => `${250 - index}`));
  });

  it("a piece of what has changed says whether there is more, and what to ask for it with", () => {
    const { site, phone } = office();
    for (let call = 1; call <= 200; call++) phone.invite(`sip:${call}@pbx.example.com`);
    site.run(500);
    const found: string[] = [];
    let pieces = 0;
    for (let next: number | undefined = 0; next !== undefined; pieces++) {
      const piece = page(site, { since: next });
      expect(piece.changes).toBe(piece.next ?? page(site).changes);
      found.push(...piece.calls.map(({ to }) => to));
      next = piece.next;
    }
    expect(pieces).toBeGreaterThan(1);
    expect(found).toEqual(Array.from({ length: 200 }, (_, index) => `${index + 1}`));
  });

  it("what has changed since is told in the order of the changes", () => {
    const { site, phone } = office();
    phone.invite("sip:1@pbx.example.com");
    phone.invite("sip:2@pbx.example.com");
    site.run(500);
    const { changes } = page(site);
    phone.invite("sip:3@pbx.example.com");
    site.run(500);
    phone.inDialog("BYE", phone.got(200, "INVITE"), 2);
    site.run(500);
    const later = page(site, { since: changes });
    expect(later.calls.map(({ to, state }) => `${to} ${state}`)).toEqual(["3 up", "1 ended"]);
    expect(page(site, { since: later.changes }).calls).toEqual([]);
  });
});

it("a caller that hangs up before an answer is told as that, once", () => {
  const leg = {
    call_id: "a",
    from: "201@pbx",
    to: "202",
    rule: "call",
    why: "",
    after_ms: 0,
    status: 487,
    took_ms: 3_500,
  };
  const step = { after_ms: 0, result: null, answer: null, unasked: null };
  const legs = [
    { ...leg, origin: "localnet" as const, steps: [{ ...step, what: "upstream pbx" }] },
    { ...leg, origin: "upstream" as const, steps: [{ ...step, what: "phone at 10.50.0.22" }] },
  ];
  const call = {
    id: 1,
    ...leg,
    at: "",
    origin: "localnet" as const,
    state: "failed" as const,
    after_ms: 3_500,
    lasted_ms: null,
    legs,
  };
  expect(withoutInk(`${wayText(call)}: ${endText(call)}`)).toBe(
    "upstream pbx > phone at 10.50.0.22: 487 after 3.5 s, cancelled by the caller",
  );
});

it("a call in words has what to look for with a trace", () => {
  const { site, phone, callId } = redirected();
  phone.request("INVITE", "sip:5551234@10.10.1.3", [], callId, 2);
  site.run(500);
  const [call] = page(site).calls;
  const reader = { width: 80, local: (iso: string) => ({ date: "2026-11-29", time: iso.slice(3), zone: "" }) };
  expect(withoutInk(call === undefined ? "" : callText(call, reader)).split("\n")).toEqual([
    "2026-11-29 1005  201@pbx.example.com to 5551234",
    "  upstream 198.51.100.10 (no answer for 4 s) > 302 > gateway 10.10.1.3: 200",
    "    after 4.3 s, up for 295 ms",
    "  rule call: to 198.51.100.10; to-gateway: the Request-URI names gateway",
    "    10.10.1.3",
    `  Call-ID ${callId}`,
    "",
  ]);
});

it("a PBX that rings fifty phones for one call takes no more room than a dozen, and the one that answers is kept", () => {
  const { site, pbx } = office();
  for (let phone = 0; phone < 50; phone++) {
    const at = { address: `10.222.237.${100 + phone}`, port: 5060 };
    site.actor(`p${phone}`, at).answers("INVITE", { status: phone === 49 ? 200 : 486, after_ms: 100 });
    pbx.request("INVITE", `sip:p@${at.address}`, [], "fork");
  }
  site.run(1_000);
  const [call, ...rest] = page(site).calls;
  expect(rest).toEqual([]);
  expect(call?.legs).toHaveLength(12);
  expect(call).toMatchObject({ status: 200, state: "up" });
});
