/** What RFCs beside RFC 3261 let user agents do through a proxy: it passes, both ways, untouched. */
import { describe, expect, it } from "vitest";
import { DOMAIN } from "../sip/build.ts";
import { header, headers } from "../sip/message.ts";
import { expectLadder } from "../support/ladder.ts";
import { daylight, outage, SDP, sdp } from "./support/offices.ts";
import { expectUntouched } from "./support/untouched.ts";
import type { UserAgent } from "./support/user-agent.ts";

const BOB = `sip:bob@${DOMAIN}`;
const OFFER = { body: sdp("alice"), extra: [SDP] };
const ANSWER = { body: sdp("bob"), extra: [SDP] };

/** A call between alice's phone and bob behind the PBX. */
function session(extra: readonly string[] = []) {
  const cast = daylight();
  cast.alice.sends("INVITE", { uri: BOB, body: OFFER.body, extra: [SDP, ...extra] });
  cast.bob.replies(200, { body: ANSWER.body, extra: [SDP, ...extra] });
  cast.alice.sends("ACK");
  return cast;
}

/** A request within the session, and its answer. */
function ask(from: UserAgent, of: UserAgent, method: string, extra: readonly string[] = [], body = ""): void {
  from.sends(method, { extra, body });
  of.replies(200, { to: method });
}

describe("RFC 3262: reliable provisional responses", () => {
  it("RFC 3262 §3: each 183 and 180 has its PRACK, one that comes again passes again", () => {
    const { site, alice, bob } = daylight();
    alice.sends("INVITE", { uri: BOB, body: OFFER.body, extra: [SDP, "Supported: 100rel"] });
    const early = { to: "INVITE", body: ANSWER.body, extra: [SDP, "Require: 100rel", "RSeq: 7001"] };
    bob.replies(183, early);
    bob.replies(183, early);
    ask(alice, bob, "PRACK", ["RAck: 7001 1 INVITE"]);
    bob.replies(180, { to: "INVITE", extra: ["Require: 100rel", "RSeq: 7002"] });
    ask(alice, bob, "PRACK", ["RAck: 7002 1 INVITE"]);
    bob.replies(200, { to: "INVITE" });
    alice.sends("ACK", { call: "alice-call-1" });
    expect(alice.statuses("INVITE")).toEqual([100, 183, 183, 180, 200]);
    expect(header(bob.seen("PRACK"), "rack")).toBe("7002 1 INVITE");
    expectUntouched(site, 10);
    expectLadder("rfc3262-prack", site.ladder(["rseq", "rack"]));
  });
});

describe("RFC 3311: UPDATE", () => {
  it("RFC 3311 §5: before the call is answered and after, of either side", () => {
    const { site, alice, bob } = daylight();
    alice.sends("INVITE", { uri: BOB, ...OFFER });
    bob.replies(183, ANSWER);
    ask(alice, bob, "UPDATE", [SDP], sdp("alice", "sendonly", 2));
    ask(bob, alice, "UPDATE", [SDP], sdp("bob", "recvonly", 2));
    bob.replies(200, { to: "INVITE" });
    alice.sends("ACK");
    ask(bob, alice, "UPDATE", [SDP], sdp("bob", "sendrecv", 3));
    expect(alice.statuses("UPDATE")).toEqual([200]);
    expect(bob.statuses("UPDATE")).toEqual([200, 200]);
    expectUntouched(site, 10);
    expectLadder("rfc3311-update", site.ladder());
  });
});

describe("RFC 4028: session timers", () => {
  it("RFC 4028 §8: neither shortened nor added; 422 passes, and so do the refreshes of either side", () => {
    const { site, alice, bob } = daylight();
    alice.sends("INVITE", { uri: BOB, body: OFFER.body, extra: [SDP, "Supported: timer", "Session-Expires: 50"] });
    bob.replies(422, { extra: ["Min-SE: 1800"] });
    const timer = ["Supported: timer", "Session-Expires: 1800", "Min-SE: 1800"];
    alice.sends("INVITE", { body: OFFER.body, extra: [SDP, ...timer] });
    bob.replies(200, { body: ANSWER.body, extra: [SDP, "Require: timer", "Session-Expires: 1800;refresher=uac"] });
    alice.sends("ACK");
    site.run(900_000);
    ask(alice, bob, "UPDATE", ["Session-Expires: 1800;refresher=uac"]);
    ask(bob, alice, "UPDATE", ["x: 1800;refresher=uas"]);
    expect(header(bob.seen("INVITE"), "session-expires")).toBe("1800");
    expect(header(alice.seen("UPDATE"), "x")).toBe("1800;refresher=uas");
    expectUntouched(site, 9);
    expectLadder("rfc4028-session-timer", site.ladder(["session-expires", "min-se"]));
  });

  it("a call without them gets none of ours", () => {
    const { site, bob } = session();
    expect(headers(bob.seen("INVITE"), "session-expires")).toEqual([]);
    expectUntouched(site, 3);
  });
});

describe("RFC 6086: INFO, RFC 3428: MESSAGE, RFC 3903: PUBLISH", () => {
  it("RFC 6086 §4: INFO within a call, of either side", () => {
    const { site, alice, bob } = session(["Recv-Info: infoDtmf"]);
    const dtmf = ["Info-Package: infoDtmf", "Content-Type: application/dtmf-relay"];
    ask(alice, bob, "INFO", dtmf, "Signal=5\r\nDuration=160\r\n");
    ask(bob, alice, "INFO", dtmf, "Signal=#\r\n");
    expectUntouched(site, 7);
    expectLadder("rfc6086-info", site.ladder(["info-package"]));
  });

  it("RFC 3428 §4: MESSAGE outside any dialog, both ways, with octets that are no text", () => {
    const { site, alice, bob } = daylight();
    alice.sends("MESSAGE", { uri: BOB, extra: ["Content-Type: text/plain"], body: "\xc3\xa9t\xc3\xa9\0\r\n\r\n" });
    bob.replies(200);
    bob.sends("MESSAGE", { uri: alice.contact, extra: ["Content-Type: text/plain"], body: "and back" });
    alice.replies(200);
    expect(bob.seen("MESSAGE").body).toBe("\xc3\xa9t\xc3\xa9\0\r\n\r\n");
    expect(header(bob.seen("MESSAGE"), "record-route")).toBe("");
    expectUntouched(site, 4);
    expectLadder("rfc3428-message", site.ladder());
  });

  it("RFC 3903 §4: PUBLISH, its entity tag, and a 412", () => {
    const { site, alice, bob } = daylight();
    const presence = ["Event: presence", "Expires: 600"];
    alice.sends("PUBLISH", { uri: BOB, extra: presence, body: "<presence/>" });
    bob.replies(200, { extra: ["SIP-ETag: e1", "Expires: 600"] });
    alice.sends("PUBLISH", { uri: BOB, extra: ["SIP-If-Match: e0", ...presence] });
    bob.replies(412);
    expect(header(bob.seen("PUBLISH"), "sip-if-match")).toBe("e0");
    expectUntouched(site, 4);
  });
});

describe("RFC 6665: subscriptions", () => {
  const EVENT = "Event: message-summary";
  const notify = (from: UserAgent, to: UserAgent, state: string, event = EVENT) =>
    ask(from, to, "NOTIFY", [event, `Subscription-State: ${state}`], "Messages-Waiting: yes\r\n");

  it("RFC 6665 §4.1: a phone's: notified, refreshed, ended", () => {
    const { site, alice, bob } = daylight();
    alice.sends("SUBSCRIBE", { uri: BOB, call: "mwi", extra: [EVENT, "Expires: 600"] });
    bob.replies(200, { extra: ["Expires: 600"] });
    notify(bob, alice, "active;expires=600");
    alice.sends("SUBSCRIBE", { extra: [EVENT, "Expires: 600"] });
    bob.replies(200, { extra: ["Expires: 600"] });
    notify(bob, alice, "active;expires=600");
    alice.sends("SUBSCRIBE", { extra: [EVENT, "Expires: 0"] });
    bob.replies(200, { extra: ["Expires: 0"] });
    notify(bob, alice, "terminated;reason=timeout");
    expect(bob.statuses("NOTIFY")).toEqual([200, 200, 200]);
    expectUntouched(site, 12);
    expectLadder("rfc6665-phone-subscribes", site.ladder(["event", "expires", "subscription-state", "record-route"]));
  });

  it("RFC 6665 §4.1.3: the NOTIFY overtakes the 200", () => {
    const { site, alice, bob } = daylight();
    alice.sends("SUBSCRIBE", { uri: BOB, call: "mwi", extra: [EVENT, "Expires: 600"] });
    bob.sends("NOTIFY", { call: "mwi", extra: [EVENT, "Subscription-State: active"] });
    alice.replies(200, { to: "NOTIFY" });
    bob.replies(200, { to: "SUBSCRIBE", extra: ["Expires: 600"] });
    alice.sends("SUBSCRIBE", { extra: [EVENT, "Expires: 0"] });
    bob.replies(200, { extra: ["Expires: 0"] });
    expect(alice.statuses("SUBSCRIBE")).toEqual([200, 200]);
    expectUntouched(site, 6);
    expectLadder("rfc6665-notify-first", site.ladder(["event", "record-route"]));
  });

  it("RFC 6665 §4.2: the PBX's to a phone", () => {
    const { site, alice, bob } = daylight();
    bob.sends("SUBSCRIBE", { uri: alice.contact, call: "watch", extra: ["Event: dialog", "Expires: 60"] });
    alice.replies(200, { extra: ["Expires: 60"] });
    notify(alice, bob, "active;expires=60", "Event: dialog");
    bob.sends("SUBSCRIBE", { extra: ["Event: dialog", "Expires: 0"] });
    alice.replies(200, { extra: ["Expires: 0"] });
    notify(alice, bob, "terminated;reason=timeout", "Event: dialog");
    expect(alice.statuses("NOTIFY")).toEqual([200, 200]);
    expectUntouched(site, 8);
    expectLadder("rfc6665-pbx-subscribes", site.ladder(["event", "expires", "subscription-state"]));
  });

  it("in an outage a new one is answered here: nobody waits", () => {
    const { site, alice, bob } = outage();
    alice.sends("SUBSCRIBE", { uri: BOB, extra: ["Event: dialog", "Expires: 60"] });
    expect(alice.statuses("SUBSCRIBE")).toEqual([480]);
    expect(bob.received.filter(({ startLine }) => startLine.startsWith("SUBSCRIBE"))).toEqual([]);
    expect(site.simulation.sightings.filter(({ wire }) => wire.startsWith("SUBSCRIBE"))).toHaveLength(1);
  });
});

describe("RFC 3515: REFER", () => {
  it("RFC 3515 §4.2: two in one dialog, each NOTIFY with its id", () => {
    const { site, alice, bob } = session();
    for (const [id, target] of [
      ["2", "sip:carol@pbx.example.com"],
      ["3", "sip:dave@pbx.example.com"],
    ]) {
      alice.sends("REFER", { extra: [`Refer-To: <${target}>`] });
      bob.replies(202, { to: "REFER" });
      const extra = [`Event: refer;id=${id}`, "Subscription-State: terminated;reason=noresource"];
      ask(bob, alice, "NOTIFY", extra, "SIP/2.0 200 OK\r\n");
    }
    expect(header(alice.seen("NOTIFY"), "event")).toBe("refer;id=3");
    expectUntouched(site, 11);
    expectLadder("rfc3515-two-refers", site.ladder(["refer-to", "event"]));
  });
});
