/** A call that is up lives on while its upstream is slow, cut off for seconds, or forced down (RFC 3261 §12.2.1.2, RFC 4028). */
import { describe, expect, it } from "vitest";
import { header, requestUriOf, statusOf } from "../sip/message.ts";
import type { Actor } from "../support/actor.ts";
import { expectLadder } from "../support/ladder.ts";
import { LAN, PBX, PHONE, SITE_YAML, Site, WAN } from "../support/site.ts";

const NUMBER = "sip:5551234@pbx.example.com";
/** There and back. */
const LATENCY_ms = 10;

/** A call between phone and PBX that is up. */
function call(yaml = SITE_YAML) {
  const site = new Site(yaml);
  const phone = site.actor("phone", PHONE);
  const pbx = site.actor("pbx", PBX, WAN);
  pbx.answers("INVITE", { status: 180, after_ms: 10 }, { status: 200, after_ms: 200 });
  phone.invite(NUMBER);
  site.run(1_000);
  const answer = phone.got(200, "INVITE");
  phone.received.length = 0;
  pbx.received.length = 0;
  site.simulation.sightings.length = 0;
  return { site, phone, pbx, answer, start_ms: site.simulation.now_ms };
}

const finals = (phone: Actor, method: string) =>
  phone.received.filter(({ message }) => statusOf(message) >= 200 && header(message, "cseq").endsWith(` ${method}`));
const statuses = (phone: Actor, method: string) => finals(phone, method).map(({ message }) => statusOf(message));

describe.each(["INVITE", "UPDATE", "INFO", "REFER", "NOTIFY", "SUBSCRIBE", "PRACK"])("%s within a call", (method) => {
  it("upstream answers after 4.5 s, and after 23 s: its answer passes", () => {
    for (const after_ms of [4_500, 23_000]) {
      const { site, phone, pbx, answer } = call();
      pbx.answers(method, { status: 200, after_ms });
      phone.inDialog(method, answer, 2);
      site.run(after_ms + 1_000);
      expect(statuses(phone, method)).toEqual([200]);
    }
  });

  it("upstream falls silent: 500 with Retry-After after 24 s, though it is known to be down long before", () => {
    const { site, phone, answer, start_ms } = call();
    site.simulation.silence(PBX);
    phone.inDialog(method, answer, 2);
    site.run(31_000);
    expect(statuses(phone, method)).toEqual([500]);
    expect(finals(phone, method).map(({ at_ms }) => at_ms - start_ms)).toEqual([24_000 + LATENCY_ms]);
    expect(header(phone.got(500, method), "retry-after")).not.toBe("");
  });

  it("a cut of 8 s is survived: the copy that is sent again is answered", () => {
    const { site, phone, pbx, answer } = call();
    pbx.answers(method, { status: 200 });
    site.simulation.silence(PBX);
    phone.inDialog(method, answer, 2);
    site.run(8_000);
    site.simulation.silence(PBX, false);
    site.run(10_000);
    expect(statuses(phone, method)).toEqual([200]);
  });

  it("the way to upstream is missing for 8 s (no route): the same", () => {
    const { site, phone, pbx, answer } = call();
    pbx.answers(method, { status: 200 });
    const { routes } = site;
    site.routes = (address) => (address === PBX.address ? undefined : routes(address));
    phone.inDialog(method, answer, 2);
    site.run(8_000);
    expect(statuses(phone, method)).toEqual([]);
    site.routes = routes;
    site.run(10_000);
    expect(statuses(phone, method)).toEqual([200]);
  });

  it("upstream is known to be down: forwarded all the same; 500 after fr_timer, and what it says in time passes", () => {
    const { site, phone, pbx, answer } = call();
    site.simulation.silence(PBX);
    site.run(60_000);
    const start_ms = site.simulation.now_ms;
    phone.inDialog(method, answer, 2);
    site.run(5_000);
    expect(finals(phone, method).map(({ at_ms }) => at_ms - start_ms)).toEqual([4_000 + LATENCY_ms]);
    expect(statuses(phone, method)).toEqual([500]);
    site.simulation.silence(PBX, false);
    pbx.answers(method, { status: 200 });
    phone.received.length = 0;
    phone.inDialog(method, answer, 3);
    site.run(1_000);
    expect(statuses(phone, method)).toEqual([200]);
  });

  it("forced down with a living PBX: passes, whether the force comes before or while it waits", () => {
    const { site, phone, pbx, answer } = call();
    pbx.answers(method, { status: 200, after_ms: 2_000 });
    phone.inDialog(method, answer, 2);
    site.run(500);
    site.peers.force("down", site.simulation.now_ms);
    site.run(3_000);
    phone.inDialog(method, answer, 3);
    site.run(3_000);
    expect(statuses(phone, method)).toEqual([200, 200]);
  });
});

it.each(["UPDATE", "INFO", "NOTIFY"])(
  "%s that has got 100 before the line is cut (ICMP) is sent again all the same",
  (method) => {
    const { site, phone, pbx, answer } = call();
    pbx.answers(method, { status: 100 });
    phone.inDialog(method, answer, 2);
    site.run(500);
    site.simulation.detach(PBX);
    site.run(8_000);
    pbx.answers(method, { status: 200 });
    site.simulation.attach(PBX, pbx);
    site.run(3_000);
    expect(statuses(phone, method)).toEqual([200]);
  },
);

describe("a re-INVITE", () => {
  it("a 2xx that comes after our 500 goes to the caller, and the call isn't hung up", () => {
    const { site, phone, pbx, answer } = call();
    site.simulation.silence(PBX);
    site.run(60_000);
    site.simulation.silence(PBX, false);
    pbx.answers("INVITE", { status: 200, after_ms: 6_000 });
    site.simulation.sightings.length = 0;
    phone.inDialog("INVITE", answer, 2);
    site.run(20_000);
    expect(statuses(phone, "INVITE").slice(0, 2)).toEqual([500, 200]);
    expect(pbx.requests("ACK")).not.toHaveLength(0);
    expect(pbx.requests("BYE")).toHaveLength(0);
  });

  it("upstream says 100 and then nothing: no 408 ever comes from us", () => {
    const { site, phone, pbx, answer } = call();
    pbx.answers("INVITE", { status: 100 });
    phone.inDialog("INVITE", answer, 2);
    site.run(1_000);
    site.simulation.silence(PBX);
    site.run(400_000);
    expect(statuses(phone, "INVITE")).toEqual([500]);
  });
});

describe("BYE", () => {
  it("481 as soon as upstream is found down, at once when it is known to be; never 408", () => {
    const { site, phone, answer, start_ms } = call();
    site.simulation.silence(PBX);
    phone.inDialog("BYE", answer, 2);
    site.run(31_000);
    const [fall] = site.edges("198.51.100.10").filter(({ to }) => to === "down");
    expect(finals(phone, "BYE").map(({ at_ms }) => at_ms)).toEqual([(fall?.at_ms ?? 0) + LATENCY_ms / 2]);
    expect((fall?.at_ms ?? 0) - start_ms).toBeLessThan(20_000);
    site.run(60_000);
    phone.inDialog("BYE", answer, 3);
    site.run(10);
    expect(statuses(phone, "BYE")).toEqual([481, 481]);
    expectLadder("bye-dead-upstream", site.ladder());
  });

  it("is sent again until upstream has it, though the phone waits no longer: no call stays up there", () => {
    const { site, phone, pbx, answer } = call();
    site.simulation.silence(PBX);
    site.run(60_000);
    phone.inDialog("BYE", answer, 2);
    site.run(6_000);
    expect(statuses(phone, "BYE")).toEqual([481]);
    site.simulation.silence(PBX, false);
    site.run(60_000);
    expect(pbx.requests("BYE")).toHaveLength(1);
    expect(statuses(phone, "BYE")).toEqual([481]);
  });

  it("upstream is slow (4.5 s): its 200 passes", () => {
    const { site, phone, pbx, answer } = call();
    pbx.answers("BYE", { status: 200, after_ms: 4_500 });
    phone.inDialog("BYE", answer, 2);
    site.run(6_000);
    expect(statuses(phone, "BYE")).toEqual([200]);
  });

  it("forced down with a living PBX: its 200 passes", () => {
    const { site, phone, answer } = call();
    site.peers.force("down", site.simulation.now_ms);
    phone.inDialog("BYE", answer, 2);
    site.run(1_000);
    expect(statuses(phone, "BYE")).toEqual([200]);
  });
});

describe("outside a call", () => {
  it.each(["SUBSCRIBE", "MESSAGE", "PUBLISH"])("%s: upstream answers after 4.5 s, and that passes", (method) => {
    const site = new Site();
    const phone = site.actor("phone", PHONE);
    const pbx = site.actor("pbx", PBX, WAN);
    pbx.answers(method, { status: 202, after_ms: 4_500 });
    phone.request(method, NUMBER);
    site.run(6_000);
    expect(statuses(phone, method)).toEqual([202]);
  });

  it.each(["SUBSCRIBE", "MESSAGE", "PUBLISH"])(
    "%s: 480 with Retry-After once upstream falls, and at once when it is down",
    (method) => {
      const site = new Site();
      const phone = site.actor("phone", PHONE);
      site.actor("pbx", PBX, WAN);
      site.run(100);
      site.simulation.silence(PBX);
      phone.request(method, NUMBER);
      site.run(31_000);
      expect(statuses(phone, method)).toEqual([480]);
      phone.request(method, NUMBER);
      site.run(100);
      expect(statuses(phone, method)).toEqual([480, 480]);
      expect(header(phone.got(480, method), "retry-after")).not.toBe("");
    },
  );

  it("SUBSCRIBE while upstream is forced down, though it lives: 480, as in an outage", () => {
    const site = new Site();
    const phone = site.actor("phone", PHONE);
    const pbx = site.actor("pbx", PBX, WAN);
    pbx.answers("SUBSCRIBE", { status: 200 });
    site.run(100);
    site.peers.force("down", site.simulation.now_ms);
    phone.request("SUBSCRIBE", NUMBER);
    site.run(100);
    expect(statuses(phone, "SUBSCRIBE")).toEqual([480]);
  });
});

describe("a request within a call that names us in place of the other end", () => {
  /** The phone sends `method` with our address as Request-URI, and the Route set of the call, or none. */
  function misaddressed(method: string, uri: string, routes: readonly string[] | undefined, cseq: number) {
    const cast = call();
    const { site, phone, answer } = cast;
    const own = routes ?? [...answerRoutes(answer)].reverse();
    phone.request(
      method,
      uri,
      [...own.map((route) => `Route: ${route}`), `X-Tag: ${header(answer, "to")}`],
      header(answer, "call-id"),
      cseq,
    );
    site.run(1_000);
    return cast;
  }

  const answerRoutes = (answer: Parameters<typeof header>[0]) => header(answer, "record-route").split(/,\s*/);

  it.each(["ACK", "BYE"])("%s with our Route, but no To tag: reaches the other end", (method) => {
    const { pbx } = misaddressed(method, `sip:${LAN.address}`, undefined, 1);
    expect(pbx.requests(method).map(({ message }) => requestUriOf(message))).toEqual([`sip:pbx@${PBX.address}:5060`]);
  });
});
