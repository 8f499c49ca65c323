/** Emergency calls that don't come from a phone in the phones' network alone: from a gateway's box, from upstream, in a loop. */
import { describe, expect, it } from "vitest";
import { header, requestUriOf, statusOf, uriIn } from "../sip/message.ts";
import type { Actor } from "../support/actor.ts";
import { GATEWAY, PBX, PHONE, Site, WAN } from "../support/site.ts";

const DOMAIN = "pbx.example.com";
const YAML = `
listen: [udp:10.222.237.1:5060, udp:203.0.113.2:5060]
localnet: [10.222.237.0/24]
upstream: sip:${DOMAIN}
gateways: [sip:10.10.1.3]
emergency: ["112", "911"]
hunt_groups: {default: {members: ["201"]}}
`;
const SECOND = { address: "10.10.1.4", port: 5060 };
const FXS = { address: GATEWAY.address, port: 5062 };
const TWO = "gateways: [sip:10.10.1.3, sip:10.10.1.4]\n";
const TALK = { status: 200, after_ms: 50 };

function office(more: { readonly gateways?: string; readonly rest?: string } = {}) {
  const { gateways = "gateways: [sip:10.10.1.3]\n", rest = "" } = more;
  const site = new Site(YAML.replace(/gateways.*\n/, gateways) + rest);
  site.names.set(DOMAIN, [PBX]);
  const pbx = site.actor("pbx", PBX, WAN).answers("INVITE", TALK).answers("REGISTER", { status: 200 });
  const gateway = site.actor("gateway", GATEWAY).answers("INVITE", TALK);
  const second = site.actor("second", SECOND).answers("INVITE", TALK);
  const phone = site.actor("201", PHONE).answers("INVITE", TALK);
  site.run(1_000);
  phone.request("REGISTER", `sip:${DOMAIN}`);
  site.run(500);
  phone.received.length = 0;
  return { site, pbx, gateway, second, phone };
}

const invites = (actor: Actor) => actor.requests("INVITE").map(({ message }) => requestUriOf(message));
const finals = (actor: Actor) =>
  actor.received.map(({ message }) => statusOf(message)).filter((status) => status >= 200);
const isDown = (site: Site) => site.status().upstream[0]?.state === "down";
function cutOff(site: Site): void {
  site.simulation.silence(PBX);
  for (let step = 0; step < 200 && !isDown(site); step++) site.run(500);
}

const NUMBERS = [
  "sip:112@10.222.237.1",
  `sip:0112@${DOMAIN}`,
  "tel:112",
  "urn:service:sos.fire",
  "sips:112@10.222.237.1",
];

describe("an analogue port of a gateway's own box", () => {
  it.each(NUMBERS)("that upstream has accepted calls %s like any phone", (uri) => {
    for (const isOutage of [false, true]) {
      const { site, gateway, phone } = office();
      const fxs = site.actor("205", FXS);
      fxs.request("REGISTER", `sip:${DOMAIN}`);
      site.run(500);
      if (isOutage) cutOff(site);
      fxs.invite(uri);
      site.run(1_000);
      expect([invites(gateway), finals(fxs).slice(1), invites(phone)]).toEqual([["sip:112@10.10.1.3"], [200], []]);
    }
  });

  it.each(NUMBERS)("that nobody knows calls %s all the same, and no phone rings", (uri) => {
    for (const at of [FXS, GATEWAY]) {
      const { site, gateway, second, phone } = office({ gateways: TWO });
      const fxs = at === GATEWAY ? gateway : site.actor("205", at);
      fxs.invite(uri);
      site.run(1_000);
      // Another box is asked first.
      expect([invites(gateway), invites(second), finals(fxs)]).toEqual([[], ["sip:112@10.10.1.4"], [200]]);
      expect(invites(phone)).toEqual([]);
    }
  });

  it("that nobody knows gets upstream when no gateway takes the call, and no challenge, which it couldn't answer", () => {
    const { site, pbx, gateway } = office();
    const fxs = site.actor("205", FXS);
    gateway.answers("INVITE", { status: 503 });
    fxs.invite("sip:112@10.222.237.1");
    site.run(1_000);
    expect([invites(pbx), finals(fxs)]).toEqual([["sip:112@pbx.example.com"], [200]]);
    pbx.answers("INVITE", { status: 407 });
    fxs.invite("sip:112@10.222.237.1");
    site.run(1_000);
    expect(finals(fxs)).toEqual([200, 480]);
  });

  it("that nobody knows isn't called back: what rang would be the gateway itself", () => {
    const { site, gateway, phone } = office();
    const fxs = site.actor("205", FXS).answers("INVITE", TALK);
    fxs.invite("sip:112@10.222.237.1");
    site.run(1_000);
    gateway.invite("sip:5550100@10.222.237.1");
    site.run(1_000);
    expect([invites(fxs), invites(phone).length]).toEqual([[], 1]);
  });
});

describe("a gateway that sends our emergency calls back as calls of its own", () => {
  /** Each INVITE that it gets comes back, with a Call-ID of its own. */
  function bounce(site: Site, box: Actor, early: boolean): void {
    box.answers("INVITE", ...(early ? [TALK] : [{ status: 180, after_ms: 10 }]));
    const hear = box.onDatagram.bind(box);
    box.onDatagram = (wire) => {
      hear(wire);
      if (wire.startsWith("INVITE ")) site.at(20, () => box.invite("sip:112@10.222.237.1"));
    };
  }

  it.each([
    ["rings meanwhile", false],
    ["answers at once", true],
  ] as const)("and %s: four times at most, then it is told so, and the log names the cure", (_, early) => {
    const { site, gateway, phone } = office();
    bounce(site, gateway, early);
    phone.invite(`sip:112@${DOMAIN}`);
    site.run(600_000);
    expect(invites(gateway)).toHaveLength(4);
    expect(header(gateway.got(482), "reason")).toContain("sends emergency calls back");
    const lines = site.events.filter(({ event }) => event === "emergency_loop");
    expect(lines.map(({ fields }) => fields["gateway"])).toEqual([GATEWAY.address]);
  });

  it("and another gateway takes the call at its first return", () => {
    const { site, gateway, second, phone } = office({
      gateways: "gateways: [sip:10.10.1.3, {uri: sip:10.10.1.4, priority: 2}]\n",
    });
    bounce(site, gateway, false);
    phone.invite(`sip:112@${DOMAIN}`);
    site.run(2_000);
    expect([invites(gateway).length, invites(second).length]).toEqual([1, 1]);
  });

  it("two of them, and upstream that sends them back as well: it ends", () => {
    const { site, pbx, gateway, second, phone } = office({ gateways: TWO });
    for (const box of [gateway, second, pbx]) bounce(site, box, false);
    pbx.answers("INVITE", { status: 503, after_ms: 30 });
    phone.invite(`sip:112@${DOMAIN}`);
    site.run(600_000);
    const asked = () => invites(gateway).length + invites(second).length + invites(pbx).length;
    const before = asked();
    site.run(600_000);
    expect(before).toBeLessThan(40);
    expect(asked()).toBe(before);
  });

  it("room is there again once those calls are over", () => {
    const { site, gateway } = office();
    const fxs = site.actor("205", FXS);
    for (let call = 0; call < 5; call++) fxs.invite("sip:112@10.222.237.1");
    site.run(1_000);
    expect([invites(gateway).length, fxs.responses(482).length]).toEqual([3, 2]);
    fxs.inDialog("BYE", fxs.got(200, "INVITE"), 2);
    site.run(500);
    fxs.invite("sip:112@10.222.237.1");
    site.run(500);
    expect(invites(gateway)).toHaveLength(4);
  });
});

describe("upstream sends the branch's emergency call to us", () => {
  it.each([
    ["to our gateway", "sip:112@10.10.1.3", []],
    ["to our address", "sip:112@203.0.113.2", []],
    ["to our address on the other side, with our Route", "sip:112@10.222.237.1:5060", ["Route: <sip:203.0.113.2;lr>"]],
    ["at its own host, with our Route", `sip:112@${DOMAIN}`, ["Route: <sip:203.0.113.2;lr>"]],
    ["to another phone's address", "sip:112@10.222.237.77", []],
    ["with an outside prefix", "sip:9112@203.0.113.2", []],
    ["as a tel URI", "tel:112", ["Route: <sip:203.0.113.2;lr>"]],
    ["as a service URN", "urn:service:sos.police", []],
    ["as sips", "sips:112@203.0.113.2", []],
    ["with Require: 100rel", "sip:112@203.0.113.2", ["Require: 100rel"]],
  ])("%s: a gateway gets it, though upstream may not dial out, and it never goes up again", (_, uri, headers) => {
    const { site, pbx, gateway, phone } = office();
    pbx.invite(uri, headers);
    site.run(1_000);
    expect([invites(gateway), finals(pbx)]).toEqual([["sip:112@10.10.1.3"], [200]]);
    gateway.answers("INVITE", { status: 503 });
    pbx.invite(uri, headers);
    site.run(1_000);
    expect([finals(pbx), invites(pbx), invites(phone)]).toEqual([[200, 480], [], []]);
  });

  it("but what it sends to a phone that is called 112 is that phone's: down its Path, or at its address", () => {
    const { site, pbx, gateway } = office();
    const elevator = site.actor("112", { address: "10.222.237.41", port: 5060 }).answers("INVITE", TALK);
    elevator.request("REGISTER", `sip:${DOMAIN}`);
    site.run(500);
    const path = uriIn(header(pbx.seen("REGISTER", 1), "path"));
    pbx.invite("sip:112@10.222.237.41:5060", [`Route: <${path}>`]);
    pbx.invite("sip:112@10.222.237.41:5060");
    site.run(1_000);
    expect([invites(elevator).length, invites(gateway)]).toEqual([2, []]);
  });

  it("any other number that it sends to our gateway gets 403", () => {
    const { site, pbx, gateway } = office();
    pbx.invite("sip:1120@10.10.1.3");
    site.run(500);
    expect([finals(pbx), invites(gateway)]).toEqual([[403], []]);
  });

  it("and not the domain that a phone has named, where the file names no upstream", () => {
    const site = new Site(YAML.replace(/upstream.*\n/, ""));
    site.names.set(DOMAIN, [PBX]);
    const pbx = site.actor("pbx", PBX, WAN).answers("REGISTER", { status: 200 });
    const gateway = site.actor("gateway", GATEWAY).answers("INVITE", TALK);
    site.actor("201", PHONE).request("REGISTER", `sip:${DOMAIN}`);
    site.run(1_000);
    for (const uri of ["sip:112@203.0.113.2", "sips:112@203.0.113.2", "urn:service:sos"]) pbx.invite(uri);
    site.run(1_000);
    expect(invites(gateway)).toEqual([]);
    expect(finals(pbx).every((status) => status >= 400)).toBe(true);
  });
});

describe("a To tag", () => {
  it("of the emergency call itself leads within that call, before and after a restart", () => {
    const { site, gateway, phone } = office();
    phone.invite(`sip:112@${DOMAIN}`);
    site.run(500);
    const answer = phone.got(200, "INVITE");
    const again = new Site(YAML);
    again.names.set(DOMAIN, [PBX]);
    const box = again.actor("gateway", GATEWAY).answers("INVITE", TALK);
    const caller = again.actor("201", PHONE);
    again.run(1_000);
    phone.inDialog("INVITE", answer, 2);
    caller.inDialog("INVITE", answer, 2);
    site.run(500);
    again.run(500);
    for (const all of [site, again]) {
      const calls = all.events.filter(({ event }) => event === "emergency_call").length;
      expect(calls).toBe(all === site ? 1 : 0);
    }
    expect([gateway.requests("INVITE").length, box.requests("INVITE").length]).toEqual([2, 1]);
  });
});

describe("a number of this site behind an outside prefix keeps its calls", () => {
  it.each([
    ["an alias", "extensions: {aliases: {0112: 201}}\n"],
    ["an extension with a forward", 'extensions: {forward: {"0112": {no_answer: "201"}}}\n'],
    ["a member of a group", 'hunt_groups: {default: {members: ["201", "0112"]}}\n'],
    ["a group", 'hunt_groups: {"0112": {members: ["201"]}}\n'],
  ])("%s", (_, rest) => {
    const site = new Site(YAML.replace(/hunt_groups.*\n/, rest));
    site.names.set(DOMAIN, [PBX]);
    const pbx = site.actor("pbx", PBX, WAN).answers("INVITE", TALK);
    const gateway = site.actor("gateway", GATEWAY).answers("INVITE", TALK);
    const phone = site.actor("202", PHONE);
    site.run(1_000);
    phone.invite(`sip:0112@${DOMAIN}`);
    phone.invite(`sip:9112@${DOMAIN}`);
    site.run(500);
    expect([invites(pbx), invites(gateway)]).toEqual([[`sip:0112@${DOMAIN}`], ["sip:112@10.10.1.3"]]);
  });
});
