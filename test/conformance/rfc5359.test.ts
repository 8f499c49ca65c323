/**
 * RFC 5359's services as a proxy sees them: most of them in an outage, where there is no PBX that could do them and phones
 * are left to themselves.
 */
import { describe, expect, it } from "vitest";
import { DOMAIN } from "../sip/build.ts";
import { header } from "../sip/message.ts";
import { expectLadder } from "../support/ladder.ts";
import { daylight, outage, SDP, sdp } from "./support/offices.ts";
import { expectUntouched } from "./support/untouched.ts";
import type { UserAgent } from "./support/user-agent.ts";

const to = (agent: UserAgent) => `sip:${agent.name}@${DOMAIN}`;
const talk = (agent: UserAgent, mode = "sendrecv", version = 1) => ({
  body: sdp(agent.name, mode, version),
  extra: [SDP],
});
const TRANSFER = ["refer-to", "referred-by", "replaces", "subscription-state"];

/** `caller` calls `callee`, who answers. */
function call(caller: UserAgent, callee: UserAgent, name: string, extra: readonly string[] = []): void {
  caller.sends("INVITE", { uri: to(callee), call: name, body: sdp(caller.name), extra: [SDP, ...extra] });
  callee.replies(180, { call: name });
  callee.replies(200, { call: name, ...talk(callee) });
  caller.sends("ACK", { call: name });
}

function hangUp(one: UserAgent, other: UserAgent, name: string): void {
  one.sends("BYE", { call: name });
  other.replies(200, { call: name });
}

/** `holder` sends a re-INVITE with this direction within the call. */
function reinvite(holder: UserAgent, held: UserAgent, name: string, mode: string, version: number): void {
  holder.sends("INVITE", { call: name, ...talk(holder, mode, version) });
  held.replies(200, { call: name, ...talk(held, mode === "sendonly" ? "recvonly" : "sendrecv", version) });
  holder.sends("ACK", { call: name });
}

/** NOTIFY of how far a transfer has come (RFC 3515 §2.4.4). */
function report(from: UserAgent, at: UserAgent, name: string, status: string, state: string): void {
  const extra = ["Event: refer", `Subscription-State: ${state}`, "Content-Type: message/sipfrag"];
  from.sends("NOTIFY", { call: name, extra, body: `SIP/2.0 ${status}\r\n` });
  at.replies(200, { call: name, to: "NOTIFY" });
}

describe("RFC 5359 §2: hold", () => {
  it("RFC 5359 §2.1: call hold, and back", () => {
    const { site, alice, bob } = outage();
    call(alice, bob, "talk");
    reinvite(bob, alice, "talk", "sendonly", 2);
    reinvite(bob, alice, "talk", "sendrecv", 3);
    hangUp(alice, bob, "talk");
    expect(bob.statuses("INVITE")).toEqual([100, 200, 100, 200]);
    expectUntouched(site, 12);
    expectLadder("rfc5359-2-1-hold", site.ladder());
  });

  it("RFC 5359 §2.2: consultation: held, another call, and back", () => {
    const { site, alice, bob, carol } = outage();
    call(alice, bob, "talk");
    reinvite(bob, alice, "talk", "sendonly", 2);
    call(bob, carol, "question");
    hangUp(bob, carol, "question");
    reinvite(bob, alice, "talk", "sendrecv", 3);
    hangUp(alice, bob, "talk");
    expectUntouched(site, 18);
    expectLadder("rfc5359-2-2-consultation", site.ladder());
  });

  it("RFC 5359 §2.3: music on hold: a re-INVITE without an offer, whose answer is in the ACK", () => {
    const { site, alice, bob, carol: music } = outage();
    call(alice, bob, "talk");
    bob.sends("INVITE", { call: "talk" });
    alice.replies(200, { call: "talk", ...talk(alice, "sendrecv", 2) });
    bob.sends("INVITE", { uri: to(music), call: "music", ...talk(alice, "recvonly", 2) });
    music.replies(200, { call: "music", ...talk(music, "sendonly") });
    bob.sends("ACK", { call: "music" });
    bob.sends("ACK", { call: "talk", ...talk(music, "sendonly") });
    hangUp(bob, music, "music");
    reinvite(bob, alice, "talk", "sendrecv", 3);
    hangUp(alice, bob, "talk");
    expectUntouched(site, 17);
    expectLadder("rfc5359-2-3-music", site.ladder());
  });
});

describe("RFC 5359 §2: transfer", () => {
  it("RFC 5359 §2.4: unattended: REFER, and NOTIFY of what came of it", () => {
    const { site, alice, bob, carol } = outage();
    call(alice, bob, "talk");
    bob.sends("REFER", { call: "talk", extra: [`Refer-To: <${to(carol)}>`, `Referred-By: <${to(bob)}>`] });
    alice.replies(202, { call: "talk" });
    report(alice, bob, "talk", "100 Trying", "active;expires=60");
    call(alice, carol, "transferred", [`Referred-By: <${to(bob)}>`]);
    report(alice, bob, "talk", "200 OK", "terminated;reason=noresource");
    hangUp(bob, alice, "talk");
    hangUp(carol, alice, "transferred");
    expectUntouched(site, 18);
    expectLadder("rfc5359-2-4-unattended", site.ladder(TRANSFER));
  });

  it("RFC 5359 §2.5: attended: the new call replaces the one that was asked with", () => {
    const { site, alice, bob, carol } = outage();
    call(alice, bob, "talk");
    reinvite(bob, alice, "talk", "sendonly", 2);
    call(bob, carol, "question");
    reinvite(bob, carol, "question", "sendonly", 2);
    const replaced = bob.naming("question");
    const target = `${to(carol)}?Replaces=${encodeURIComponent(replaced)}`;
    bob.sends("REFER", { call: "talk", extra: [`Refer-To: <${target}>`] });
    alice.replies(202, { call: "talk" });
    call(alice, carol, "transferred", [`Replaces: ${replaced}`, "Require: replaces"]);
    hangUp(carol, bob, "question");
    report(alice, bob, "talk", "200 OK", "terminated;reason=noresource");
    hangUp(bob, alice, "talk");
    expect(header(carol.seen("INVITE"), "replaces")).toBe(replaced);
    expectUntouched(site, 26);
    expectLadder("rfc5359-2-5-attended", site.ladder(TRANSFER));
  });
});

describe("RFC 5359 §2: forwarding and screening", () => {
  it("RFC 5359 §2.7: a phone that forwards by itself: its 302 is the caller's to follow", () => {
    const { site, alice, bob, carol } = outage();
    alice.sends("INVITE", { uri: to(bob), ...talk(alice) });
    bob.replies(302, { extra: [`Contact: <${to(carol)}>`, `Diversion: <${to(bob)}>;reason=unconditional`] });
    call(alice, carol, "followed");
    hangUp(carol, alice, "followed");
    expectUntouched(site, 8);
    expectLadder("rfc5359-2-7-forwarded", site.ladder());
  });

  it("RFC 5359 §2.13: a caller who isn't wanted hears so", () => {
    const { site, alice, bob } = outage();
    alice.sends("INVITE", { uri: to(bob), ...talk(alice) });
    bob.replies(403, { extra: ['Warning: 399 phone "screened"'] });
    expect(alice.statuses("INVITE")).toEqual([100, 403]);
    expectUntouched(site, 2);
    expectLadder("rfc5359-2-13-screened", site.ladder());
  });
});

describe("RFC 5359 §2: three parties", () => {
  it("RFC 5359 §2.10: a third party is added", () => {
    const { site, alice, bob, carol } = outage();
    call(alice, bob, "talk");
    const focus = `${bob.contact};isfocus`;
    bob.sends("INVITE", { call: "talk", contact: focus, ...talk(bob, "sendrecv", 2) });
    alice.replies(200, { call: "talk", ...talk(alice, "sendrecv", 2) });
    bob.sends("ACK", { call: "talk" });
    call(bob, carol, "third");
    hangUp(alice, bob, "talk");
    hangUp(bob, carol, "third");
    expect(header(alice.seen("INVITE"), "contact")).toBe(`<${focus}>`);
    expectUntouched(site, 15);
    expectLadder("rfc5359-2-10-third-added", site.ladder());
  });

  it("RFC 5359 §2.11: a third party joins", () => {
    const { site, alice, bob, carol } = outage();
    call(alice, bob, "talk");
    const joined = `Join: ${alice.naming("talk")}`;
    call(carol, bob, "third", [joined, "Require: join"]);
    hangUp(carol, bob, "third");
    hangUp(alice, bob, "talk");
    expect(`Join: ${header(bob.seen("INVITE"), "join")}`).toBe(joined);
    expectUntouched(site, 12);
    expectLadder("rfc5359-2-11-third-joins", site.ladder(["join"]));
  });
});

describe("RFC 5359 §2: by way of the PBX", () => {
  it("RFC 5359 §2.16: pickup: the dialog is asked for, and replaced while it rings", () => {
    const { site, alice, bob } = daylight();
    alice.sends("SUBSCRIBE", { uri: to(bob), call: "watch", extra: ["Event: dialog", "Expires: 0"] });
    bob.replies(200, { call: "watch", extra: ["Expires: 0"] });
    const extra = ["Event: dialog", "Subscription-State: terminated", "Content-Type: application/dialog-info+xml"];
    bob.sends("NOTIFY", { call: "watch", extra, body: "<dialog-info/>" });
    alice.replies(200, { call: "watch" });
    const picked = "Replaces: other-call;to-tag=1;from-tag=2;early-only";
    call(alice, bob, "pickup", [picked, "Require: replaces"]);
    hangUp(alice, bob, "pickup");
    expect(`Replaces: ${header(bob.seen("INVITE"), "replaces")}`).toBe(picked);
    expectUntouched(site, 10);
    expectLadder("rfc5359-2-16-pickup", site.ladder(["event", "subscription-state", "replaces"]));
  });

  it("RFC 5359 §2.17: automatic redial: the callee is watched until it is free", () => {
    const { site, alice, bob } = daylight();
    alice.sends("INVITE", { uri: to(bob), call: "busy", ...talk(alice) });
    bob.replies(486, { call: "busy" });
    alice.sends("SUBSCRIBE", { uri: to(bob), call: "watch", extra: ["Event: dialog", "Expires: 600"] });
    bob.replies(200, { call: "watch", extra: ["Expires: 600"] });
    for (const body of ['<dialog-info state="confirmed"/>', '<dialog-info state="terminated"/>']) {
      bob.sends("NOTIFY", { call: "watch", extra: ["Event: dialog", "Subscription-State: active"], body });
      alice.replies(200, { call: "watch" });
    }
    alice.sends("SUBSCRIBE", { call: "watch", extra: ["Event: dialog", "Expires: 0"] });
    bob.replies(200, { call: "watch", extra: ["Expires: 0"] });
    call(alice, bob, "again");
    hangUp(bob, alice, "again");
    expectUntouched(site, 16);
    expectLadder("rfc5359-2-17-redial", site.ladder(["event", "expires"]));
  });

  it("RFC 5359 §2.18: click to dial: a REFER outside any dialog makes the phone call", () => {
    const { site, alice, bob } = daylight();
    bob.sends("REFER", { uri: alice.contact, call: "click", extra: ["Refer-To: <sip:5551234@pbx.example.com>"] });
    alice.replies(202, { call: "click" });
    report(alice, bob, "click", "100 Trying", "active;expires=60");
    call(alice, bob, "made");
    report(alice, bob, "click", "200 OK", "terminated;reason=noresource");
    hangUp(alice, bob, "made");
    expectUntouched(site, 12);
    expectLadder("rfc5359-2-18-click-to-dial", site.ladder(TRANSFER));
  });
});
