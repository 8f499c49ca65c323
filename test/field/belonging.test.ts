/** What a request belongs to: a dialog by our token and its tags, or nothing (RFC 3261 §12.2, §16.4, §10.2). */
import { describe, expect, it } from "vitest";
import { write } from "../sip/build.ts";
import { header, headers, requestUriOf, type SipText, statusOf, tagOf } from "../sip/message.ts";
import type { Actor } from "../support/actor.ts";
import type { Address } from "../support/simulation.ts";
import { GATEWAY, LAN, PBX, PHONE, PHONE_2, SITE_YAML, Site, STRANGER, WAN } from "../support/site.ts";

const NUMBER = "sip:5551234@pbx.example.com";
const METHODS = ["INVITE", "UPDATE", "INFO", "PRACK", "MESSAGE", "OPTIONS", "SUBSCRIBE", "NOTIFY", "REFER", "BYE"];
const YAML = SITE_YAML.replace("listen: [", "listen: [tcp:10.222.237.1:5060, ");

interface Dialog {
  readonly from: string;
  readonly to: string;
  readonly callId: string;
  /** As the sender has them, the first hop first. */
  readonly routes: readonly string[];
}

let sent = 0;

/** Sends a request within a dialog as a user agent makes it, with this Request-URI. */
function ask(actor: Actor, method: string, uri: string, { from, to, callId, routes }: Dialog, cseq = 10): void {
  sent += 1;
  const transport = (actor.at.protocol ?? "udp").toUpperCase();
  actor.send(
    write(`${method} ${uri} SIP/2.0`, [
      `Via: SIP/2.0/${transport} ${actor.hostPort};branch=z9hG4bK-ask-${sent};rport`,
      "Max-Forwards: 70",
      ...routes.map((route) => `Route: ${route}`),
      `From: ${from}`,
      `To: ${to}`,
      `Call-ID: ${callId}`,
      `CSeq: ${cseq} ${method}`,
      `Contact: <${actor.contactUri}>`,
    ]),
  );
}

const ofCaller = (answer: SipText): Dialog => ({
  from: header(answer, "from"),
  to: header(answer, "to"),
  callId: header(answer, "call-id"),
  routes: [...headers(answer, "record-route")].reverse(),
});
const ofCallee = (actor: Actor, invite: SipText): Dialog => ({
  from: `${header(invite, "to")};tag=${actor.name}-tag`,
  to: header(invite, "from"),
  callId: header(invite, "call-id"),
  routes: headers(invite, "record-route"),
});

interface Options {
  readonly isTcp?: boolean;
  readonly seed?: number;
}

/** A branch with two phones, registered, and a PBX. */
function office({ isTcp = false, seed = 1 }: Options = {}) {
  const site = new Site(YAML, { seed });
  const at: Address = isTcp ? { ...PHONE, protocol: "tcp" } : PHONE;
  const phone = site.actor("201", at);
  if (isTcp) phone.connects(40_123);
  const other = site.actor("202", PHONE_2);
  const pbx = site.actor("pbx", PBX, WAN).answers("REGISTER", { status: 200, extra: ["Expires: 300"] });
  const gateway = site.actor("gateway", GATEWAY);
  for (const actor of [phone, other, pbx, gateway]) {
    for (const method of METHODS) actor.answers(method, { status: 200 });
    actor.request("REGISTER", "sip:pbx.example.com", ["Expires: 300"]);
  }
  site.run(200);
  return { site, phone, other, pbx, gateway };
}

/** A call that is up, from the phone to the PBX or the other way; both dialogs as their sides have them. */
function call(isFromPhone: boolean, options: Options = {}) {
  const all = office(options);
  const { site, phone, pbx } = all;
  const path = header(pbx.seen("REGISTER"), "path");
  if (isFromPhone) phone.invite(NUMBER);
  else pbx.invite(phone.contactUri, [`Route: ${path}`]);
  site.run(500);
  const [caller, callee] = isFromPhone ? [phone, pbx] : [pbx, phone];
  const dialogs = new Map([
    [caller, ofCaller(caller.got(200, "INVITE"))],
    [callee, ofCallee(callee, callee.seen("INVITE"))],
  ]);
  const dialogOf = (actor: Actor) => dialogs.get(actor) as Dialog;
  for (const actor of [phone, pbx]) actor.received.length = 0;
  return { ...all, dialogOf };
}

/** The same once a load is over, and what is known of the call has been written anew. */
function calmed(isFromPhone: boolean, options: Options) {
  const all = call(isFromPhone, options);
  all.site.engine.onCalm();
  return all;
}

/** The same dialog at a branchline that has been started anew. */
function restarted(isFromPhone: boolean, options: Options) {
  const before = call(isFromPhone, options);
  const now = office({ ...options, seed: 2 });
  for (const actor of [now.phone, now.pbx]) actor.received.length = 0;
  const dialogOf = (actor: Actor) => before.dialogOf(actor === now.phone ? before.phone : before.pbx);
  return { ...now, dialogOf };
}

const lastStatus = (actor: Actor, method: string) =>
  actor.received
    .filter(({ message }) => statusOf(message) >= 200 && header(message, "cseq").endsWith(` ${method}`))
    .map(({ message }) => statusOf(message));

describe.each([
  ["by UDP", {}],
  ["by TCP", { isTcp: true }],
])("a request within a call that names us in place of the other end, %s", (_, options) => {
  describe.each([
    ["known here", call],
    ["written anew", calmed],
    ["from before a restart", restarted],
  ])("%s", (_state, setUp) => {
    it.each([...METHODS, "ACK"])("%s of caller or callee reaches the other end", (method) => {
      for (const isFromPhone of [true, false]) {
        for (const isPhones of [true, false]) {
          const { site, phone, pbx, dialogOf } = setUp(isFromPhone, options);
          const [asking, asked] = isPhones ? [phone, pbx] : [pbx, phone];
          const user = isPhones ? "pbx" : "201";
          const at = isPhones ? LAN : WAN;
          ask(asking, method, `sip:${user}@${at.address}:${at.port}`, dialogOf(asking));
          site.run(500);
          const where = `caller ${isFromPhone ? "phone" : "pbx"}, asking ${asking.name}`;
          expect([where, asked.requests(method).length]).toEqual([where, 1]);
          if (method !== "ACK") expect([where, ...lastStatus(asking, method)]).toEqual([where, 200]);
        }
      }
    });
  });
});

describe("between two phones in an outage", () => {
  it.each(["INVITE", "BYE", "ACK", "INFO"])(
    "%s that names us reaches the other phone, before and after a restart",
    (method) => {
      for (const isRestarted of [false, true]) {
        const first = office();
        first.site.simulation.silence(PBX);
        first.site.run(90_000);
        first.phone.invite("sip:202@pbx.example.com");
        first.site.run(500);
        const caller = ofCaller(first.phone.got(200, "INVITE"));
        const callee = ofCallee(first.other, first.other.seen("INVITE"));
        const { site, phone, other } = isRestarted ? office({ seed: 2 }) : first;
        for (const actor of [phone, other]) actor.received.length = 0;
        ask(phone, method, "sip:202@10.222.237.1", caller);
        ask(other, method, "sip:201@10.222.237.1", callee);
        site.run(500);
        expect([other.requests(method).length, phone.requests(method).length]).toEqual([1, 1]);
      }
    },
  );
});

describe("two phones of one extension", () => {
  it("a request that names us reaches the one whose Contact it has, though the restart has forgotten the call", () => {
    const site = new Site(YAML);
    const pbx = site.actor("pbx", PBX, WAN).answers("REGISTER", { status: 200, extra: ["Expires: 300"] });
    pbx.answers("SUBSCRIBE", { status: 200 });
    const desks = [PHONE, PHONE_2].map((at, index) => {
      const desk = site.actor(`desk${index}`, at).as("201").answers("NOTIFY", { status: 200 });
      const contact = `Contact: <sip:201@${desk.hostPort};line=${index}>`;
      desk.request("REGISTER", "sip:pbx.example.com", ["Expires: 300", contact], undefined, 1, false);
      return desk;
    });
    site.run(200);
    for (const [index, desk] of desks.entries()) {
      const contact = `Contact: <sip:201@${desk.hostPort};line=${index}>`;
      desk.request("SUBSCRIBE", NUMBER, [contact, "Event: dialog"], undefined, 1, false);
      site.run(200);
      const subscribe = pbx.seen("SUBSCRIBE", index);
      ask(pbx, "NOTIFY", `sip:201@${WAN.address}:5060;line=${index}`, ofCallee(pbx, subscribe));
      site.run(200);
      expect(desks.map((one) => one.requests("NOTIFY").length)).toEqual(index === 0 ? [1, 0] : [1, 1]);
    }
  });
});

describe("the outbound proxy on top of the Route set", () => {
  it.each([...METHODS, "ACK"])("%s: both go, whichever way the proxy is written", (method) => {
    for (const top of ["<sip:10.222.237.1;lr>", "<sip:10.222.237.1:5060;lr>", "sip:10.222.237.1;lr"]) {
      const { site, phone, pbx, dialogOf } = call(true);
      const dialog = dialogOf(phone);
      ask(phone, method, `sip:pbx@${PBX.address}:5060`, { ...dialog, routes: [top, ...dialog.routes] });
      site.run(500);
      expect([top, pbx.requests(method).length]).toEqual([top, 1]);
      expect(headers(pbx.seen(method), "route")).toEqual([]);
    }
  });
});

describe("a token that was overheard", () => {
  const strip = (value: string) => value.replace(/;tag=.*/, "");

  it.each([...METHODS.filter((method) => method !== "BYE"), "CANCEL", "PUBLISH", "REGISTER", "WHATEVER"])(
    "%s without a To tag from a stranger gets nothing, and reaches nobody",
    (method) => {
      for (const isFromPhone of [true, false]) {
        const { site, phone, pbx, gateway, dialogOf } = call(isFromPhone);
        const stranger = site.actor("stranger", STRANGER, WAN);
        const dialog = dialogOf(pbx);
        const { now_ms: start_ms, sightings } = site.simulation;
        const before = sightings.length;
        ask(stranger, method, phone.contactUri, { ...dialog, to: strip(dialog.to) });
        ask(stranger, method, "sip:0900123@10.10.1.3", { ...dialog, to: strip(dialog.to) });
        site.run(1_000);
        expect(stranger.received).toEqual([]);
        expect(phone.requests(method)).toEqual([]);
        expect(gateway.requests(method).filter(({ at_ms }) => at_ms > start_ms)).toEqual([]);
        expect(sightings.length - before).toBe(2);
      }
    },
  );

  it.each(["BYE", "ACK"])("%s without a To tag reaches the other end: a call must end", (method) => {
    const { site, phone, pbx, dialogOf } = call(true);
    for (const [asking, asked, uri] of [
      [phone, pbx, `sip:pbx@${PBX.address}:5060`],
      [pbx, phone, phone.contactUri],
      [site.actor("server", STRANGER, WAN), phone, phone.contactUri],
    ] as const) {
      asked.received.length = 0;
      const dialog = dialogOf(asking === phone ? phone : pbx);
      ask(asking, method, uri, { ...dialog, to: strip(dialog.to) });
      site.run(500);
      expect([asking.name, asked.requests(method).length]).toEqual([asking.name, 1]);
    }
  });

  it("for another Call-ID proves nothing", () => {
    const { site, phone, pbx, dialogOf } = call(true);
    const stranger = site.actor("stranger", STRANGER, WAN);
    ask(stranger, "BYE", phone.contactUri, { ...dialogOf(pbx), callId: "another" });
    site.run(500);
    expect(stranger.received).toEqual([]);
    expect(phone.requests("BYE")).toEqual([]);
  });
});

/** A phone that has kept the To tag of a dialog that is over. */
const stale = (uri: string): Dialog => ({
  from: "<sip:201@pbx.example.com>;tag=x",
  to: `<${uri}>;tag=stale`,
  callId: "stale",
  routes: [],
});

describe("a To tag that belongs to nothing", () => {
  it.each(["REGISTER", "PUBLISH", "MESSAGE", "OPTIONS", "INVITE", "SUBSCRIBE", "UPDATE", "INFO", "REFER", "BYE"])(
    "%s of a phone, in a domain that isn't in DNS: goes to upstream and gets its answer",
    (method) => {
      for (const routes of [[], ["<sip:10.222.237.1;lr>"]]) {
        const { site, phone, pbx } = office();
        pbx.answers(method, { status: 481 });
        phone.received.length = 0;
        const uri = method === "REGISTER" ? "sip:pbx.example.com" : NUMBER;
        ask(phone, method, uri, { ...stale("sip:201@pbx.example.com"), routes });
        site.run(500);
        expect(lastStatus(phone, method)).toEqual([481]);
        expect(
          pbx
            .requests(method)
            .map(({ message }) => requestUriOf(message))
            .pop(),
        ).toBe(uri);
      }
    },
  );

  it.each([
    ["REGISTER", [200]],
    ["PUBLISH", [480]],
    ["MESSAGE", [480]],
    ["OPTIONS", [480]],
    ["BYE", [481]],
    ["INFO", [500]],
    ["INVITE", [500]],
  ])("%s in an outage: %j", (method, statuses) => {
    const { site, phone } = office();
    site.simulation.silence(PBX);
    site.run(90_000);
    phone.received.length = 0;
    const uri = method === "REGISTER" ? "sip:pbx.example.com" : NUMBER;
    ask(phone, method, uri, stale("sip:201@pbx.example.com"));
    site.run(6_000);
    expect(lastStatus(phone, method)).toEqual(statuses);
  });

  it("a REGISTER refresh with it goes up with Path, and makes a binding", () => {
    const { site, phone, pbx } = office();
    pbx.received.length = 0;
    ask(phone, "REGISTER", "sip:pbx.example.com", stale("sip:201@pbx.example.com"), 20);
    site.run(500);
    expect(header(pbx.seen("REGISTER"), "path")).not.toBe("");
  });

  it.each([
    ["by Path", (phone: Actor) => phone.contactUri, true],
    ["by its address", (phone: Actor) => phone.contactUri, false],
  ])("NOTIFY, MESSAGE, OPTIONS of upstream to a phone, %s: the phone answers for itself", (_, uriOf, hasPath) => {
    for (const method of ["NOTIFY", "MESSAGE", "OPTIONS", "INFO", "INVITE", "BYE"]) {
      const { site, phone, pbx } = office();
      const routes = hasPath ? [header(pbx.seen("REGISTER"), "path")] : [];
      phone.answers(method, { status: 481 });
      pbx.received.length = 0;
      ask(pbx, method, uriOf(phone), { ...stale("sip:201@pbx.example.com"), routes });
      site.run(500);
      expect([method, ...lastStatus(pbx, method)]).toEqual([method, 481]);
      expect(phone.requests(method)).toHaveLength(1);
    }
  });

  it("NOTIFY of upstream to our own address with it: 481, since the phone's subscription is unknown", () => {
    const { site, phone, pbx } = office();
    pbx.received.length = 0;
    ask(pbx, "NOTIFY", `sip:201@${WAN.address}:5060`, stale("sip:201@pbx.example.com"));
    site.run(500);
    expect(lastStatus(pbx, "NOTIFY")).toEqual([481]);
    expect(phone.requests("NOTIFY")).toEqual([]);
  });

  it.each(["INVITE", "BYE", "REFER", "INFO"])("%s to us ourselves: 481", (method) => {
    const { site, phone } = office();
    phone.received.length = 0;
    ask(phone, method, "sip:10.222.237.1", stale("sip:201@pbx.example.com"));
    site.run(500);
    expect(lastStatus(phone, method)).toEqual([481]);
  });
});

it("tags are the dialog's own: the caller's tag tells which side asks", () => {
  const { phone, pbx, dialogOf } = call(true);
  expect(tagOf(dialogOf(phone).from)).toBe(tagOf(dialogOf(pbx).to));
});
