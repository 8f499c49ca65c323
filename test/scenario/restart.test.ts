/** A restart in the middle of an outage: what was kept on disk is all that is left, and the branch goes on. */
import { describe, expect, it } from "vitest";
import { header, requestUriOf, type SipText, statusOf } from "../sip/message.ts";
import { expectLadder } from "../support/ladder.ts";
import { GATEWAY, PBX, PHONE, PHONE_2, SITE_YAML, Site, WAN } from "../support/site.ts";

const DOMAIN = "sip:pbx.example.com";

function office(site: Site) {
  const first = site.actor("201", PHONE).answers("INVITE", { status: 180 }, { status: 200, after_ms: 300 });
  const second = site.actor("202", PHONE_2).answers("INVITE", { status: 180 }, { status: 200, after_ms: 300 });
  const gateway = site.actor("gateway", GATEWAY).answers("INVITE", { status: 200, after_ms: 100 });
  const pbx = site.actor("pbx", PBX, WAN).answers("REGISTER", { status: 200 }).answers("INVITE", { status: 486 });
  return { site, first, second, gateway, pbx };
}

/** An office in an outage of a minute. */
function dark(yaml = "") {
  const all = office(new Site(`${SITE_YAML}${yaml}`));
  for (const phone of [all.first, all.second]) phone.request("REGISTER", DOMAIN);
  all.site.run(100);
  all.site.simulation.silence(PBX);
  all.site.run(60_000);
  return all;
}

/** The same installation, started anew `away_ms` later from what it had on disk; upstream is still gone. */
function restarted(before: Site, away_ms = 30_000, yaml = "") {
  const site = new Site(`${SITE_YAML}${yaml}`, { seed: 2 });
  site.restore(before.saved(), away_ms);
  site.simulation.silence(PBX);
  return office(site);
}

describe("a restart in the middle of an outage", () => {
  it("a call between extensions, made before the first probe is judged: it rings at once", () => {
    const { site, first, second } = restarted(dark().site);
    first.invite("sip:202@pbx.example.com");
    site.run(6_000);
    expect(first.responses(200, "INVITE")).toHaveLength(1);
    expect(requestUriOf(second.seen("INVITE"))).toBe("sip:202@10.222.237.22:5060");
    expectLadder("restart-first-call", site.ladder());
  });

  it("phones that were known are known still, and nobody else", () => {
    const { site, first } = restarted(dark().site);
    const stranger = site.actor("203", { address: "10.222.237.23", port: 5060 });
    site.run(10_000);
    for (const phone of [first, stranger]) phone.request("REGISTER", DOMAIN, ["Expires: 3600"]);
    site.run(100);
    expect(header(first.got(200), "contact")).toMatch(/^<sip:201@10\.222\.237\.21:5060>;expires=5\d$/);
    expect(stranger.responses(503)).toHaveLength(1);
  });

  it("a call through the gateway that was up ends as it should", () => {
    const before = dark();
    before.first.invite("sip:5551234@10.10.1.3");
    before.site.run(1_000);
    const answer: SipText = before.first.got(200, "INVITE");
    const { site, first, gateway } = restarted(before.site);
    site.run(100);
    first.inDialog("BYE", answer, 2);
    site.run(100);
    expect(gateway.requests("BYE")).toHaveLength(1);
    expect(first.responses(200, "BYE")).toHaveLength(1);
  });

  it("a phone that doesn't follow redirects is relayed still", () => {
    const yaml = "survival: {answer: auto, notice_hold: 0s}\n";
    const before = dark(yaml);
    before.first.invite("sip:5551234@pbx.example.com");
    before.site.run(5_000);
    const { site, first, gateway } = restarted(before.site, 0, yaml);
    site.run(30_000);
    first.invite("sip:5551234@pbx.example.com");
    site.run(1_000);
    expect(first.received.map(({ message }) => statusOf(message))).toEqual([100, 181, 200]);
    expect(gateway.requests("INVITE")).toHaveLength(1);
  });

  it("upstream returns: every phone goes up again, paced, since upstream may have lost them all", () => {
    const { site, first, second, pbx } = restarted(dark().site, 0, "registration: {pace: 1}\n");
    site.run(30_000);
    site.simulation.silence(PBX, false);
    site.run(10_000);
    pbx.received.length = 0;
    for (const phone of [first, second]) phone.request("REGISTER", DOMAIN);
    site.run(100);
    expect(pbx.requests("REGISTER")).toHaveLength(1);
    expect([first, second].map((phone) => phone.responses(200).length)).toEqual([1, 1]);
    site.run(4_000);
    second.request("REGISTER", DOMAIN);
    site.run(100);
    expect(pbx.requests("REGISTER")).toHaveLength(2);
    expect(site.bindings.find("202@pbx.example.com")?.stale).toEqual(new Set());
  });

  it("upstream has returned, and two phones are started anew with other Contacts: both go up at once", () => {
    const before = office(new Site(SITE_YAML));
    const boot = ({ first, second }: ReturnType<typeof office>, life: string) => {
      for (const [index, phone] of [first, second].entries()) {
        const contact = `Contact: <sip:${life}@10.222.237.2${index + 1}:5060>;+sip.instance="<urn:uuid:${index}>"`;
        phone.request("REGISTER", DOMAIN, [contact], life, 1, false);
      }
    };
    boot(before, "one");
    before.site.run(100);
    before.site.simulation.silence(PBX);
    before.site.run(60_000);
    boot(before, "one");
    before.site.run(1_000);
    const after = restarted(before.site, 30_000);
    after.site.simulation.silence(PBX, false);
    after.site.run(10_000);
    after.pbx.received.length = 0;
    boot(after, "two");
    after.site.run(100);
    expect(after.pbx.requests("REGISTER").map(({ message }) => header(message, "contact"))).toEqual([
      '<sip:two@10.222.237.21:5060>;+sip.instance="<urn:uuid:0>"',
      '<sip:two@10.222.237.22:5060>;+sip.instance="<urn:uuid:1>"',
    ]);
  });

  it("without a file there is nobody to call, but calls to the outside are made", () => {
    const { site, first, gateway } = office(new Site(SITE_YAML, { seed: 2 }));
    site.simulation.silence(PBX);
    site.run(30_000);
    first.invite("sip:202@pbx.example.com");
    site.run(2_000);
    expect(header(first.got(302), "contact")).toBe("<sip:202@10.10.1.3>");
    first.invite("sip:5551234@10.10.1.3");
    site.run(500);
    expect(gateway.requests("INVITE")).toHaveLength(1);
  });
});

describe("a power cut while upstream lives, after refreshes that weren't on disk yet", () => {
  const GROUP = SITE_YAML.replace(/hunt_groups.*\n/, 'hunt_groups: {default: {members: ["201"]}}\n');
  const granted = ["Contact: <sip:201@10.222.237.21:5060>;expires=60"];

  /** 201 has registered for a minute; the file was written `saved_ms` later; it has been refreshed since. */
  function saved(saved_ms = 5_000) {
    const site = new Site(GROUP);
    site.actor("pbx", PBX, WAN).answers("REGISTER", { status: 200, extra: granted });
    site.actor("201", PHONE).request("REGISTER", DOMAIN);
    site.run(saved_ms);
    return site.saved();
  }

  /** What a call from the PSTN gets when it comes right after the start, with upstream alive. */
  function calledAfter(age_ms: number, file = saved()) {
    const site = new Site(GROUP, { seed: 2 });
    site.restore(file, age_ms);
    site.actor("pbx", PBX, WAN).answers("REGISTER", { status: 200 });
    const phone = site.actor("201", PHONE).answers("INVITE", { status: 180 }, { status: 200, after_ms: 300 });
    const gateway = site.actor("gateway", GATEWAY);
    site.run(100);
    gateway.invite("sip:5550100@10.222.237.1");
    site.run(1_000);
    return {
      site,
      phone,
      statuses: gateway.received.map(({ message }) => statusOf(message)).filter((one) => one > 100),
    };
  }

  it("the group rings at once, 70 s after the save, though what is on disk has run out", () => {
    const { site, statuses } = calledAfter(70_000);
    expect(statuses).toEqual([180, 200]);
    expect(site.bindings.find("201@pbx.example.com")?.stale.size).toBe(1);
  });

  it.each([
    ["at the last moment in which a refresh may still hold", 599_000, 200],
    ["once none can hold any more", 601_000, 480],
    ["a day later", 86_400_000, 480],
  ])("%s", (_, age_ms, status) => {
    expect(calledAfter(age_ms).statuses).toContain(status);
  });

  it("a phone that had run out when the file was written has not been refreshed since", () => {
    expect(calledAfter(1_000, saved(61_000)).statuses).toEqual([480]);
  });

  it("it counts for no longer than phones are told to stay registered, and no promise is shortened", () => {
    const { site } = calledAfter(70_000);
    const [binding] = site.bindings.find("201@pbx.example.com")?.bindings ?? [];
    expect(binding?.expires_ms).toBe(300_000);
    const long = saved().replace(/"left_ms":\d+/, '"left_ms":3600000');
    const [kept] = calledAfter(70_000, long).site.bindings.find("201@pbx.example.com")?.bindings ?? [];
    expect(kept?.expires_ms).toBe(3_530_000);
    const forever = saved().replace(/"left_ms":\d+/, '"left_ms":1e300');
    const [day] = calledAfter(0, forever).site.bindings.find("201@pbx.example.com")?.bindings ?? [];
    expect(day?.expires_ms).toBe(86_400_000);
  });
});

describe("a file that somebody has edited", () => {
  it.each([
    "sip:202@10.222.237.22:5060\\r\\nEvil: yes",
    "sip:2 02@10.222.237.22",
    "tel:+49301",
    "sip:202@10.222.237.22:99999",
    "sip:202@10.222.237.22>;x=<",
  ])("%s never becomes a Request-URI, and the other phone is kept", (contact) => {
    const file = dark().site.saved().replace('"sip:202@10.222.237.22:5060"', `"${contact}"`);
    const site = new Site(SITE_YAML, { seed: 2 });
    site.restore(file, 0);
    expect(site.bindings.find("202@pbx.example.com")).toBeUndefined();
    expect(site.bindings.find("201@pbx.example.com")?.bindings).toHaveLength(1);
  });

  it("of an address-of-record with two phones the sound one is kept; names are read in their canonical form", () => {
    const file = JSON.parse(dark().site.saved());
    const [entry] = file.addresses;
    entry.name = "%32%30%31@PBX.example.com.";
    entry.bindings.push({ ...entry.bindings[0], contact: "sip:201@10.222.237.29", parameters: ";q=1\r\nX: y" });
    const site = new Site(SITE_YAML, { seed: 2 });
    site.restore(JSON.stringify(file), 0);
    const kept = site.bindings.find("201@pbx.example.com")?.bindings.map(({ contact }) => contact);
    expect(kept).toEqual(["sip:201@10.222.237.21:5060"]);
  });

  it.each(["", "201", "201@", "201@pbx.example.com;x=y", "2\n01@x", "2 01@x", "a@b@c d", "201@x:5060"])(
    "an address-of-record named %j is left out",
    (name) => {
      const file = JSON.parse(dark().site.saved());
      file.addresses[0].name = name;
      const site = new Site(SITE_YAML, { seed: 2 });
      site.restore(JSON.stringify(file), 0);
      expect([...site.bindings.all()].map(({ user }) => user)).toEqual(["202"]);
    },
  );
});

describe("a restart while upstream lives", () => {
  function whilePbxLives() {
    const before = office(new Site());
    for (const phone of [before.first, before.second]) phone.request("REGISTER", DOMAIN);
    before.site.run(100);
    const path = header(before.pbx.seen("REGISTER"), "path");
    const site = new Site(SITE_YAML, { seed: 2 });
    site.restore(before.site.saved(), 10_000);
    const all = office(site);
    site.run(100);
    return { ...all, path };
  }

  it("phones aren't said to be lost to upstream: it may know them still, and a call that comes by Path shows it", () => {
    const { site, pbx, path } = whilePbxLives();
    expect(site.status().phones).toMatchObject({ addresses: 2, contacts: 2, not_back: 0, not_heard: 2 });
    pbx.request("INVITE", "sip:201@10.222.237.21:5060", [`Route: ${path}`]);
    site.run(1_000);
    expect(pbx.responses(200, "INVITE")).toHaveLength(1);
    expect(site.status().phones).toMatchObject({ not_back: 0, not_heard: 0 });
  });

  it("one that registers is back", () => {
    const { site, first } = whilePbxLives();
    first.request("REGISTER", DOMAIN);
    site.run(100);
    expect(site.status().phones).toMatchObject({ not_back: 0, not_heard: 1 });
  });

  it("one that is answered here in an outage isn't back after it", () => {
    const { site, first, pbx, path } = whilePbxLives();
    pbx.request("INVITE", "sip:201@10.222.237.21:5060", [`Route: ${path}`]);
    site.run(1_000);
    site.simulation.silence(PBX);
    site.run(60_000);
    first.request("REGISTER", DOMAIN);
    site.run(100);
    site.simulation.silence(PBX, false);
    site.run(10_000);
    expect(site.status().phones).toMatchObject({ not_back: 1, not_heard: 0 });
  });
});
