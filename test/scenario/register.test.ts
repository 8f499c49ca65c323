/** REGISTER goes up with a Path, and what comes down the Path reaches the phone (RFC 3327). */
import { describe, expect, it } from "vitest";
import { responseText } from "../sip/build.ts";
import { header, headers, statusOf } from "../sip/message.ts";
import { expectLadder } from "../support/ladder.ts";
import { LAN, PBX, PHONE, SITE_YAML, Site, STRANGER, WAN } from "../support/site.ts";

const DOMAIN = "sip:pbx.example.com";

/** A phone that has registered, and the Path that the PBX has seen. */
function registered(yaml = SITE_YAML) {
  const site = new Site(yaml);
  const phone = site.actor("phone", PHONE);
  const pbx = site.actor("pbx", PBX, WAN);
  pbx.answers("REGISTER", { status: 200, extra: [`Contact: <sip:phone@${PHONE.address}>;expires=300`] });
  phone.request("REGISTER", DOMAIN);
  site.run(200);
  const path = header(pbx.seen("REGISTER"), "path");
  return { site, phone, pbx, path };
}

describe("REGISTER while upstream is up", () => {
  it("gets Path with the WAN side's address and Supported: path, and its 200 comes back", () => {
    const { site, phone, pbx, path } = registered();
    const seen = pbx.seen("REGISTER");
    expect(path).toMatch(/^<sip:p~u~10\.222\.237\.1~5060~10\.222\.237\.21~5060~[\w-]+@203\.0\.113\.2:5060;lr>$/);
    expect(header(seen, "supported")).toBe("path");
    expect(header(seen, "record-route")).toBe("");
    expect(phone.responses(200)).toHaveLength(1);
    expectLadder("register", site.ladder());
  });

  it("the same phone gets the same Path each time", () => {
    const { site, phone, pbx, path } = registered();
    phone.request("REGISTER", DOMAIN);
    site.run(100);
    expect(header(pbx.seen("REGISTER", 1), "path")).toBe(path);
  });

  it.each([
    ["none yet", [], ["path"]],
    ["others", ["Supported: outbound, gruu"], ["outbound, gruu, path"]],
    ["path already", ["Supported: 100rel,PATH"], ["100rel,PATH"]],
    ["empty", ["Supported:"], ["path"]],
    ["compact", ["k: gruu"], ["gruu, path"]],
  ])("Supported with %s", (_, given, wanted) => {
    const site = new Site();
    const phone = site.actor("phone", PHONE);
    const pbx = site.actor("pbx", PBX);
    phone.request("REGISTER", DOMAIN, given);
    site.run(100);
    expect(headers(pbx.seen("REGISTER"), "supported")).toEqual(wanted);
  });

  it("a phone's own Path stays below ours", () => {
    const site = new Site();
    const phone = site.actor("phone", PHONE);
    const pbx = site.actor("pbx", PBX);
    phone.request("REGISTER", DOMAIN, ["Path: <sip:inner.example.com;lr>"]);
    site.run(100);
    const paths = headers(pbx.seen("REGISTER"), "path");
    expect(paths).toHaveLength(2);
    expect(paths[1]).toBe("<sip:inner.example.com;lr>");
  });

  it.each([401, 403, 423])("upstream's %d passes", (status) => {
    const site = new Site();
    const phone = site.actor("phone", PHONE);
    site.actor("pbx", PBX).answers("REGISTER", { status, extra: ['WWW-Authenticate: Digest realm="x"'] });
    phone.request("REGISTER", DOMAIN);
    site.run(100);
    expect(header(phone.got(status), "www-authenticate")).toBe('Digest realm="x"');
  });
});

describe("REGISTER while upstream is silent or down", () => {
  it("gets 503 with Retry-After at fr_timer: no code that parks phones", () => {
    const site = new Site();
    const phone = site.actor("phone", PHONE);
    site.actor("pbx", PBX);
    site.run(100);
    site.simulation.silence(PBX);
    phone.request("REGISTER", DOMAIN);
    site.run(5_000);
    expectLadder("register-silent", site.ladder());
  });

  it("a 100 and then silence is silence all the same, and nobody is cancelled (§9.1)", () => {
    const site = new Site();
    const phone = site.actor("phone", PHONE);
    const pbx = site.actor("pbx", PBX);
    pbx.answers("REGISTER", { status: 100 });
    phone.request("REGISTER", DOMAIN);
    site.run(40_000);
    expect(phone.responses(503)).toHaveLength(1);
    expect(pbx.requests("CANCEL")).toEqual([]);
  });

  it("gets it at once when upstream is known to be down", () => {
    const site = new Site();
    const phone = site.actor("phone", PHONE);
    site.simulation.silence(PBX);
    site.run(30_000);
    phone.request("REGISTER", DOMAIN);
    site.run(11);
    expect(header(phone.got(503), "retry-after")).toBe("20");
  });
});

describe("RFC 3327 §5.3: requests down the Path", () => {
  it("reach the phone at the address that it registered from, in both directions of the call", () => {
    const { site, phone, pbx, path } = registered();
    phone.answers("INVITE", { status: 180, after_ms: 20 }, { status: 200, after_ms: 500 });
    pbx.request("INVITE", "sip:phone@10.222.237.21:5060", [`Route: ${path}`]);
    site.run(1_000);
    phone.inDialogAsCallee("BYE", phone.seen("INVITE"), 1);
    site.run(1_000);
    expectLadder("path-call", site.ladder());
  });

  it("reach it even when its Contact is wrong: the flow counts, not the Request-URI", () => {
    const { site, phone, pbx, path } = registered();
    pbx.request("MESSAGE", "sip:phone@192.168.99.99:1234", [`Route: ${path}`]);
    site.run(100);
    expect(phone.requests("MESSAGE")).toHaveLength(1);
  });

  it("the Path still works after a restart, and for whoever has learned it from the registrar", () => {
    const { path } = registered();
    const site = new Site();
    const phone = site.actor("phone", PHONE);
    phone.answers("INVITE", { status: 200 });
    const other = site.actor("other", { address: "198.51.100.77", port: 5060 }, WAN);
    other.request("INVITE", "sip:phone@10.222.237.21:5060", [`Route: ${path}`]);
    site.run(200);
    expect(statusOf(other.got(200))).toBe(200);
  });

  it("a forged token gets nothing: not the phone, not an answer", () => {
    const { site, phone, path } = registered();
    const stranger = site.actor("stranger", STRANGER, WAN);
    const forged = [
      path.replace("~10.222.237.21~", "~10.222.237.22~"),
      path.replace(/[\w-]@/, "X@"),
      path.replace(/~mac[^@]*@/, "@"),
      "<sip:p~u~~~~~@203.0.113.2:5060;lr>",
      "<sip:203.0.113.2:5060;lr>",
    ];
    for (const route of forged) stranger.request("INVITE", "sip:phone@10.222.237.21:5060", [`Route: ${route}`]);
    site.run(10_000);
    expect(stranger.received).toEqual([]);
    expect(phone.requests("INVITE")).toEqual([]);
  });
});

describe("an upstream that knows no Path", () => {
  it("calls the phone's own Contact through us", () => {
    const { site, phone, pbx } = registered();
    phone.answers("INVITE", { status: 200 });
    pbx.invite("sip:phone@10.222.237.21:5060");
    site.run(200);
    expect(pbx.responses(200)).toHaveLength(1);
  });

  it("may not relay elsewhere", () => {
    const { site, pbx } = registered();
    pbx.invite("sip:somebody@192.0.2.99");
    site.run(200);
    expect(pbx.responses(403)).toHaveLength(1);
  });
});

describe("without `upstream`, the Request-URI's own domain is upstream", () => {
  const yaml = SITE_YAML.replace(/upstream.*\n/, "");

  it("found by DNS, with a state of its own for each domain", () => {
    const site = new Site(yaml);
    site.names.set("pbx.example.com", [{ address: PBX.address, port: 5060 }]);
    site.names.set("other.example.com", [{ address: "198.51.100.44", port: 5080 }]);
    const phone = site.actor("phone", PHONE);
    const pbx = site.actor("pbx", PBX, WAN);
    const other = site.actor("other", { address: "198.51.100.44", port: 5080 });
    pbx.answers("REGISTER", { status: 200 });
    other.answers("INVITE", { status: 200 });
    phone.request("REGISTER", DOMAIN);
    site.run(100);
    site.simulation.silence(PBX);
    site.run(60_000);
    phone.invite("sip:1@other.example.com");
    phone.invite("sip:2@pbx.example.com");
    site.run(3_000);
    expect(phone.responses(200, "INVITE")).toHaveLength(1);
    expect(phone.responses(302)).toHaveLength(1);
  });

  it("a domain that DNS doesn't know is unreachable at once", () => {
    const site = new Site(yaml);
    const phone = site.actor("phone", PHONE);
    phone.invite("sip:5551234@nowhere.example.com");
    site.run(50);
    expect(phone.responses(181)).toHaveLength(1);
  });

  it("the last good answer serves while DNS is dead", () => {
    const site = new Site(yaml);
    site.names.set("pbx.example.com", [{ address: PBX.address, port: 5060 }]);
    const phone = site.actor("phone", PHONE);
    const pbx = site.actor("pbx", PBX);
    pbx.answers("INVITE", { status: 200 });
    phone.invite("sip:1@pbx.example.com");
    site.run(1_000);
    site.names.clear();
    site.run(300_000);
    phone.invite("sip:2@pbx.example.com");
    site.run(1_000);
    expect(phone.responses(200, "INVITE")).toHaveLength(2);
  });

  it("such a domain may call phones, but not the gateway", () => {
    const site = new Site(yaml);
    site.names.set("evil.example.com", [{ address: "198.51.100.66", port: 5060 }]);
    const phone = site.actor("phone", PHONE);
    const evil = site.actor("evil", { address: "198.51.100.66", port: 5060 }, WAN);
    const gateway = site.actor("gateway", { address: "10.10.1.3", port: 5060 }, LAN);
    phone.invite("sip:1@evil.example.com");
    site.run(500);
    evil.invite("sip:0900123@10.10.1.3");
    const indialog = responseText(evil.seen("INVITE"), 200, { toTag: "evil-tag" });
    expect(indialog).toContain("evil-tag");
    evil.request("INVITE", "sip:0900123@10.10.1.3", ["To: <sip:x@y>;tag=1"].slice(1));
    site.run(500);
    expect(gateway.requests("INVITE")).toHaveLength(0);
    expect(evil.responses(403).length).toBeGreaterThan(0);
  });
});
