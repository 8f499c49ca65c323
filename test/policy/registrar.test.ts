/** The registrar: whom it believes what, and for how long (RFC 3261 §10.3). */
import { describe, expect, it } from "vitest";
import { PLENTY } from "../../src/base/limits.ts";
import { CONTACT as CONTACT_FIELD, EXPIRES } from "../../src/message/header-names.ts";
import { BINDINGS_MAX } from "../../src/policy/phones/bindings.ts";
import { CONTACT, fromSecond, RegisterLab, register, SECOND, told } from "./register-lab.ts";

const ADDRESSES_MAX = PLENTY.bindings;

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

  it("an older REGISTER of the same Call-ID changes nothing in an outage, and is told so", () => {
    const lab = new RegisterLab();
    lab.learn(register({ contacts: q("0.5"), cseq: 5 }));
    expect(lab.answer(register({ contacts: q("0.3"), cseq: 3 })).status).toBe(500);
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

describe("limits", () => {
  it("an address-of-record keeps ten phones, the last first; a REGISTER with more gets 403 and changes nothing", () => {
    const lab = new RegisterLab({ unknown: "localnet" });
    const contacts = (count: number) =>
      Array.from({ length: count }, (_, index) => `<sip:201@10.222.237.${100 + index}>`);
    expect(lab.answer(register({ contacts: contacts(BINDINGS_MAX + 1) })).status).toBe(403);
    expect(lab.kept()).toEqual([]);
    expect(lab.answer(register({ contacts: contacts(BINDINGS_MAX) })).status).toBe(200);
    lab.answer(fromSecond());
    expect(lab.kept()).toHaveLength(BINDINGS_MAX);
    expect(lab.contacts()[0]).toBe(SECOND);
    expect(lab.contacts()).not.toContain("sip:201@10.222.237.100");
  });

  it("a Contact URI of 512 characters is remembered, a longer one is not", () => {
    const lab = new RegisterLab();
    const uri = (length: number) => `sip:201@10.222.237.21;x=${"y".repeat(length - "sip:201@10.222.237.21;x=".length)}`;
    lab.learn(register({ contacts: [`<${uri(513)}>`] }));
    expect(lab.kept()).toEqual([]);
    lab.learn(register({ contacts: [`<${uri(512)}>`] }));
    expect(lab.kept()).toHaveLength(1);
  });

  it("a full table takes no new numbers, but serves those that it has", () => {
    const lab = new RegisterLab({ unknown: "localnet" });
    for (let user = 0; user < ADDRESSES_MAX + 3; user++) lab.learn(register({ user: `u${user}` }));
    expect(lab.bindings.size).toBe(ADDRESSES_MAX);
    expect(lab.kept(`u${ADDRESSES_MAX - 1}@pbx.example.com`)).toHaveLength(1);
    expect(lab.kept(`u${ADDRESSES_MAX}@pbx.example.com`)).toEqual([]);
    expect(lab.answer(register({ user: `u${ADDRESSES_MAX}` })).status).toBe(503);
    lab.learn(fromSecond({ user: "u7" }));
    expect(lab.kept("u7@pbx.example.com")).toHaveLength(2);
  });
});

describe("what is promised", () => {
  const left_ms = (lab: RegisterLab) => (lab.kept()[0]?.expires_ms ?? Number.NaN) - lab.now_ms;

  it.each([
    ["what upstream grants the Contact", [`<${CONTACT}>;expires=90`], ["Expires: 50"], "70", 90],
    ["else its Expires", [`<${CONTACT}>`], ["Expires: 50"], "70", 50],
    ["else what the phone asked", [], [], "70", 70],
    ["else an hour", [], [], undefined, 3_600],
    ["never more than a day", [`<${CONTACT}>;expires=86401`], [], "70", 86_400],
  ])("%s", (_, granted, headers, expires, left_s) => {
    const lab = new RegisterLab();
    lab.learn(register(expires === undefined ? {} : { expires }), granted, headers);
    expect(left_ms(lab)).toBe(left_s * 1_000);
  });

  it.each([
    [";expires=30", "3600", 30],
    [";expires=x", "45", 45],
    [";expires=-1", "45", 45],
    ["", "4294967295", 86_400],
    ["", "4294967296", 3_600],
    ["", "12 s", 3_600],
    ["", "", 3_600],
  ])("a Contact with %j and Expires: %j is taken for %d s", (parameters, expires, left_s) => {
    const lab = new RegisterLab();
    lab.learn(register({ contacts: [`<${CONTACT}>${parameters}`], expires }));
    expect(left_ms(lab)).toBe(left_s * 1_000);
  });

  it("upstream grants 0: the phone is gone", () => {
    const lab = new RegisterLab();
    lab.learn(register());
    lab.learn(register({ cseq: 2 }), [`<${CONTACT}>;expires=0`]);
    expect(lab.kept()).toEqual([]);
  });

  it.each([
    [0, 60],
    [0.5, 56],
    [0.999, 51],
  ])("in an outage a minute, less up to 15 %%: chance says %d", (fraction, told_s) => {
    const lab = new RegisterLab({}, fraction);
    lab.learn(register());
    expect(told(lab.answer(register({ expires: "3600" })))).toEqual({ [CONTACT]: told_s });
    expect(told(lab.answer(register({ expires: "20", cseq: 2 })))).toEqual({ [CONTACT]: 20 });
  });

  it("what is promised in an outage is what is kept: a phone that leaves then doesn't ring for an hour after it", () => {
    const lab = new RegisterLab({}, 0.5);
    lab.learn(register({ expires: "3600" }));
    lab.answer(register({ expires: "3600", cseq: 2 }));
    expect(left_ms(lab)).toBe(56_000);
    lab.answer(register({ expires: "20", cseq: 3 }));
    expect(left_ms(lab)).toBe(20_000);
  });

  it("upstream's list drops what it lacks, unless it lists Contacts under other names", () => {
    const lab = new RegisterLab();
    lab.learn(register());
    lab.learn(fromSecond(), [`<sip:hidden@192.0.2.1>;expires=60`]);
    expect(lab.contacts()).toEqual([SECOND, CONTACT]);
    lab.learn(fromSecond(), [`<${SECOND}>;expires=60`]);
    expect(lab.contacts()).toEqual([SECOND]);
  });
});

describe("upstream's list and several Contacts", () => {
  it("one that was asked for and isn't listed is gone", () => {
    const lab = new RegisterLab();
    lab.learn(register({ contacts: [`<${CONTACT}>`, `<${SECOND}>`] }), [`<${SECOND}>;expires=60`]);
    expect(lab.contacts()).toEqual([SECOND]);
  });

  it("of phones behind one flow each is found by its user", () => {
    const lab = new RegisterLab();
    const other = "sip:205@10.222.237.21:5060;line=2";
    lab.learn(register());
    lab.learn(register({ user: "205", contacts: [`<${other}>`] }));
    const { source } = register();
    expect(lab.registrar.contactOf(source, "205")).toBe(other);
    expect(lab.registrar.contactOf(source, "201")).toBe(CONTACT);
    expect(lab.registrar.contactOf(source, "206")).toBeUndefined();
    expect(lab.registrar.contactOf(fromSecond().source, "201")).toBeUndefined();
  });
});

describe("throttle", () => {
  const superfluous = (granted_s: number, again = register({ cseq: 2 }), throttle = true) => {
    const lab = new RegisterLab({ throttle });
    lab.learn(register(), [`<${CONTACT}>;expires=${granted_s}`]);
    return lab.registrar.isSuperfluous(again, lab.now_ms);
  };

  it.each([
    ["more than two caps are left", superfluous(601), true],
    ["two caps are left", superfluous(600), false],
    ["it is switched off", superfluous(3_600, register(), false), false],
    ["the phone goes", superfluous(3_600, register({ expires: "0" })), false],
    ["the phone asks which there are", superfluous(3_600, register({ contacts: [] })), false],
    ["it comes from another address", superfluous(3_600, register({ from: "10.222.237.9" })), false],
    ["it comes from another port", superfluous(3_600, register({ port: 5061 })), false],
    ["one Contact is new", superfluous(3_600, register({ contacts: [`<${CONTACT}>`, `<${SECOND}>`] })), false],
    ["another number", superfluous(3_600, register({ user: "202" })), false],
  ])("%s", (_, is, wanted) => {
    expect(is).toBe(wanted);
  });

  it("the answer lists all phones, with the cap", () => {
    const lab = new RegisterLab({ throttle: true });
    lab.learn(register());
    lab.learn(fromSecond());
    expect(told(lab.registrar.confirm(register({ expires: "3600" }), lab.now_ms))).toEqual({
      [CONTACT]: 300,
      [SECOND]: 300,
    });
  });
});

describe("who waits for a turn after an outage", () => {
  function stale() {
    const lab = new RegisterLab();
    for (const user of ["u1", "u2"]) {
      lab.learn(register({ user }));
      lab.answer(register({ user }));
    }
    return { lab, waits: (user: string) => lab.isHeldBack(register({ user })) };
  }

  it("a phone that has been answered here does", () => {
    expect(stale().waits("u1")).toBe(true);
  });

  it("a phone that upstream has challenged needn't, until upstream has accepted it", () => {
    const { lab, waits } = stale();
    lab.registrar.noteChallenge(register({ user: "u1" }).request);
    expect([waits("u1"), waits("u2")]).toEqual([false, true]);
    lab.learn(register({ user: "u1" }));
    lab.answer(register({ user: "u1" }));
    expect(waits("u1")).toBe(true);
  });

  it("a phone that is new, or that upstream knows, needn't either", () => {
    const { lab, waits } = stale();
    lab.learn(register({ user: "u1" }));
    expect([waits("u1"), waits("u99")]).toEqual([false, false]);
  });
});

describe("who is known", () => {
  const INSTANCE = ';+sip.instance="<urn:uuid:1>"';
  const known = (routed = register(), unknown: "known" | "localnet" | "none" = "known") => {
    const lab = new RegisterLab({ unknown });
    lab.learn(register({ contacts: [`<${CONTACT}>${INSTANCE}`] }));
    lab.learn(register({ contacts: ["*"], expires: "0", cseq: 2 }));
    return lab.registrar.serves(routed);
  };

  it.each([
    ["the same source", known(), true],
    ["the same source, another port", known(register({ port: 40_000 })), true],
    ["the same instance elsewhere", known(fromSecond({ contacts: [`<${SECOND}>${INSTANCE}`] })), true],
    [
      "another instance elsewhere",
      known(fromSecond({ contacts: [`<${SECOND}>;+sip.instance="<urn:uuid:2>"`] })),
      false,
    ],
    ["another source", known(fromSecond()), false],
    ["another number", known(register({ user: "202" })), false],
    ["policy localnet", known(fromSecond(), "localnet"), true],
    ["policy none", known(register(), "none"), false],
  ])("%s", (_, is, wanted) => {
    expect(is).toBe(wanted);
  });

  it("who isn't gets 503, and no binding", () => {
    const lab = new RegisterLab();
    expect(lab.answer(register())).toEqual({
      status: 503,
      headers: expect.stringMatching(/^Retry-After: (?:[89]|1\d|20)\r\n$/),
    });
    expect(lab.bindings.size).toBe(0);
  });
});
