/** Bindings and time: what upstream has accepted, and which REGISTER is the later one (RFC 3261 §10.3 item 7). */
import { describe, expect, it } from "vitest";
import { isUnheard as isUnheardOf } from "../../src/policy/phones/binding.ts";
import { wishesOf } from "../../src/policy/phones/register-wishes.ts";
import { CONTACT, fromSecond, NAME, RegisterLab, register, SECOND, told } from "./register-lab.ts";

describe("whether upstream's calls can reach a phone", () => {
  const INSTANCE = ';+sip.instance="<urn:uuid:1>"';
  const BOOTED = "sip:x1@10.222.237.21:5060";
  const booted = register({ contacts: [`<${BOOTED}>${INSTANCE}`] });
  const before = register({ contacts: [`<${CONTACT}>${INSTANCE}`] });
  const isUnheard = (lab: RegisterLab, { request }: ReturnType<typeof register>) =>
    isUnheardOf(lab.bindings.find(NAME), wishesOf(request));

  it("not by a Contact that it has given itself since, although it is the same phone", () => {
    const lab = new RegisterLab();
    lab.learn(before);
    expect([isUnheard(lab, before), isUnheard(lab, booted)]).toEqual([false, true]);
  });

  it("nor once that Contact has been answered here, until upstream has accepted it", () => {
    const lab = new RegisterLab();
    lab.learn(before);
    lab.answer(booted);
    expect(isUnheard(lab, booted)).toBe(true);
    lab.learn(booted);
    expect(isUnheard(lab, booted)).toBe(false);
  });

  it("a phone that has been answered here by the Contact which upstream knows can be called", () => {
    const lab = new RegisterLab();
    lab.learn(before);
    lab.answer(before);
    expect(isUnheard(lab, before)).toBe(false);
  });

  it("who takes a Contact away, or only asks, needn't be called", () => {
    const lab = new RegisterLab();
    expect(isUnheard(lab, register({ expires: "0" }))).toBe(false);
    expect(isUnheard(lab, register({ contacts: [] }))).toBe(false);
  });
});

describe("whom upstream has accepted", () => {
  const accepted = (lab: RegisterLab) => lab.kept().map(({ isAccepted }) => isAccepted);

  it("a phone by upstream's 200, and still after refreshes from there that are answered here", () => {
    const lab = new RegisterLab();
    lab.learn(register());
    expect(accepted(lab)).toEqual([true]);
    lab.answer(register({ cseq: 2 }));
    lab.answer(register({ cseq: 1, callId: "boot" }));
    expect(accepted(lab)).toEqual([true]);
  });

  it("not a phone that only we have answered, nor one that has moved since, until upstream hears of it", () => {
    const lab = new RegisterLab({ unknown: "localnet" });
    lab.answer(register());
    expect(accepted(lab)).toEqual([false]);
    lab.learn(register({ cseq: 2 }));
    lab.answer(register({ cseq: 3, port: 40_000 }));
    expect(accepted(lab)).toEqual([false]);
    lab.learn(register({ cseq: 4, port: 40_000 }));
    expect(accepted(lab)).toEqual([true]);
  });

  it("a binding knows when its last REGISTER came", () => {
    const lab = new RegisterLab();
    lab.learn(register());
    lab.now_ms = 9_000;
    lab.answer(register({ cseq: 2 }));
    expect(lab.kept().map(({ heard_ms }) => heard_ms)).toEqual([9_000]);
  });
});

describe("a phone that boots, keeps its Call-ID and begins its CSeq anew", () => {
  /** Registered by CSeq 500. */
  function known() {
    const lab = new RegisterLab();
    lab.learn(register({ cseq: 500 }));
    return lab;
  }
  const MOVED = "sip:201@10.222.237.21:40000";
  const booted = (parts = {}) => register({ cseq: 1, port: 40_000, contacts: [`<${MOVED}>`], ...parts });
  const flows = (lab: RegisterLab) => lab.kept().map(({ contact, flow, cseq }) => [contact, flow.port, cseq]);

  it("upstream's 200 is the registrar's word, whatever the CSeq", () => {
    const lab = known();
    lab.now_ms += 10;
    lab.learn(booted(), [`<${MOVED}>;expires=60`]);
    expect(flows(lab)).toEqual([[MOVED, 40_000, 1]]);
    lab.learn(register({ cseq: 1 }), [`<${CONTACT}>;expires=60`]);
    expect(flows(lab)).toEqual([[CONTACT, 5060, 1]]);
    lab.learn(register({ cseq: 0, contacts: ["*"], expires: "0" }));
    expect(lab.kept()).toEqual([]);
  });

  it("a 200 that comes late, after that to a later REGISTER, doesn't take the phone back to where it was", () => {
    const lab = new RegisterLab();
    const asked_ms = lab.now_ms;
    lab.now_ms += 500;
    lab.learn(register({ cseq: 8, port: 40_000 }));
    lab.now_ms += 500;
    lab.learn(register({ cseq: 7, expires: "0" }), [], [], asked_ms);
    lab.learn(register({ cseq: 7 }), [], [], asked_ms);
    lab.learn(register({ cseq: 7, contacts: ["*"], expires: "0" }), [], [], asked_ms);
    expect(flows(lab)).toEqual([[CONTACT, 40_000, 8]]);
  });

  it("nor does it drop a phone of the number that has registered since upstream wrote its list", () => {
    const lab = new RegisterLab();
    const asked_ms = lab.now_ms;
    lab.now_ms += 500;
    lab.learn(fromSecond());
    lab.now_ms += 500;
    lab.learn(register(), [`<${CONTACT}>;expires=60`], [], asked_ms);
    expect(lab.contacts()).toEqual([CONTACT, SECOND]);
  });

  it.each([
    ["another Contact", { port: 5060 }],
    ["another port", { contacts: [`<${CONTACT}>`] }],
    ["both", {}],
  ])("in an outage it is taken by %s, once the later one is 32 s old", (_, parts) => {
    const lab = known();
    lab.now_ms += 31_999;
    expect(lab.answer(booted(parts)).status).toBe(500);
    expect(flows(lab)).toEqual([[CONTACT, 5060, 500]]);
    lab.now_ms += 1;
    const answer = lab.answer(booted(parts));
    expect(answer.status).toBe(200);
    const [uri = ""] = lab.contacts();
    expect(told(answer)[uri]).toBe(60);
    expect(lab.kept()[0]).toMatchObject({ cseq: 1, heard_ms: lab.now_ms, isAccepted: false });
  });

  it("in an outage nothing tells it from an overtaken message at the same port with the same Contact: 500", () => {
    const lab = known();
    lab.now_ms += 3_600_000;
    expect(lab.answer(register({ cseq: 1 }))).toMatchObject({
      status: 500,
      headers: expect.stringMatching(/^Retry-After: (?:[89]|1\d|20)\r\n$/),
    });
    expect(flows(lab)).toEqual([[CONTACT, 5060, 500]]);
  });

  it.each([
    ["one contact", { expires: "0" }],
    ["one of two", { contacts: [`<${MOVED}>`, `<${CONTACT}>;expires=0`] }],
    ["all", { contacts: ["*"], expires: "0" }],
  ])("in an outage it takes nothing away: %s", (_, parts) => {
    const lab = known();
    lab.now_ms += 3_600_000;
    expect(lab.answer(booted(parts)).status).toBe(500);
    expect(flows(lab)).toEqual([[CONTACT, 5060, 500]]);
  });

  it("in an outage, once it has been taken, what it asks counts by its new CSeq: it can refresh and leave", () => {
    const lab = known();
    lab.now_ms += 32_000;
    lab.answer(booted());
    lab.now_ms += 1_000;
    expect(lab.answer(booted({ cseq: 2 })).status).toBe(200);
    lab.now_ms += 1_000;
    expect(lab.answer(booted({ cseq: 1 })).status).toBe(500);
    expect(lab.answer(booted({ cseq: 3, expires: "0" })).status).toBe(200);
    expect(flows(lab)).toEqual([[CONTACT, 5060, 500]]);
  });

  it("a query is answered whatever its CSeq, and what has another Call-ID has no order", () => {
    const lab = known();
    expect(lab.answer(register({ cseq: 1, contacts: [] })).status).toBe(200);
    expect(lab.answer(register({ cseq: 1, callId: "boot" })).status).toBe(200);
    expect(flows(lab)).toEqual([[CONTACT, 5060, 1]]);
  });

  it("one that would get 500 here isn't held back while upstream lives, nor answered by throttle", () => {
    const lab = new RegisterLab({ throttle: true });
    lab.learn(register({ cseq: 500 }), [`<${CONTACT}>;expires=3600`]);
    expect(lab.registrar.isSuperfluous(register({ cseq: 501 }), lab.now_ms)).toBe(true);
    expect(lab.registrar.isSuperfluous(register({ cseq: 1 }), lab.now_ms)).toBe(false);
    expect(lab.registrar.refusal(register({ cseq: 1 }), lab.now_ms)?.status).toBe(500);
  });
});
