/** Interfaces come, go and change their address: a WAN by DHCP or PPPoE, an address that VRRP lends. */
import { describe, expect, it } from "vitest";
import { header, headers, methodOf, requestUriOf } from "../sip/message.ts";
import type { Address } from "../support/simulation.ts";
import { GATEWAY, LAN, PBX, PHONE, PHONE_2, Site } from "../support/site.ts";

const YAML = `
listen: [udp:10.222.237.1:5060, udp:pppoe0:5060]
localnet: [10.222.237.0/24]
upstream: sip:198.51.100.10
gateways: [sip:10.10.1.3]
`;
const NUMBER = "sip:5551234@pbx.example.com";
const UPSTREAM = "198.51.100.10";
const FIRST: Address = { address: "203.0.113.2", port: 5060 };
const SECOND: Address = { address: "192.0.2.77", port: 5060 };

function office() {
  const site = new Site(YAML);
  let wan: string | undefined;
  site.routes = (address) => (/^10\./.test(address) ? LAN.address : wan);
  const move = (address: string | undefined) => {
    wan = address;
    site.move("pppoe0", address);
  };
  const phone = site.actor("201", PHONE);
  const other = site.actor("202", PHONE_2);
  const answer = [{ status: 180 }, { status: 200, after_ms: 300 }];
  const gateway = site.actor("gateway", GATEWAY).answers("INVITE", ...answer);
  const pbx = site.actor("pbx", PBX, FIRST).answers("INVITE", ...answer);
  pbx.answers("REGISTER", { status: 200 });
  move(FIRST.address);
  site.run(1_000);
  return { site, phone, other, gateway, pbx, move };
}

const edges = (site: Site) => site.edges(UPSTREAM).map(({ at_ms, to }) => `${at_ms} ${to}`);

describe("a WAN interface whose address changes", () => {
  it("names the address of the moment in Via, Record-Route and Path", () => {
    const { site, phone, pbx, move } = office();
    phone.request("REGISTER", "sip:pbx.example.com");
    site.run(100);
    expect(header(pbx.seen("REGISTER"), "via")).toContain("UDP 203.0.113.2:5060;");
    expect(header(pbx.seen("REGISTER"), "path")).toContain("@203.0.113.2:5060;lr>");
    move(SECOND.address);
    site.run(100);
    phone.request("REGISTER", "sip:pbx.example.com");
    phone.invite(NUMBER);
    site.run(1_000);
    expect(header(pbx.seen("REGISTER", 1), "path")).toContain("@192.0.2.77:5060;lr>");
    expect(header(pbx.seen("INVITE"), "via")).toContain("UDP 192.0.2.77:5060;");
    expect(headers(pbx.seen("INVITE"), "record-route").join()).toContain("@192.0.2.77:5060;lr>");
    expect(phone.responses(200, "INVITE")).toHaveLength(1);
  });

  it("upstream is up again as soon as it answers from the new address: no hold for what was our own doing", () => {
    const { site, move } = office();
    move(undefined);
    site.run(20_000);
    move(SECOND.address);
    site.run(1_000);
    expect(edges(site)).toEqual(["10 up", "1000 down", "21010 up"]);
  });

  it("calls that wait for upstream when the address goes are rescued at once, and later ones don't wait", () => {
    const { site, phone, other, move } = office();
    site.simulation.silence(PBX);
    phone.invite(NUMBER);
    site.run(500);
    move(undefined);
    site.run(10);
    expect(phone.responses(181).map(({ at_ms }) => at_ms)).toEqual([1_505]);
    other.invite(NUMBER);
    site.run(2_000);
    expect(other.got(302)).toBeDefined();
  });

  it("an upstream that doesn't answer from the new address has to prove itself like any other", () => {
    const { site, pbx, move } = office();
    move(undefined);
    site.run(5_000);
    site.simulation.silence(PBX);
    move(SECOND.address);
    site.run(60_000);
    site.simulation.silence(PBX, false);
    site.run(20_000);
    expect(pbx.requests("INVITE")).toHaveLength(0);
    expect(edges(site).map((edge) => edge.split(" ")[1])).toEqual(["up", "down", "recovering"]);
  });

  it("a line that loses its address again and again is mistrusted after three times", () => {
    const { site, move } = office();
    for (let turn = 0; turn < 4; turn++) {
      move(undefined);
      site.run(2_000);
      move(turn % 2 === 0 ? SECOND.address : FIRST.address);
      site.run(8_000);
    }
    const states = edges(site).map((edge) => edge.split(" ")[1]);
    expect(states.slice(0, 7)).toEqual(["up", "down", "up", "down", "up", "down", "up"]);
    expect(states.slice(7)).not.toContain("up");
  });

  it("an error that comes just before the address is seen to be gone is its doing", () => {
    const { site, phone, move } = office();
    site.routes = (address) => (/^10\./.test(address) ? LAN.address : undefined);
    site.core.locator.forgetRoutes();
    phone.invite(NUMBER);
    site.run(700);
    expect(edges(site).map((edge) => edge.split(" ")[1])).toEqual(["up", "suspect", "down"]);
    site.routes = (address) => (/^10\./.test(address) ? LAN.address : SECOND.address);
    move(undefined);
    site.run(300);
    site.routes = (address) => (/^10\./.test(address) ? LAN.address : SECOND.address);
    move(SECOND.address);
    site.run(100);
    expect(edges(site).map((edge) => edge.split(" ")[1])).toEqual(["up", "suspect", "down", "up"]);
  });
});

describe("calls that are up", () => {
  it("between the LAN and the gateway nothing happens to them", () => {
    const { site, phone, gateway, move } = office();
    phone.invite("sip:5551234@10.10.1.3");
    site.run(1_000);
    move(SECOND.address);
    site.run(100);
    move(undefined);
    site.run(100);
    phone.inDialog("BYE", phone.got(200, "INVITE"), 2);
    site.run(100);
    expect(gateway.requests("BYE")).toHaveLength(1);
    expect(phone.responses(200, "BYE")).toHaveLength(1);
  });

  it("a phone's BYE finds its way to upstream, though the Route set names the old address", () => {
    const { site, phone, pbx, move } = office();
    phone.invite(NUMBER);
    site.run(1_000);
    move(SECOND.address);
    site.run(100);
    const answer = phone.got(200, "INVITE");
    expect(headers(answer, "record-route").join()).toContain("@203.0.113.2:5060");
    phone.inDialog("BYE", answer, 2);
    site.run(100);
    expect(headers(pbx.seen("BYE"), "route")).toEqual([]);
    expect(phone.responses(200, "BYE")).toHaveLength(1);
  });

  it("nobody else's Route entry passes for ours", () => {
    const { site, phone, pbx, move } = office();
    phone.invite(NUMBER);
    site.run(1_000);
    const answer = phone.got(200, "INVITE");
    const forged = headers(answer, "record-route").map((value) => value.replace(/[0-9a-z](@203)/, "_$1"));
    move(SECOND.address);
    site.run(100);
    const bye = { ...answer, headers: new Map([...answer.headers, ["record-route", forged]]) };
    phone.inDialog("BYE", bye, 2);
    site.run(100);
    expect(pbx.requests("BYE")).toHaveLength(0);
  });
});

describe("at the start", () => {
  it("without an address nobody waits for upstream, and calls go up as soon as there is one", () => {
    const site = new Site(YAML);
    site.routes = (address) => (/^10\./.test(address) ? LAN.address : undefined);
    const phone = site.actor("201", PHONE);
    const pbx = site.actor("pbx", PBX, FIRST).answers("INVITE", { status: 486 });
    site.run(60_000);
    phone.invite(NUMBER);
    site.run(1_500);
    expect(phone.received.map(({ message }) => message.startLine.split(" ")[1])).toEqual(["100", "181", "302"]);
    site.routes = (address) => (/^10\./.test(address) ? LAN.address : FIRST.address);
    site.move("pppoe0", FIRST.address);
    site.run(1_000);
    phone.invite(NUMBER);
    site.run(1_000);
    expect(pbx.requests("INVITE").map(({ message }) => `${methodOf(message)} ${requestUriOf(message)}`)).toHaveLength(
      1,
    );
  });
});

describe("an address that another router has for now (VRRP)", () => {
  const VRRP = YAML.replace("udp:pppoe0:5060", "udp:203.0.113.2:5060");

  it("comes back: upstream is up at once, and a BYE of before passes", () => {
    const site = new Site(VRRP);
    let wan: string | undefined = FIRST.address;
    site.routes = (address) => (/^10\./.test(address) ? LAN.address : wan);
    const phone = site.actor("201", PHONE);
    const pbx = site.actor("pbx", PBX, FIRST).answers("INVITE", { status: 200 });
    site.run(1_000);
    phone.invite(NUMBER);
    site.run(1_000);
    wan = undefined;
    site.move(FIRST.address, undefined);
    site.run(30_000);
    wan = FIRST.address;
    site.move(FIRST.address, FIRST.address);
    site.run(1_000);
    phone.inDialog("BYE", phone.got(200, "INVITE"), 2);
    site.run(1_000);
    expect(pbx.requests("BYE")).toHaveLength(1);
    expect(edges(site)).toEqual(["10 up", "2000 down", "32010 up"]);
  });
});
