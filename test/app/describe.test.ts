/** A configuration in words: what `branchline check` prints. */
import { expect, describe as suite, test } from "vitest";
import { describe } from "../../src/app/config/describe.ts";
import { spell, spoken } from "../../src/app/config/durations.ts";
import { LEAST, load, WHOLE } from "./files.ts";

const words = (text: string) => describe(load(text).config).trimEnd().split("\n");

suite("describe", () => {
  test("a whole file", () => {
    expect(words(WHOLE)).toEqual([
      "Listens on udp:10.222.237.1:5060, udp:[2001:db8:1::1]:5070.",
      "Tells peers of [2001:db8:1::1] that its address is branch.example.com:5070.",
      "Serves the phones in 10.222.237.0/24, 2001:db8:1::/64.",
      "Sends their requests to sip:pbx.example.com, then sip:198.51.100.7:5070, with the Request-URI unchanged.",
      "Probes upstream every 20 s.",
      "After an outage, calls go to upstream again once it has answered for 2 min; for longer if the link flaps, up to 1 h; after a restart in the outage, with upstream's first answer.",
      'If upstream doesn\'t answer a call within 3 s (1 s more for its further targets), or is known to be down, the phone gets 181 "Bitte warten".',
      "At the same time branchline redirects the phone to sip:10.10.1.3 (380).",
      "Outside numbers are all that no phone here has registered and the file doesn't name, such as extensions of other sites: the gateway gets them as they were dialled, unless a rule of the file rewrites them.",
      "Calls that name a gateway (sip:10.10.1.3, sip:10.10.1.4:5080) go there at once.",
      "Upstream may not dial out here: only its calls to emergency numbers reach a gateway.",
      "Calls from a gateway ring here at once, even while upstream is up; inbound: upstream-first asks upstream first.",
      "A call from a gateway to +49301234 rings sip:203@10.222.237.23 at once, for 30 s.",
      "A call from a gateway to 0815 rings sip:204@10.222.237.24 at once, for 30 s.",
      "A call from a gateway to a registered extension rings that extension.",
      "In an outage, a phone's call to +49301234 or 0815 rings that group too.",
      "A call from a gateway to any other number rings sip:201@10.222.237.21, sip:202@[2001:db8:1::22]:5062 at once, for 45 s.",
      "Other senders get 403.",
    ]);
  });

  test("what our own responses call this router", () => {
    expect(words(`${LEAST}server_header: branchline-01\n`)).toContain(
      "Calls itself branchline-01 in the field Server of its own responses.",
    );
  });

  test("what other requests get in an outage", () => {
    expect(words(LEAST).join()).not.toContain("In an outage,");
    expect(words(`${LEAST}outage_answers: {SUBSCRIBE: 489, presence: 200}\n`)).toContain(
      "In an outage, SUBSCRIBE gets 489, presence gets 200.",
    );
  });

  test("a phone at a gateway's address needs a port of its own: said of gateways near phones, warned of members", () => {
    const near = "gateways: [sip:10.222.237.3:5061, sip:192.0.2.3]\n";
    const group = (port: number) => `hunt_groups: {default: {members: ["sip:205@10.222.237.3:${port}", "201"]}}\n`;
    const line =
      "A phone at the address of gateway 10.222.237.3:5061, such as an analogue port of that device, is told from the gateway by its SIP port: give it another than 5061.";
    const about = words(`${LEAST}${near}${group(5061)}`).filter((one) => /^(A phone at|Warning)/.test(one));
    const [said = "", warned = ""] = about;
    expect(said).toBe(line);
    expect(warned).toMatch(
      /^Warning: Member sip:205@10\.222\.237\.3:5061 is at .*gateway 10\.222\.237\.3:5061.*another SIP port than 5061\.$/,
    );
    expect(words(`${LEAST}${near}${group(5060)}`).join("\n")).not.toContain("Warning");
    expect(words(`${LEAST}gateways: [sip:192.0.2.3]\n`).join("\n")).not.toContain("analogue");
    expect(words(`${LEAST}gateways: ["sip:10.222.237.3;transport=tcp"]\n`)).toContain(
      "A phone at the address of gateway 10.222.237.3, such as an analogue port of that device, is told from the gateway by its SIP port, or over TCP by the Contact that upstream has accepted: give it another than 5060.",
    );
  });

  test("forced down: nothing of probes and waits; phones that aren't known yet are warned of", () => {
    const forced = `${LEAST}upstream: {targets: sip:192.0.2.1, force: down}\ngateways: [sip:10.0.0.3]\n`;
    const text = words(forced).join("\n");
    expect(text).toContain("Forced down (upstream.force): this site works on its own.");
    expect(text).toMatch(
      /Warning: upstream\.force is down, and only phones .*; add registration: \{unknown: localnet\}\./,
    );
    expect(text).toContain('With each call to an outside number, the phone gets 181 "');
    expect(text).not.toMatch(/Sends their requests|Probes|After an outage|within 4 s/);
    const whole = words(`${forced}registration: {unknown: localnet}\n`).join("\n");
    expect(whole).not.toContain("Warning");
    expect(whole).toContain("\nAnswers the REGISTER of every phone in ");
    const up = words(forced.replace("force: down", "force: up")).join("\n");
    expect(up).toContain(
      "Forced up (upstream.force): sends the phones' requests to sip:192.0.2.1, whatever its probes say.",
    );
    expect(up).not.toContain("Warning");
  });

  test("what isn't as in a file that leaves it out is said: registrations, suffixes, rewriting, channels", () => {
    const text = words(
      `${LEAST}registration: {mode: contact, expires_cap: 120s, unknown: localnet}\nextensions: {suffix_digits: 3}\n` +
        'gateways: [{uri: sip:10.0.0.3, name: m800, channels: 8, rewrite: {called: [{match: "^0", replace: ""}]}}]\n',
    );
    const sentences = [
      "Registers phones at upstream with its own address as their Contact, without Path.",
      "Lets phones register for 2 min at the most.",
      "Sends at most 8 calls at once to m800.",
      'Rewrites numbers for m800, by the first rule that matches: "^0" to "".',
    ];
    for (const one of sentences) expect(text).toContain(one);
    expect(text.join("\n")).toContain("In an outage, answers the REGISTER of every phone in ");
    expect(text.join("\n")).toMatch(/Warning: extensions\.suffix_digits: 3 works both ways: .* rings that phone; use /);
    expect(words(LEAST).join("\n")).not.toMatch(/Registers|Lets phones|REGISTER|works both ways|at once to|Rewrites/);
  });

  test.each([
    ["long numbers", "5550201", false],
    ["short numbers", "201", true],
    ["numbers that one area code may end with", "70201", true],
  ])("suffix_digits: with members of %s", (_, member, isWarned) => {
    const text = `${LEAST}extensions: {suffix_digits: 3}\nhunt_groups: {default: {members: ["5550202", "${member}"]}}\n`;
    expect(words(text).join("\n").includes("works both ways")).toBe(isWarned);
  });

  test("drills on a schedule are told with their phones and times", () => {
    const text = `${LEAST}drill: {phones: [201, 202], at: [05:00, sun 05:00, 15 05:00]}\n`;
    const line = "On a schedule (05:00, Sun 05:00, 15 05:00), a drill of 201, 202 for 10 min.";
    expect(words(text).join(" ")).toContain(line);
    expect(words(`${LEAST}drill: {phones: all, for: 90s, at: 05:00}\n`).join(" ")).toContain(
      "a drill of all phones for 1 min 30 s",
    );
    expect(words(LEAST).join("\n")).not.toContain("drill");
  });

  test("whether upstream may dial out is said, where there is a gateway", () => {
    const text = `${LEAST}upstream: {targets: sip:192.0.2.1, may_dial_out: true}\n`;
    const line = "Upstream may dial out here: its calls to a gateway go there.";
    expect(words(`${text}gateways: [sip:10.0.0.3]\n`)).toContain(line);
    expect(words(text)).not.toContain(line);
    const closed = "Upstream may not dial out here: only its calls to emergency numbers reach a gateway.";
    expect(words(`${LEAST}gateways: [sip:10.0.0.3]\n`)).toContain(closed);
    expect(words(LEAST).join("\n")).not.toContain("dial out");
  });

  test("a gateway that is trusted with identities is named, and no other", () => {
    const gateways = "gateways: [{uri: sip:10.0.0.3, name: isdn, trusted: true}, {uri: sip:10.0.0.4, name: gsm}]\n";
    const line = "Trusts isdn with passwords and with the identity of callers who want privacy.";
    expect(words(`${LEAST}${gateways}`)).toContain(line);
    expect(words(`${LEAST}gateways: [sip:10.0.0.3]\n`).join("\n")).not.toContain("Trusts");
  });

  test("TLS: which certificate is shown, and who is believed", () => {
    const text = "listen: [tls:10.222.237.1]\nlocalnet: [10.222.237.0/24]\n";
    const shown = (more: string) => words(`${text}tls: {certificate: a.pem, key: a.key${more}}\n`)[1];
    expect(shown("")).toBe("Shows at a.pem over TLS; trusts Node's own authorities.");
    expect(shown(", ca: ca.pem, client_certificates: required")).toBe(
      "Shows at a.pem over TLS; trusts at ca.pem; phones must show a certificate.",
    );
    expect(shown(", wildcards: true")).toBe(
      "Shows at a.pem over TLS; trusts Node's own authorities; a wildcard may stand for the first label of a peer's name.",
    );
  });

  test("the least file says what it lacks", () => {
    expect(words(LEAST)).toEqual([
      "Listens on udp:10.222.237.1:5060.",
      "Serves the phones in 10.222.237.0/24.",
      "Sends their requests to the domain in each Request-URI, as DNS finds it.",
      "Probes upstream every 10 s.",
      "After an outage, calls go to upstream again once it has answered for 1 min; for longer if the link flaps, up to 10 min; after a restart in the outage, with upstream's first answer.",
      "Has no gateway: in an outage, calls to outside numbers get 480.",
      "Other senders get 403 on an address within the phones' networks, and no answer on any other.",
    ]);
  });

  test("relay names all gateways in order; without hunt groups calls from them get 404", () => {
    const text = words(`${LEAST}gateways: [sip:10.0.0.3, sip:10.0.0.4]\nsurvival: {answer: relay}\nstrangers: drop\n`);
    expect(text).toContain("1 s later branchline forwards the call to sip:10.0.0.3, then sip:10.0.0.4.");
    expect(text).toContain("A call from a gateway to any other number gets 404.");
    expect(text).toContain("Other senders get no answer.");
  });
});

suite("emergency numbers in words", () => {
  test.each([
    ["emergency: [112]", "Calls to 112 go to upstream only: there is no gateway."],
    [
      "gateways: [sip:10.0.0.3]\nemergency: {numbers: [112, 911], callback: 0s}",
      "Calls to 112, 911 always go to a gateway, and to upstream only if no gateway takes them; also with 0 or 9 in front (0112).",
    ],
    [
      "gateways: [sip:10.0.0.3]\nemergency: {numbers: [112], prefixes: [], callback: 0s}",
      "Calls to 112 always go to a gateway, and to upstream only if no gateway takes them.",
    ],
    [
      'gateways: [{uri: sip:10.0.0.3, channels: 2, rewrite: {called: [{match: "^1", replace: "01"}]}}]\n' +
        "emergency: {numbers: [112, 911], reserve: 1, preempt: true}",
      "Calls to 112, 911 always go to a gateway, and to upstream only if no gateway takes them; also with 0 or 9 in front (0112); 1 channel is kept free for them; the " +
        "youngest ordinary call makes room; for 1 h after one, calls from its gateway also ring the phone that made it; 112 leaves as 0112 at 10.0.0.3.",
    ],
  ])("%s", (text, expected) => {
    expect(words(`${LEAST}${text}\n`)).toContain(expected);
  });
});

suite("names and groups in words", () => {
  test("names that mean this router are told", () => {
    const line =
      "Is called branch.example.com, sip.example.com: a request that names one of these is meant for this router.";
    expect(words(`${LEAST}names: [Branch.example.com., sip.example.com]\n`)).toContain(line);
  });

  test("a group in which one phone declines for all says so", () => {
    const text = `${LEAST}hunt_groups: {"300": {members: ["201"], decline: group}}\n`;
    expect(words(text).join("\n")).toContain("at once, for 30 s; one that declines (603) declines for all.");
  });
});

suite("a duration", () => {
  test.each([
    [0, "0s", "0 s"],
    [1, "1ms", "1 ms"],
    [1_500, "1500ms", "1.5 s"],
    [4_000, "4s", "4 s"],
    [90_000, "90s", "1 min 30 s"],
    [60_000, "1m", "1 min"],
    [3_600_000, "1h", "1 h"],
    [5_400_000, "90m", "1 h 30 min"],
    [86_400_000, "24h", "24 h"],
  ])("of %i ms is %s in the file, and %s in a sentence", (duration_ms, written, said) => {
    expect(spell(duration_ms)).toBe(written);
    expect(spoken(duration_ms)).toBe(said);
  });
});
