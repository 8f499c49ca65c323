/** What a 200 of ours promises (RFC 3261 §10.3 item 8): it lists each Contact of the phone as the phone wrote it. */
import { describe, expect, it } from "vitest";
import { BINDINGS_MAX } from "../../src/policy/phones/bindings.ts";
import { CONTACT, fromSecond, RegisterLab, register, SECOND, told } from "./register-lab.ts";

const LONG = "x".repeat(600);

describe("a Contact that can't be used", () => {
  const CASES: readonly (readonly [string, readonly string[]])[] = [
    ["a port with rubbish behind it", ["<sip:201@192.0.2.21:5060transport=udp>"]],
    ["a port beyond all ports", ["<sip:201@192.0.2.21:65536>"]],
    ["port 0", ["<sip:201@192.0.2.21:0>"]],
    ["no host", ["<sip:201@>"]],
    ["no host before parameters", ["<sip:201@;transport=udp>"]],
    ["no user before @", ["<sip:@192.0.2.21>"]],
    ["half an IPv6 address", ["<sip:201@[::1>"]],
    ["no IPv6 address", ["<sip:201@[12345::1]>"]],
    ["a number that could be an address", ["<sip:201@192.0.2>"]],
    ["no scheme", ["<201@192.0.2.21>"]],
    ["another scheme", ["<mailto:201@192.0.2.21>"]],
    ["tel:", ["<tel:+4930201>"]],
    ["nothing in brackets", ["<>"]],
    ["no closing bracket", ["<sip:201@192.0.2.21"]],
    ["a space in the URI", ["<sip:2 01@192.0.2.21>"]],
    ["an open quote before it", ['"Desk <sip:201@192.0.2.21>']],
    ["an open quote behind it", ['<sip:201@192.0.2.21>;x="y']],
    ["a parameter without a name", ["<sip:201@192.0.2.21>;=y"]],
    ["rubbish behind the brackets", ["<sip:201@192.0.2.21>x"]],
    ["a URI longer than what is kept", [`<sip:201@192.0.2.21;x=${LONG}>`]],
    ["parameters longer than what is kept", [`<sip:201@192.0.2.21>;x=${LONG}`]],
    ["an instance longer than what is kept", [`<sip:201@192.0.2.21>;+sip.instance="<urn:uuid:${LONG}>"`]],
    ["no value at all", [""]],
    ["a good one before it", [`<${CONTACT}>`, "<sip:201@[::1>"]],
    ["a good one behind it", ["<sip:201@[::1>", `<${CONTACT}>`]],
    ["a good one on the same line", [`<${CONTACT}>, <sip:201@>`]],
    ["one that is taken away, and a good one", ["<sip:201@>;expires=0", `<${CONTACT}>`]],
  ];

  it.each(CASES)("%s: 400 before any change", (_, contacts) => {
    const lab = new RegisterLab({ unknown: "localnet" });
    lab.learn(fromSecond());
    const before = lab.kept();
    const answer = lab.answer(register({ contacts, callId: "new" }));
    expect([answer.status, answer.headers]).toEqual([400, undefined]);
    expect(lab.kept()).toBe(before);
  });

  it.each(CASES)("%s: throttle leaves it to upstream", (_, contacts) => {
    const lab = new RegisterLab({ throttle: true });
    lab.learn(register(), [`<${CONTACT}>;expires=3600`]);
    expect(lab.registrar.isSuperfluous(register({ contacts, cseq: 2 }), lab.now_ms)).toBe(false);
    expect(lab.registrar.isSuperfluous(register({ cseq: 2 }), lab.now_ms)).toBe(true);
  });
});

describe("a 200 of ours", () => {
  const served = () => new RegisterLab({ unknown: "localnet" });

  it.each([
    `<${CONTACT};transport=udp;line=x7>`,
    `"Desk; \\"expires=7\\" <x>" <${CONTACT}>;q=0.5;+sip.instance="<urn:uuid:1>";reg-id=1`,
    `<${CONTACT}>;methods="INVITE, ACK; x";audio;+u.sip!model.ccm.cisco.com="30018"`,
    `<${CONTACT}?Route=%3Csip:x%3E>`,
    "<sip:%32%30%31@[2001:db8::21]:5070;ob>",
    "<sips:10.222.237.21>",
  ])("%s comes back", (value) => {
    const lab = served();
    const contact = value.slice(value.indexOf("<sip"));
    expect(lab.answer(register({ contacts: [value] })).headers).toBe(`Contact: ${contact};expires=60\r\n`);
  });

  it("the phone's expires never stands beside ours, however it is spelled", () => {
    for (const own of [";expires=30", "; Expires = 30", ";expires=x", ";EXPIRES", ';q=1;expires="30"']) {
      const { headers = "" } = served().answer(register({ contacts: [`<${CONTACT}>${own}`], expires: "40" }));
      expect(headers.match(/expires/gi)).toHaveLength(1);
    }
  });

  it("two Contacts of one REGISTER are two, though one phone's: both are listed, refreshed and known as accepted", () => {
    const lab = served();
    const both = [CONTACT, SECOND].map((uri) => `<${uri}>;+sip.instance="<urn:uuid:1>"`);
    lab.learn(register({ contacts: both }));
    expect(Object.keys(told(lab.answer(register({ contacts: both, cseq: 2 })))).sort()).toEqual([CONTACT, SECOND]);
    expect(lab.kept().map(({ isAccepted }) => isAccepted)).toEqual([true, true]);
    lab.answer(register({ contacts: [`<sip:201@10.222.237.21:9>;+sip.instance="<urn:uuid:1>"`], cseq: 3 }));
    expect(lab.contacts()).toEqual(["sip:201@10.222.237.21:9"]);
  });

  it("as many Contacts as are kept push out all others, and none of themselves", () => {
    const lab = served();
    lab.learn(fromSecond());
    const uris = Array.from({ length: BINDINGS_MAX }, (_, index) => `sip:201@10.222.237.${100 + index}`);
    const answer = lab.answer(register({ contacts: uris.map((uri) => `<${uri}>`) }));
    expect(Object.keys(told(answer)).sort()).toEqual(uris.sort());
  });

  it("a Contact that a phone at another address has can't be taken from it: 503, and nothing changes", () => {
    const lab = served();
    lab.learn(register());
    const before = lab.kept();
    for (const expires of ["60", "0"]) {
      const answer = lab.answer(fromSecond({ contacts: [`<${SECOND}>`, `<${CONTACT}>`], expires, callId: "x" }));
      expect(answer).toMatchObject({
        status: 503,
        headers: expect.stringMatching(/^Retry-After: (?:[89]|1\d|20)\r\n$/),
      });
    }
    expect(lab.kept()).toBe(before);
  });

  it("it lists no other phone that has run out, and promises none more than it has", () => {
    const lab = served();
    lab.learn(register(), [`<${CONTACT}>;expires=20`]);
    expect(told(lab.answer(fromSecond()))).toEqual({ [SECOND]: 60, [CONTACT]: 20 });
    lab.now_ms += 20_000;
    expect(told(lab.answer(fromSecond({ cseq: 2 })))).toEqual({ [SECOND]: 60 });
    expect(lab.contacts()).toContain(CONTACT);
  });

  it("upstream lives again: within 36 s, so that the phone is back there soon", () => {
    const lab = new RegisterLab();
    lab.learn(register());
    expect(told(lab.registrar.answer(register(), lab.now_ms, lab.now_ms, true))).toEqual({ [CONTACT]: 36 });
    const brief = new RegisterLab({ survival_expires_ms: 10_000 });
    brief.learn(register());
    expect(told(brief.registrar.answer(register(), brief.now_ms, brief.now_ms, true))).toEqual({ [CONTACT]: 10 });
  });
});
