/** Torture messages that are responses, where somebody was asked: within a transaction, and after a restart, without one. */
import { describe, expect, test } from "vitest";
import type { Address } from "../support/simulation.ts";
import { Site } from "../support/site.ts";
import { IPV4_WORLD, IPV6_WORLD, optionsTo, type World } from "./torture-site.ts";
import { headerLines, nameOf, statusOf } from "./wire-text.ts";

/** A site, what its phone has got, and the phone's MESSAGE as upstream got it. */
function asked(world: World, seed = 1) {
  const site = new Site(world.yaml, { seed });
  site.routes = world.routes;
  site.names.set("pbx.example.com", [world.pbx]);
  const [phone, upstream]: [string[], string[]] = [[], []];
  site.simulation.attach(world.phone, { onDatagram: (wire) => phone.push(wire) });
  site.simulation.attach(world.pbx, { onDatagram: (wire) => upstream.push(wire) });
  const message = optionsTo(world.own[0], world.phone, "asked").replace(/OPTIONS(?: sip:\S+)?/g, (word) =>
    word.includes(" ") ? "MESSAGE sip:user@example.com" : "MESSAGE",
  );
  site.run(100);
  site.simulation.send(world.phone, world.own[0], message);
  site.run(100);
  const request = upstream.find((wire) => wire.startsWith("MESSAGE ")) ?? "";
  expect(request).not.toBe("");
  return { site, phone, request };
}

/** An answer to `request` with another second Via. */
function answerTo(request: string, statusLine: string, secondVia?: string): string {
  const lines = headerLines(request).filter((line) => ["via", "from", "to", "call-id", "cseq"].includes(nameOf(line)));
  if (secondVia !== undefined) lines[1] = `Via: ${secondVia}`;
  return `${statusLine}\r\n${lines.join("\r\n")}\r\nContent-Length: 0\r\n\r\n`;
}

describe("within a transaction", () => {
  test.each([
    ["RFC 4475 §3.1.1.12: a reason phrase in UTF-8", "SIP/2.0 200 = 2**3 * 5**2 \u00d0\u00bd\u00d0\u00be \u00c3\u00a9"],
    ["RFC 4475 §3.1.1.13: an empty reason phrase", "SIP/2.0 486 "],
  ])("%s passes byte for byte", (_, statusLine) => {
    const { site, phone, request } = asked(IPV4_WORLD);
    site.simulation.send(IPV4_WORLD.pbx, IPV4_WORLD.own[1], answerTo(request, statusLine));
    site.run(100);
    expect(phone.map((wire) => wire.split("\r\n")[0])).toEqual([statusLine]);
  });

  test.each(["4294967301 better not break the receiver", "2000 OK", "20 OK", "0200 OK"])(
    "RFC 4475 §3.1.2.19: %s is no response to anybody",
    (status) => {
      const { site, phone, request } = asked(IPV4_WORLD);
      site.simulation.send(IPV4_WORLD.pbx, IPV4_WORLD.own[1], answerTo(request, `SIP/2.0 ${status}`));
      site.run(100);
      expect(phone).toEqual([]);
    },
  );
});

describe("after a restart, by the second Via", () => {
  /** Where the answer to a request from before the restart goes. */
  function destinations(world: World, secondVia?: string): Address[] {
    const { request } = asked(world);
    const { site } = asked(world, 2);
    const before = site.simulation.sightings.length;
    site.simulation.send(world.pbx, world.own[1], answerTo(request, "SIP/2.0 200 OK", secondVia));
    site.run(100);
    const sent = site.simulation.sightings.slice(before + 1).filter(({ wire }) => statusOf(wire) === 200);
    return sent.map(({ to }) => ({ address: to.address, port: to.port }));
  }

  test.each([IPV4_WORLD, IPV6_WORLD])("the phone gets it", (world) => {
    expect(destinations(world)).toEqual([world.phone]);
  });

  test.each(["255.255.255.255", "host.example.com;received=255.255.255.255", "224.0.1.75:5060", "0.0.0.0"])(
    "RFC 4475 §3.3.10: nothing is sent to %s",
    (sentBy) => {
      expect(destinations(IPV4_WORLD, `SIP/2.0/UDP ${sentBy};branch=z9hG4bK1saber23`)).toEqual([]);
    },
  );

  test.each(["received=[fd00:9::77]", "received=fd00:9::77", "received=FD00:9:0:0::77"])(
    "RFC 5118 §4.5: %s is understood",
    (received) => {
      const via = `SIP/2.0/UDP phone.example.com:5070;${received};branch=z9hG4bKas3-111`;
      expect(destinations(IPV6_WORLD, via)).toEqual([{ address: "fd00:9::77", port: 5070 }]);
    },
  );
});
