/** What a phone's or upstream's refusal means to a caller from the PSTN: reject keys, do not disturb (RFC 3261 §16.7). */
import { describe, expect, it } from "vitest";
import { answers, DESK, DID, finals, office, refuses, rings, wasCalled } from "./branch-office.ts";

describe("a member of a group refuses", () => {
  it.each([603, 606, 607])("%d: it is out with all its phones, and the others ring on until one answers", (status) => {
    const { site, gateway, teach, p32 } = office();
    teach({ p22: refuses(status), p23: [...rings, { status: 200, after_ms: 5_000 }] });
    gateway.invite(DID);
    site.run(10_000);
    expect(finals(gateway)).toEqual([200]);
    expect(p32.requests("CANCEL")).toHaveLength(1);
  });

  it.each(["serial", "round-robin"])("in a %s group the next one rings at once", (strategy) => {
    const { site, gateway, teach, p21, p22, p32 } = office({
      groups: `{default: {members: [202, 201], strategy: ${strategy}}}`,
    });
    teach({ p22: refuses(603), p21: answers });
    gateway.invite(DID);
    site.run(3_000);
    expect([wasCalled(p22), wasCalled(p32), wasCalled(p21)]).toEqual([true, true, true]);
    expect(finals(gateway)).toEqual([200]);
  });

  it.each(["parallel", "serial", "round-robin"])(
    "all of a %s group: the overflow rings, or else the caller gets 480",
    (strategy) => {
      for (const overflow of ["", ", overflow: 204"]) {
        const { site, gateway, teach } = office({
          groups: `{default: {members: [201, 203], strategy: ${strategy}${overflow}}}`,
        });
        teach({ p21: refuses(603), p23: refuses(607), p24: answers });
        gateway.invite(DID);
        site.run(6_000);
        expect(finals(gateway)).toEqual([overflow === "" ? 480 : 200]);
      }
    },
  );

  it("a member that the file gives as a URI is out alone too", () => {
    const { site, gateway, teach } = office({ groups: '{default: {members: ["sip:201@10.222.237.21", 203]}}' });
    teach({ p21: refuses(603), p23: answers });
    gateway.invite(DID);
    site.run(3_000);
    expect(finals(gateway)).toEqual([200]);
  });

  it("one is busy and the other declines: what was said to the caller is busy", () => {
    const { site, gateway, teach } = office({ groups: "{default: {members: [201, 203]}}" });
    teach({ p21: refuses(486), p23: refuses(603) });
    gateway.invite(DID);
    site.run(3_000);
    expect(finals(gateway)).toEqual([486]);
  });

  it.each([600, 604])("%d speaks for everybody, in an overflow too", (status) => {
    const { site, gateway, teach, p24 } = office({ groups: "{default: {members: [201, 203], overflow: 204}}" });
    teach({ p21: refuses(status) });
    gateway.invite(DID);
    site.run(3_000);
    expect(finals(gateway)).toEqual([status]);
    expect(wasCalled(p24)).toBe(false);
  });

  it.each(["parallel", "serial", "round-robin"])(
    "with decline: group a %s group is refused, and nothing follows",
    (strategy) => {
      const { site, gateway, teach, p24 } = office({
        groups: `{default: {members: [201, 203], strategy: ${strategy}, decline: group, overflow: 204}}`,
      });
      teach({ p21: refuses(603) });
      gateway.invite(DID);
      site.run(3_000);
      expect(finals(gateway)).toEqual([603]);
      expect(wasCalled(p24)).toBe(false);
    },
  );

  it.each([
    ["upstream-first", "inbound: upstream-first\n", false],
    ["in an outage", "", true],
  ])("%s it is the same", (_, more, dark) => {
    const { site, gateway, teach } = office({ more, dark, pbx: refuses(480) });
    teach({ p22: refuses(603), p23: answers });
    gateway.invite(DID);
    site.run(5_000);
    expect(finals(gateway)).toEqual([200]);
  });

  it("all phones of one extension outside a group stop together", () => {
    const { site, gateway, teach, p32 } = office();
    teach({ p22: refuses(603) });
    gateway.invite(DESK);
    site.run(3_000);
    expect(finals(gateway)).toEqual([603]);
    expect(p32.requests("CANCEL")).toHaveLength(1);
  });
});

describe("while somebody who has called for help may be called back", () => {
  const more = 'emergency: ["112"]\n';

  /** 204 has called 112. */
  function afterHelp(options: Parameters<typeof office>[0] = {}) {
    const all = office({ ...options, more: more + (options.more ?? "") });
    all.gateway.answers("INVITE", { status: 200 });
    all.p24.invite("sip:112@pbx.example.com");
    all.site.run(1_000);
    all.gateway.received.length = 0;
    return all;
  }

  it("a reject key on its phone doesn't stop the group", () => {
    const { site, gateway, teach } = afterHelp();
    teach({ p24: refuses(603), p23: answers });
    gateway.invite(DID);
    site.run(3_000);
    expect(finals(gateway)).toEqual([200]);
  });

  it.each([DID, DESK])("a reject key elsewhere doesn't stop its phone: %s", (uri) => {
    const { site, gateway, teach, p24 } = afterHelp();
    teach({
      p22: refuses(603),
      p21: refuses(603),
      p23: refuses(603),
      p24: [...rings, { status: 200, after_ms: 4_000 }],
    });
    gateway.invite(uri);
    site.run(6_000);
    expect(finals(gateway)).toEqual([200]);
    expect(p24.requests("ACK")).toHaveLength(1);
  });

  it("with decline: group neither", () => {
    const { site, gateway, teach } = afterHelp({ groups: "{default: {members: [201, 203], decline: group}}" });
    teach({ p21: refuses(603), p24: [...rings, { status: 200, after_ms: 4_000 }] });
    gateway.invite(DID);
    site.run(6_000);
    expect(finals(gateway)).toEqual([200]);
  });
});

describe("upstream's answer to a gateway's call, upstream-first", () => {
  it.each([401, 403, 407, 302, 300, 408, 480, 503])("%d leads to the group", (status) => {
    const { site, gateway, teach } = office({ more: "inbound: upstream-first\n", pbx: refuses(status) });
    teach({ p23: answers });
    gateway.invite(DID);
    site.run(4_000);
    expect(finals(gateway)).toEqual([200]);
  });
});
