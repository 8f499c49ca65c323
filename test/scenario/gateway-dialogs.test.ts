/** The token of a gateway's call lets its own dialog go on, and begins no other: overheard, copied, or years old. */
import { describe, expect, it } from "vitest";
import { write } from "../sip/build.ts";
import { header, headers, type SipText, tagOf, uriIn } from "../sip/message.ts";
import { GATEWAY, PBX, SITE_YAML, Site, STRANGER, WAN } from "../support/site.ts";

const YAML = `${SITE_YAML}inbound: upstream-first\nmax_call: 1h\n`;
const NOW_ms = 1_760_000_000_000;
const HOUR_ms = 3_600_000;
const METHODS = ["INVITE", "UPDATE", "INFO", "REFER", "MESSAGE", "ACK", "BYE"];
const right = (now_ms: number) => NOW_ms + now_ms;

function office(site: Site) {
  const pbx = site.actor("pbx", PBX, WAN).answers("INVITE", { status: 200 });
  const gateway = site.actor("gateway", GATEWAY);
  // Upstream's media server: nobody here knows its address.
  const server = site.actor("server", STRANGER, WAN);
  for (const method of METHODS) gateway.answers(method, { status: 200 });
  site.run(100);
  return { site, pbx, gateway, server };
}

/** A call from the PSTN that upstream has answered, and its INVITE as upstream has seen it. */
function called(clock: ((now_ms: number) => number) | "none" = right) {
  const all = office(new Site(YAML, {}, clock === "none" ? undefined : clock));
  all.gateway.invite("sip:5550100@10.222.237.1");
  all.site.run(500);
  return { ...all, invite: all.pbx.seen("INVITE") };
}

/** A request of upstream's side of this dialog, from an address that we don't know, with these tags if they are given. */
function ask(
  { site, gateway, server }: ReturnType<typeof office>,
  invite: SipText,
  method: string,
  tags: { from?: string; to?: string } = {},
) {
  const before = gateway.requests(method).length;
  const { from = "pbx-tag", to = tagOf(header(invite, "from")) } = tags;
  const id = `z9hG4bK${Math.round(site.simulation.now_ms)}${method}`;
  const lines = [
    `Via: SIP/2.0/UDP 192.0.2.66:5060;branch=${id};rport`,
    "Max-Forwards: 70",
    ...headers(invite, "record-route").map((route) => `Route: ${route}`),
    `From: <sip:5550100@10.222.237.1>;tag=${from}`,
    `To: <sip:gateway@pbx.example.com>;tag=${to}`,
    `Call-ID: ${header(invite, "call-id")}`,
    `CSeq: 7 ${method}`,
    "Contact: <sip:x@192.0.2.66>",
  ];
  server.send(write(`${method} ${uriIn(header(invite, "contact"))} SIP/2.0`, lines));
  site.run(500);
  return gateway.requests(method).length > before;
}

const passing = (all: ReturnType<typeof called>, tags = {}) =>
  METHODS.filter((method) => ask(all, all.invite, method, tags));

describe("the token of a gateway's call", () => {
  it("lets everything pass that has the caller's tag, as From or as To", () => {
    expect(passing(called())).toEqual(METHODS);
    const reversed = called();
    const gateway = tagOf(header(reversed.invite, "from"));
    expect(passing(reversed, { from: gateway, to: "pbx-tag" })).toEqual(METHODS);
  });

  it("with tags of another dialog lets only ACK and BYE pass: the bill must be stoppable", () => {
    expect(passing(called(), { from: "mine", to: "made-up" })).toEqual(["ACK", "BYE"]);
  });

  it.each([
    ["unknown to us, since we have been started anew", true],
    ["known to us until max_call", false],
  ])("after max_call begins no call with an INVITE; all else passes: %s", (_, isRestarted) => {
    const first = called();
    if (!isRestarted) first.site.run(HOUR_ms + 1_000);
    const all = isRestarted
      ? { ...office(new Site(YAML, { seed: 2 }, (now_ms) => right(now_ms) + HOUR_ms + 10_000)), invite: first.invite }
      : first;
    expect(passing(all)).toEqual(METHODS.filter((method) => method !== "INVITE"));
  });

  it("until then it does, whatever we have forgotten", () => {
    const { invite } = called();
    const all = office(new Site(YAML, { seed: 2 }, (now_ms) => right(now_ms) + HOUR_ms - 60_000));
    expect(passing({ ...all, invite })).toEqual(METHODS);
  });

  it("a call that its session timer keeps alive is known here, and goes on for longer", () => {
    const all = called();
    const refresh = () => {
      all.site.run(HOUR_ms / 2);
      return ask(all, all.invite, "INVITE");
    };
    expect([refresh(), refresh(), refresh()]).toEqual([true, true, true]);
  });

  it.each([
    ["was set forward by years", (now_ms: number) => (now_ms < 10_000 ? now_ms : NOW_ms + now_ms), false],
    ["was set back by years", (now_ms: number) => (now_ms < 10_000 ? NOW_ms + now_ms : now_ms), false],
    ["was set back before a restart", () => 5_000, true],
    ["has never been set", (now_ms: number) => now_ms, false],
  ])("a clock that %s ends no call", (_, clock, isRestarted) => {
    const first = called(isRestarted ? right : clock);
    first.site.run(20_000);
    const all = isRestarted ? { ...office(new Site(YAML, { seed: 2 }, clock)), invite: first.invite } : first;
    expect(passing(all)).toEqual(METHODS);
  });

  it("of a version that wrote no time lets the call go on as long as it is known here, and lets it end in any case", () => {
    const { invite } = called("none");
    expect(header(invite, "record-route")).toMatch(/sip:g~mac\w+@/);
    const upgraded = office(new Site(YAML, { seed: 2 }, right));
    expect(passing({ ...upgraded, invite })).toEqual(METHODS.filter((method) => method !== "INVITE"));
    expect(passing(called("none"))).toEqual(METHODS);
  });

  it("can't be made younger, nor another caller's", () => {
    const all = called();
    const [route = ""] = headers(all.invite, "record-route");
    const [, time = "", tag = ""] = /g~(\w+)~(\w+)~/.exec(route) ?? [];
    for (const forged of [
      route.replace(time, "zzzzzz"),
      route.replace(tag, "000000"),
      route.replace(`~${time}~${tag}`, ""),
    ]) {
      const invite = { ...all.invite, headers: new Map([...all.invite.headers, ["record-route", [forged]]]) };
      expect(METHODS.filter((method) => ask(all, invite, method))).toEqual([]);
    }
  });
});
