/** The registrar: whom it believes what, and for how long (RFC 3261 §10.3). */
import { describe, expect, it } from "vitest";
import { CONTACT as CONTACT_FIELD, EXPIRES } from "../../src/message/header-names.ts";
import { CONTACT, fromSecond, RegisterLab, register, SECOND } from "./register-lab.ts";

describe("two phones of one address-of-record", () => {
  /** Both registered in the outage, which is over now. */
  function both() {
    const lab = new RegisterLab();
    lab.learn(register());
    lab.learn(fromSecond());
    lab.answer(register());
    lab.answer(fromSecond());
    return lab;
  }

  it("upstream's word to one is none about the other, whose REGISTER is still paced", () => {
    const lab = both();
    lab.learn(register());
    expect([lab.isHeldBack(register()), lab.isHeldBack(fromSecond())]).toEqual([false, true]);
  });

  it("a query tells upstream of nobody", () => {
    const lab = both();
    lab.learn(register({ contacts: [] }), [`<${CONTACT}>;expires=60`, `<${SECOND}>;expires=60`]);
    expect([lab.isHeldBack(register()), lab.isHeldBack(fromSecond())]).toEqual([true, true]);
  });

  it("a query in an outage leaves nobody to be told of", () => {
    const lab = new RegisterLab();
    lab.learn(register());
    lab.answer(register({ contacts: [] }));
    expect(lab.isHeldBack(register())).toBe(false);
  });

  it("upstream's list drops neither phone that it can't know", () => {
    const lab = both();
    lab.learn(register(), [`<${CONTACT}>;expires=60`]);
    expect(lab.contacts()).toContain(SECOND);
    lab.learn(fromSecond(), [`<${SECOND}>;expires=60`]);
    expect(lab.contacts()).toEqual([SECOND]);
  });

  it("a phone that un-registered in the outage is paced as well when it comes back, until upstream knows", () => {
    const lab = both();
    lab.answer(register({ contacts: ["*"], expires: "0", callId: "boot" }));
    expect([lab.isHeldBack(register()), lab.isHeldBack(fromSecond())]).toEqual([true, true]);
    lab.learn(register({ contacts: ["*"], expires: "0", callId: "boot" }));
    expect([lab.isHeldBack(register()), lab.isHeldBack(fromSecond())]).toEqual([false, false]);
  });

  it("a phone with an instance is the same at another address", () => {
    const lab = new RegisterLab();
    const instance = ';+sip.instance="<urn:uuid:1>"';
    lab.learn(register({ contacts: [`<${CONTACT}>${instance}`] }));
    lab.answer(register({ contacts: [`<${CONTACT}>${instance}`] }));
    expect(lab.isHeldBack(fromSecond({ contacts: [`<${SECOND}>${instance}`] }))).toBe(true);
  });

  it("throttle: only the phone that upstream has heard is answered here", () => {
    const lab = new RegisterLab({ throttle: true });
    lab.learn(register(), [`<${CONTACT}>;expires=3600`]);
    lab.learn(fromSecond(), [`<${CONTACT}>;expires=3600`, `<${SECOND}>;expires=3600`]);
    lab.answer(fromSecond());
    expect(lab.registrar.isSuperfluous(register(), lab.now_ms)).toBe(true);
    expect(lab.registrar.isSuperfluous(fromSecond(), lab.now_ms)).toBe(false);
  });
});

describe("the cap on what a phone is told", () => {
  it.each([
    ["a longer one", `<${CONTACT}>;expires=3600`, `<${CONTACT}>;expires=300`],
    ["a shorter one", `<${CONTACT}>;expires=299`, `<${CONTACT}>;expires=299`],
    ["a URI's own parameter", `<${CONTACT};expires=900>;expires=3600`, `<${CONTACT};expires=900>;expires=300`],
    ["a display name", `"a\\";expires=900" <${CONTACT}>;q=1`, `"a\\";expires=900" <${CONTACT}>;q=1`],
    ["a quoted parameter", `<${CONTACT}>;x=";expires=900";expires=900`, `<${CONTACT}>;x=";expires=900";expires=300`],
    ["no angle brackets, odd spelling", `${CONTACT}; Expires = 3600`, `${CONTACT}; Expires = 300`],
    [
      "several on a line",
      `<${CONTACT}>;expires=301, <${SECOND}>;expires=900`,
      `<${CONTACT}>;expires=300, <${SECOND}>;expires=300`,
    ],
    ["an open quote", `"<${CONTACT}>;expires=900`, `"<${CONTACT}>;expires=900`],
  ])("%s", (_, granted, told) => {
    const response = new RegisterLab().learn(register(), [granted]);
    expect(response.header(CONTACT_FIELD)).toBe(told);
  });

  it("lowers Expires too, and only that", () => {
    const lab = new RegisterLab();
    const expiresOf = (line: string) => lab.learn(register(), [], [line]).header(EXPIRES);
    expect(["Expires: 301", "Expires: 300", "Expires: never"].map(expiresOf)).toEqual(["300", "300", "never"]);
  });
});

describe("RFC 3261 §10.3 item 6: Contact: *", () => {
  const known = () => {
    const lab = new RegisterLab();
    lab.learn(register());
    lab.learn(fromSecond());
    return lab;
  };

  it.each([
    ["with Expires: 0 alone takes all away", ["*"], "0", 200, 0],
    ["with another Expires", ["*"], "60", 400, 2],
    ["without Expires", ["*"], undefined, 400, 2],
    ["before another Contact", ["*", `<${CONTACT}>`], "0", 400, 2],
    ["behind another Contact, on one line", [`<${CONTACT}>, *`], "0", 400, 2],
  ])("%s", (_, contacts, expires, status, kept) => {
    const lab = known();
    const parts = expires === undefined ? { contacts } : { contacts, expires };
    expect(lab.answer(register({ ...parts, callId: "other" })).status).toBe(status);
    expect(lab.kept()).toHaveLength(kept);
  });

  it("upstream's 2xx to it takes all away here", () => {
    const lab = known();
    lab.learn(register({ contacts: ["*"], expires: "0" }));
    expect(lab.kept()).toEqual([]);
  });
});

describe("RFC 3261 §10.3 item 7: out of order", () => {
  const q = (value: string) => [`<${CONTACT}>;q=${value}`];

  it("an older REGISTER of the same Call-ID changes nothing, neither by upstream's word nor by ours", () => {
    const lab = new RegisterLab();
    lab.learn(register({ contacts: q("0.5"), cseq: 5 }));
    lab.learn(register({ contacts: q("0.4"), cseq: 4 }));
    lab.answer(register({ contacts: q("0.3"), cseq: 3 }));
    expect(lab.kept()[0]?.parameters).toBe(";q=0.5");
  });

  it.each([
    ["one contact", [`<${CONTACT}>`]],
    ["all", ["*"]],
  ])("an older one takes nothing away: %s", (_, contacts) => {
    const lab = new RegisterLab();
    lab.learn(register({ cseq: 5 }));
    lab.answer(register({ contacts, expires: "0", cseq: 4 }));
    expect(lab.contacts()).toEqual([CONTACT]);
    lab.answer(register({ contacts, expires: "0", cseq: 6 }));
    expect(lab.contacts()).toEqual([]);
  });

  it("a phone that has booted has another Call-ID, and begins anew", () => {
    const lab = new RegisterLab();
    lab.learn(register({ contacts: q("0.5"), cseq: 900 }));
    lab.learn(register({ contacts: q("0.1"), cseq: 1, callId: "boot" }));
    expect(lab.kept()[0]?.parameters).toBe(";q=0.1");
    lab.answer(register({ expires: "0", cseq: 1, callId: "third boot" }));
    expect(lab.kept()).toEqual([]);
  });
});
