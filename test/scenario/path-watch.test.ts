/** A PBX that doesn't keep the Path of registrations (FreePBX unless told otherwise): it is found out, and named. */
import { describe, expect, it } from "vitest";
import { header } from "../sip/message.ts";
import { PBX, PHONE, SITE_YAML, Site, WAN } from "../support/site.ts";

const DOMAIN = "sip:pbx.example.com";

function cast(yaml = SITE_YAML) {
  const site = new Site(yaml);
  const phone = site.actor("201", PHONE);
  const pbx = site.actor("pbx", PBX, WAN).answers("REGISTER", { status: 200 });
  /** The phone registers; `lists` makes upstream's answer list the Path. */
  const registers = (lists: boolean, more: readonly string[] = []) => {
    const token = site.core.tokens.forFlow({ listener: site.listeners[0] as never, ...PHONE });
    pbx.answers("REGISTER", { status: 200, extra: lists ? [`Path: <sip:${token}@203.0.113.2;lr>`] : [] });
    phone.request("REGISTER", DOMAIN, more);
    site.run(100);
  };
  const logged = () => site.events.filter(({ event }) => event.startsWith("path_")).map(({ event }) => event);
  return { site, phone, pbx, registers, logged };
}

const states = (site: Site) => site.status().path?.map(({ upstream, path }) => `${upstream} ${path}`);

describe("upstream's 200 to a REGISTER", () => {
  it("without our Path: a warning in log and status, once however many phones come", () => {
    const { site, registers, logged } = cast();
    expect(states(site)).toEqual([]);
    for (let turn = 0; turn < 3; turn++) registers(false);
    expect(states(site)).toEqual(["198.51.100.10 unconfirmed"]);
    expect(logged()).toEqual(["path_unconfirmed"]);
  });

  it("with it: well again; and what is known outlives a reload", () => {
    const { site, pbx, registers, logged } = cast();
    registers(false);
    site.reload(SITE_YAML);
    expect(states(site)).toEqual(["198.51.100.10 unconfirmed"]);
    expect(header(pbx.seen("REGISTER"), "path")).toMatch(/^<sip:p~u~/);
    registers(true);
    expect(states(site)).toEqual([]);
    expect(logged()).toEqual(["path_unconfirmed", "path_confirmed"]);
  });

  it.each(["Server", "User-Agent"])("the cure is that of the PBX which its %s names", (field) => {
    const { site, phone, pbx } = cast();
    pbx.answers("REGISTER", { status: 200, extra: [`${field}: Asterisk PBX 22.1`] });
    phone.request("REGISTER", DOMAIN);
    site.run(100);
    expect(JSON.stringify(site.status().path)).toContain("support_path=yes");
  });

  it("the Path of another phone isn't ours to be listed", () => {
    const { site, phone, pbx } = cast();
    pbx.answers("REGISTER", { status: 200, extra: ["Path: <sip:p~u~x~1~y~2~mac@203.0.113.2;lr>"] });
    phone.request("REGISTER", DOMAIN);
    site.run(100);
    expect(states(site)).toEqual(["198.51.100.10 unconfirmed"]);
  });

  it("to a query, or to a REGISTER that takes a binding away, says nothing about Path", () => {
    const { site, phone } = cast();
    phone.request("REGISTER", DOMAIN, [], undefined, 1, false);
    phone.request("REGISTER", DOMAIN, ["Expires: 0"]);
    phone.request("REGISTER", DOMAIN, ["Contact: *", "Expires: 0"], undefined, 1, false);
    site.run(100);
    expect(states(site)).toEqual([]);
  });

  it("with registration: contact nothing is watched, and what was seen before is forgotten", () => {
    const { site, registers, logged } = cast();
    registers(false);
    site.reload(`${SITE_YAML}registration: contact\n`);
    registers(false);
    expect(states(site)).toEqual([]);
    expect(logged()).toEqual(["path_unconfirmed"]);
  });
});

describe("upstream's requests for a registered phone", () => {
  const CONTACT = "sip:201@10.222.237.21:5060";

  /** Registered at a PBX that doesn't list our Path; `uri` is then called, `byPath` down the Path. */
  function called(uri: string, byPath = false, yaml = SITE_YAML) {
    const all = cast(yaml);
    const { site, phone, pbx, registers, logged } = all;
    phone.answers("INVITE", { status: 200 });
    registers(false);
    const call = (to: string, path: boolean) => {
      pbx.invite(to, path ? [`Route: ${header(pbx.seen("REGISTER"), "path")}`] : []);
      site.run(500);
    };
    call(uri, byPath);
    return { site, phone, call, logged };
  }

  it.each([
    ["to its own address", CONTACT],
    ["to our address", "sip:201@203.0.113.2:5060"],
  ])("without our Path, %s: a fault, and the phone rings all the same", (_, uri) => {
    const { site, phone, logged } = called(uri);
    expect(states(site)).toEqual(["198.51.100.10 ignored"]);
    expect(logged()).toEqual(["path_unconfirmed", "path_ignored"]);
    expect(phone.requests("INVITE")).toHaveLength(1);
  });

  it("down our Path: all is well, whatever its answers lack", () => {
    const { site, call } = called(CONTACT, true);
    expect(states(site)).toEqual([]);
    call(CONTACT, false);
    expect(states(site)).toEqual(["198.51.100.10 ignored"]);
    call(CONTACT, true);
    expect(states(site)).toEqual([]);
  });

  it.each([
    ["is known after a restart, and nothing is warned of", true, []],
    ["isn't known when it hasn't been so before the restart", false, ["path_unconfirmed"]],
  ])("down our Path %s", (_, byPath, told) => {
    const before = called(byPath ? CONTACT : "sip:nobody@203.0.113.2", byPath).site;
    const after = cast();
    after.site.restore(before.saved(), 1_000);
    after.registers(false);
    expect(after.logged()).toEqual(told);
    expect(states(after.site)).toEqual(byPath ? [] : ["198.51.100.10 unconfirmed"]);
  });

  it("without our Path after a restart: found out all the same", () => {
    const after = cast();
    after.site.restore(called(CONTACT, true).site.saved(), 1_000);
    after.registers(false);
    after.pbx.invite(CONTACT);
    after.site.run(500);
    expect(after.logged()).toEqual(["path_ignored"]);
  });

  it("that it uses our Path is news once, and not each time that it does so again", () => {
    const { site, call } = called("sip:nobody@203.0.113.2");
    const changes: boolean[] = [];
    site.engine.peerMemory.onChange = (isNews) => changes.push(isNews);
    for (let time = 0; time < 3; time++) {
      call(CONTACT, true);
      call(CONTACT, true);
      call(CONTACT, false);
    }
    expect(changes).toEqual([true, false, false, false, false, false]);
    expect(site.saved()).toContain('"path":false');
  });

  it("with registration: contact no Path is expected", () => {
    expect(states(called(CONTACT, false, `${SITE_YAML}registration: contact\n`).site)).toEqual([]);
  });
});
