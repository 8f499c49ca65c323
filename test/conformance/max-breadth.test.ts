/** RFC 5393 §5: Max-Breadth limits how many copies of one request can be on their way at the same time. */
import { describe, expect, it } from "vitest";
import { breadthOf, shareOf } from "../../src/proxy/max-breadth.ts";
import { headers, methodOf, readSip, type SipText } from "../sip/message.ts";
import { request } from "../support/messages.ts";
import { GATEWAY, LAN, PBX, PHONE, PHONE_2, PHONE_3, SITE_YAML, Site, WAN } from "../support/site.ts";

const NUMBER = "sip:5551234@pbx.example.com";

function cast(yaml = SITE_YAML) {
  const site = new Site(yaml);
  const phones = [PHONE, PHONE_2, PHONE_3].map((at, index) => site.actor(`phone${index + 1}`, at));
  const pbx = site.actor("pbx", PBX, WAN);
  const gateway = site.actor("gateway", GATEWAY, LAN);
  site.run(100);
  return { site, phones, pbx, gateway };
}

const breadthIn = (message: SipText) => headers(message, "max-breadth");

describe("RFC 5393 §5.3.3: what a request may be forked into", () => {
  it.each([
    ["without the field", [], 60],
    ["its own value", ["Max-Breadth: 7"], 7],
    ["the name in another case, leading zeros", ["MAX-breadth :  007"], 7],
    ["the greatest", ["Max-Breadth: 60"], 60],
    ["more than we allow", ["Max-Breadth: 61"], 60],
    ["more than any number", ["Max-Breadth: 99999999999999999999999"], 60],
    ["nothing at all", ["Max-Breadth: 0"], 0],
    ["no number", ["Max-Breadth: many"], 60],
    ["an empty one", ["Max-Breadth:"], 60],
  ])("%s", (_, lines, breadth) => {
    expect(breadthOf(request({ headers: lines }), 1)).toBe(breadth);
  });

  it("a group of more than 60 phones rings all the same, where nobody has set a limit", () => {
    expect(breadthOf(request(), 80)).toBe(80);
    expect(breadthOf(request({ headers: ["Max-Breadth: 60"] }), 80)).toBe(60);
  });

  it.each([
    [60, 1, [60]],
    [60, 3, [20, 20, 20]],
    [7, 3, [3, 2, 2]],
    [3, 3, [1, 1, 1]],
  ])("%d over %d branches", (breadth, count, shares) => {
    expect(shares.map((_, index) => shareOf(breadth, index, count))).toEqual(shares);
  });
});

describe("RFC 5393 §5.3.3: on the wire", () => {
  it.each([
    ["added with 60 where it is missing", [], ["60"]],
    ["as it came: it is no hop count", ["Max-Breadth: 5"], ["5"]],
    ["lowered to 60", ["Max-Breadth: 1000"], ["60"]],
    ["once, however often it came", ["Max-Breadth: 4", "Max-Breadth: 9"], ["4"]],
  ])("%s", (_, lines, seen) => {
    const { site, phones, pbx } = cast();
    phones[0]?.invite(NUMBER, lines);
    site.run(100);
    expect(breadthIn(pbx.seen("INVITE"))).toEqual(seen);
  });

  it.each(["MESSAGE", "REGISTER", "SUBSCRIBE"])("%s has it too", (method) => {
    const { site, phones, pbx } = cast();
    phones[0]?.request(method, "sip:phone1@pbx.example.com");
    site.run(100);
    expect(breadthIn(pbx.seen(method))).toEqual(["60"]);
  });

  it("an ACK that is forwarded without a transaction has it too, our own ACK and CANCEL need none", () => {
    const { site, phones, pbx } = cast();
    pbx.answers("INVITE", { status: 200 });
    phones[0]?.invite(NUMBER);
    site.run(100);
    expect(breadthIn(pbx.seen("ACK"))).toEqual(["60"]);
    pbx.answers("INVITE", { status: 180 });
    const ringing = phones[1]?.invite(NUMBER);
    site.run(100);
    if (ringing !== undefined) phones[1]?.cancel(ringing);
    site.run(100);
    expect(breadthIn(pbx.seen("CANCEL"))).toEqual([]);
    expect(breadthIn(pbx.seen("ACK", 1))).toEqual([]);
  });
});

describe("RFC 5393 §5.3.3: a parallel fork", () => {
  it.each([
    [[], ["20", "20", "20"]],
    [["Max-Breadth: 7"], ["3", "2", "2"]],
    [["Max-Breadth: 3"], ["1", "1", "1"]],
  ])("divides it: %j", (lines, seen) => {
    const { site, phones, gateway } = cast();
    gateway.invite("sip:5550200@10.222.237.1", lines);
    site.run(100);
    expect(phones.flatMap((phone) => breadthIn(phone.seen("INVITE")))).toEqual(seen);
  });

  it.each(["2", "1", "0"])("Max-Breadth %s isn't enough for three phones: 440, and nobody rings", (breadth) => {
    const { site, phones, gateway } = cast();
    gateway.invite("sip:5550200@10.222.237.1", [`Max-Breadth: ${breadth}`]);
    site.run(100);
    expect(gateway.got(440).startLine).toBe("SIP/2.0 440 Max-Breadth Exceeded");
    expect(phones.flatMap((phone) => phone.requests("INVITE"))).toEqual([]);
    site.run(57_000); // between two probes
    expect(site.core.transactions.size).toBe(0);
  });

  it("Max-Breadth 0 goes nowhere, not even to one", () => {
    const { site, phones, pbx } = cast();
    phones[0]?.invite(NUMBER, ["Max-Breadth: 0"]);
    site.run(100);
    expect(phones[0]?.responses(440)).toHaveLength(1);
    expect(pbx.requests("INVITE")).toEqual([]);
  });
});

describe("RFC 5393 §5.3.3: a serial fork", () => {
  it("doesn't divide it: each phone in turn gets all", () => {
    const { site, phones, gateway } = cast(`${SITE_YAML.trimEnd().slice(0, -2)}, strategy: serial, ring: 5s}}\n`);
    gateway.invite("sip:5550200@10.222.237.1", ["Max-Breadth: 1"]);
    for (const phone of phones) phone.answers("INVITE", { status: 180 });
    site.run(20_000);
    expect(phones.map((phone) => breadthIn(phone.seen("INVITE")))).toEqual([["1"], ["1"], ["1"]]);
  });

  it("survival: the gateway gets what upstream had", () => {
    const { site, phones, gateway } = cast(`${SITE_YAML}survival: {answer: relay}\n`);
    site.simulation.silence(PBX);
    phones[0]?.invite(NUMBER, ["Max-Breadth: 2"]);
    site.run(6_000);
    expect(breadthIn(gateway.seen("INVITE"))).toEqual(["2"]);
  });
});

describe("RFC 5393 §3: the amplification attack", () => {
  /** Two numbers that each fork to both again, as often as they come. */
  it.each([
    ["two targets each time", 2],
    ["eight", 8],
  ])("a request that each hop forks into %s has at most 60 branches at a time", (_, width) => {
    let breadths = [60];
    let widest = 0;
    for (let hop = 0; hop < 70; hop++) {
      breadths = breadths.flatMap((breadth) =>
        breadth < width ? [] : Array.from({ length: width }, (_one, index) => shareOf(breadth, index, width)),
      );
      widest = Math.max(widest, breadths.length);
    }
    expect(widest).toBeGreaterThan(1);
    expect(widest).toBeLessThanOrEqual(60);
    expect(breadths).toEqual([]);
  });

  it("and so on the wire: no copy leaves with more than its part", () => {
    const { site, gateway } = cast();
    gateway.invite("sip:5550200@10.222.237.1", ["Max-Breadth: 10"]);
    site.run(3_000);
    const copies = site.simulation.sightings
      .map(({ wire }) => readSip(wire))
      .filter((message) => methodOf(message) === "INVITE" && headers(message, "via").length === 2);
    const branches = new Map(copies.map((copy) => [headers(copy, "via")[0], Number(breadthIn(copy)[0])]));
    expect([...branches.values()].reduce((sum, breadth) => sum + breadth, 0)).toBe(10);
  });
});
