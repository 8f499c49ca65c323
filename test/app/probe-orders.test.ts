/** The file's orders about probes: what they become, which are nonsense, and what check says of them. */
import { describe, expect, test } from "vitest";
import { describe as describeConfig } from "../../src/app/config/describe.ts";
import { faults, LEAST, load } from "./files.ts";

/** Without their places, which test/app/load-config-faults.test.ts has. */
const told = (text: string) => faults(text).map((fault) => fault.replace(/^\d+:\d+ /, ""));

const upstreamProbe = (probe: string) => `${LEAST}upstream: {targets: [sip:pbx.example.com], probe: ${probe}}\n`;

describe("orders", () => {
  test("a target takes what it doesn't say itself from all targets, a gateway from gateway_probe", () => {
    const { config, problems } = load(
      `${LEAST}upstream: {targets: [sip:a.example.com, {uri: sip:b.example.com, probe: {user: b}}], probe: {interval: 7s, max_forwards: 0}}
gateway_probe: {from: "sips:site@example.com", alive_codes: [200, 4xx]}
gateways: [sip:10.10.1.3, {uri: sip:10.10.1.4, probe: {octets: 1400}}]\n`,
    );
    expect(problems).toEqual([]);
    const { upstream, gateways } = config.site;
    expect(upstream.targets.map(({ text }) => text)).toEqual(["sip:a.example.com", "sip:b.example.com"]);
    expect(upstream.probe).toMatchObject({ interval_ms: 7_000, options: { user: undefined, maxForwards: 0 } });
    expect([...upstream.ownProbes]).toMatchObject([
      ["sip:b.example.com", { interval_ms: 7_000, options: { user: "b", maxForwards: 0 } }],
    ]);
    const aliveCodes = [
      { first: 200, last: 200 },
      { first: 400, last: 499 },
    ];
    expect(gateways.map(({ probe }) => probe)).toMatchObject([
      { interval_ms: 30_000, aliveCodes, options: { from: "sips:site@example.com", octets: undefined } },
      { interval_ms: 30_000, aliveCodes, options: { from: "sips:site@example.com", octets: 1_400 } },
    ]);
  });
});

describe("nonsense", () => {
  test.each([
    [
      "{from: branchline}",
      'upstream.probe.from: "branchline" is not a SIP URI for From; write it like sip:branchline@pbx.example.com',
    ],
    [
      "{from: 'tel:+49301234'}",
      'upstream.probe.from: "tel:+49301234" is not a SIP URI for From; write it like sip:branchline@pbx.example.com',
    ],
    [
      "{from: 'sip:a@b?Subject=x'}",
      'upstream.probe.from: "sip:a@b?Subject=x" is not a SIP URI for From; write it like sip:branchline@pbx.example.com',
    ],
    [
      "{from: 'sip:a\"<b@c'}",
      'upstream.probe.from: "sip:a"<b@c" is not a SIP URI for From; write it like sip:branchline@pbx.example.com',
    ],
    ["{user: a b}", 'upstream.probe.user: "a b" is not the user part of a SIP URI; write it like ping'],
    [
      "{user: 'sip:ping@pbx.example.com'}",
      'upstream.probe.user: "sip:ping@pbx.example.com" is not the user part of a SIP URI; write only ping',
    ],
    [
      "{user: ping@pbx.example.com}",
      'upstream.probe.user: "ping@pbx.example.com" is not the user part of a SIP URI; write only ping',
    ],
    ["{max_forwards: 256}", "upstream.probe.max_forwards: must be a whole number from 0 to 255"],
    ["{max_forwards: -1}", "upstream.probe.max_forwards: must be a whole number from 0 to 255"],
    ["{octets: 100}", "upstream.probe.octets: must be a whole number from 500 to 8000"],
    [
      "{alive_codes: []}",
      "upstream.probe.alive_codes: must name a status that is a sign of life, such as 200, or a class of them, such as 2xx",
    ],
    [
      "{alive_codes: [100]}",
      'upstream.probe.alive_codes[0]: "100" is no final status; write one from 200 to 699, or a class such as 2xx',
    ],
    [
      "{alive_codes: [200, 7xx]}",
      'upstream.probe.alive_codes[1]: "7xx" is no final status; write one from 200 to 699, or a class such as 2xx',
    ],
    [
      "{alive_codes: [200, [404]]}",
      "upstream.probe.alive_codes[1]: must be a final status, such as 200, or a class of them, such as 2xx",
    ],
    [
      "{alive_codes: [200, 503]}",
      "upstream.probe.alive_codes[1]: 503 is one of upstream.dead_codes, so it can't be a sign of life; take it out of one of them",
    ],
    ["{alive_code: 200}", "upstream.probe.alive_code: is not a key that branchline knows; did you mean alive_codes?"],
  ])("%s", (probe, fault) => {
    expect(told(upstreamProbe(probe))).toEqual([fault]);
  });

  test("a status of a target's own probe that is dead for all; a gateway has no dead codes", () => {
    const own = (codes: string) =>
      `${LEAST}upstream: {targets: {uri: sip:a.example.com, probe: {alive_codes: ${codes}}}, dead_codes: [480]}\n`;
    expect(told(own("[480]"))).toEqual([
      "upstream.targets.probe.alive_codes[0]: 480 is one of upstream.dead_codes, so it can't be a sign of life; take it out of one of them",
    ]);
    expect(told(own("[503, 4xx]"))).toEqual([]);
    expect(told(`${LEAST}gateways: [{uri: sip:10.10.1.3, probe: {alive_codes: 503}}]\n`)).toEqual([]);
  });

  test("a target as a mapping without a URI, or with another key", () => {
    expect(told(`${LEAST}upstream: [{probe: {user: a}}]\n`)).toEqual([
      'upstream[0]: lacks uri; add "uri: sip:pbx.example.com"',
    ]);
    expect(told(`${LEAST}upstream: [{uri: sip:a.example.com, hold: 5s}]\n`)).toEqual([
      "upstream[0].hold: is not a key of this mapping; write upstream: {hold: …}",
    ]);
  });
});

describe("check", () => {
  const said = (text: string) => describeConfig(load(text).config).split("\n");

  test("says nothing of orders that the file doesn't give", () => {
    expect(said(`${LEAST}upstream: sip:a.example.com\ngateways: [sip:10.10.1.3]\n`).join("\n")).not.toContain(
      "OPTIONS",
    );
  });

  test("says what is sent, and what counts as life: to all, to one target, to a gateway", () => {
    const lines = said(
      `${LEAST}upstream: {targets: [sip:a.example.com, {uri: sip:b.example.com, probe: {user: b}}], probe: {from: sip:x@example.com, max_forwards: 0}}
gateway_probe: {alive_codes: [200, 4xx]}
gateways: [sip:10.10.1.3, {uri: sip:10.10.1.4, name: two, probe: {octets: 1400, interval: 5s}}]\n`,
    );
    expect(lines).toContain("A probe of upstream is an OPTIONS request from sip:x@example.com, with Max-Forwards 0.");
    expect(lines).toContain(
      "Probes sip:b.example.com every 10 s by an OPTIONS request to the user b, from sip:x@example.com, with Max-Forwards 0.",
    );
    expect(lines).toContain(
      "A probe of a gateway is an OPTIONS request to which only 200, 400 to 499 is a sign of life.",
    );
    expect(lines).toContain(
      "Probes gateway two every 5 s by an OPTIONS request of 1400 octets, to which only 200, 400 to 499 is a sign of life.",
    );
  });
});
