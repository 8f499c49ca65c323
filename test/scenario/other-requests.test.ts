/** SUBSCRIBE, PUBLISH, MESSAGE and others in an outage: an answer at once, not a storm of time-outs. */
import { describe, expect, it } from "vitest";
import { header, statusOf } from "../sip/message.ts";
import { expectLadder } from "../support/ladder.ts";
import { PBX, PHONE, SITE_YAML, Site } from "../support/site.ts";

const DOMAIN = "sip:201@pbx.example.com";

function dark(yaml = "") {
  const site = new Site(`${SITE_YAML}${yaml}`);
  const phone = site.actor("phone", PHONE);
  const pbx = site.actor("pbx", PBX);
  site.simulation.silence(PBX);
  site.run(30_000);
  return { site, phone, pbx };
}

describe("in an outage", () => {
  it.each([
    ["SUBSCRIBE", "Event: presence", 480],
    ["PUBLISH", "Event: presence", 480],
    ["MESSAGE", "X: y", 480],
  ])("%s gets 480 with Retry-After at once", (method, line, status) => {
    const { site, phone } = dark();
    phone.request(method, DOMAIN, [line]);
    site.run(11);
    expect(header(phone.got(status), "retry-after")).toBe("60");
  });

  it.each([
    ["the event package goes first", "Event: message-summary;x=1", 200],
    ["in its compact form too", "o: message-summary", 200],
    ["then the method", "Event: dialog", 489],
  ])("outage_answers: %s", (_, line, status) => {
    const { site, phone } = dark("outage_answers: {SUBSCRIBE: 489, message-summary: 200}\n");
    phone.request("SUBSCRIBE", DOMAIN, [line, "Expires: 600"]);
    site.run(11);
    expect(phone.received.map(({ message }) => statusOf(message))).toEqual([status]);
    if (status === 200) expect(header(phone.got(200), "expires")).toBe("600");
  });

  it("each by its event package or method, and upstream hears of none", () => {
    const { site, phone, pbx } = dark("outage_answers: {SUBSCRIBE: 489, message-summary: 200}\n");
    site.simulation.sightings.length = 0;
    phone.request("SUBSCRIBE", DOMAIN, ["Event: message-summary", "Expires: 600"]);
    phone.request("SUBSCRIBE", DOMAIN, ["Event: dialog"]);
    phone.request("PUBLISH", DOMAIN, ["Event: presence"]);
    phone.request("MESSAGE", DOMAIN);
    site.run(100);
    expect(phone.received.map(({ message }) => statusOf(message))).toEqual([200, 489, 480, 480]);
    expect(pbx.requests("SUBSCRIBE")).toEqual([]);
    expectLadder("other-requests-outage", site.ladder());
  });

  it.each([
    ["by a command", "", 480],
    ["by the file", "force: down", 480],
    ["and set free again", "", 202],
  ])("upstream forced down %s: as in an outage", (how, force, status) => {
    const site = new Site(SITE_YAML.replace(/upstream: (.*)/, `upstream: {targets: [$1], ${force}}`));
    const phone = site.actor("phone", PHONE);
    const pbx = site.actor("pbx", PBX).answers("SUBSCRIBE", { status: 202 });
    site.run(1_000);
    if (force === "") site.peers.force("down", site.simulation.now_ms);
    if (how.startsWith("and")) site.peers.force("auto", site.simulation.now_ms);
    phone.request("SUBSCRIBE", DOMAIN, ["Event: presence"]);
    site.run(100);
    expect(phone.received.map(({ message }) => statusOf(message))).toEqual([status]);
    expect(pbx.requests("SUBSCRIBE")).toHaveLength(status === 202 ? 1 : 0);
  });

  it("upstream silent for the first time: the same answer as soon as it is found down", () => {
    const site = new Site();
    const phone = site.actor("phone", PHONE);
    site.actor("pbx", PBX);
    site.run(100);
    site.simulation.silence(PBX);
    phone.request("SUBSCRIBE", DOMAIN, ["Event: presence"]);
    site.run(31_000);
    const [fall] = site.edges("198.51.100.10").filter(({ to }) => to === "down");
    expect(phone.responses(480).map(({ at_ms }) => at_ms)).toEqual([(fall?.at_ms ?? 0) + 5]);
  });
});
