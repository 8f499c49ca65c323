/** A gateway's port that is a phone's too: those who may call the phone can't make a number of the PSTN of it. */
import { describe, expect, it } from "vitest";
import { write } from "../sip/build.ts";
import { header, headers, requestUriOf, uriIn } from "../sip/message.ts";
import type { Actor } from "../support/actor.ts";
import { DOMAIN, Office, type OfficeSettings, OUTER, UPSTREAM } from "./office.ts";

const PORT_205 = "sip:205@192.0.2.3:5060";
const STRICT = "<sip:0900123@192.0.2.3>";
/** Those from outside who have the Path of 205: the PBX, and whoever has read a REGISTER on its way there. */
const CALLERS = ["upstream", "stranger"] as const;
const KINDS = ["path", "contact"] as const;

/** Analogue port 205 of the gateway's box has registered from the gateway's own port. */
function boxed(settings: OfficeSettings = {}) {
  const all = new Office(settings);
  all.gateway.as("205").request("REGISTER", `sip:${DOMAIN}`);
  all.site.run(200);
  const register = all.pbx.seen("REGISTER");
  const path = headers(register, "path")[0] ?? "";
  const hidden = uriIn(header(register, "contact"));
  const stranger = all.site.actor("stranger", { address: "198.51.100.66", port: 5060 }, OUTER);
  return { all, path, hidden, callers: { upstream: all.pbx, stranger } };
}

/** What the box has been asked to dial. */
function dialled(all: Office, from: Actor, uri: string, routes: readonly string[], method = "INVITE"): string[] {
  all.ask(from, method, uri, routes.length === 0 ? [] : [`Route: ${routes.join(", ")}`]);
  return all.gateway.requests(method).map(({ message }) => requestUriOf(message));
}

/** Upstream's line is mended, and nobody has heard of it yet. */
function speaksAgain(all: Office): void {
  all.site.simulation.silence(UPSTREAM, false);
}

describe.each(CALLERS)("%s", (who) => {
  it.each(KINDS)("calls 205 by its %s, and a strict Route behind that makes no other number of it", (mode) => {
    const { all, path, hidden, callers } = boxed({ yaml: `registration: {mode: ${mode}}\n` });
    const [uri, ...way] = mode === "path" ? [PORT_205, path] : [hidden];
    expect(dialled(all, callers[who], uri, [...way, STRICT])).toEqual([]);
    expect(dialled(all, callers[who], uri, [...way, "<sip:192.0.2.3>"])).toEqual([]);
    expect(dialled(all, callers[who], uri, way)).toEqual([PORT_205]);
  });

  it.each([";phone-context=+49900123", ";rn=+49900123", ":0900123"])(
    "calls no 205%s, of which a gateway could make another number",
    (more) => {
      const { all, path, callers } = boxed();
      expect(dialled(all, callers[who], PORT_205.replace("205", `205${more}`), [path])).toEqual([]);
    },
  );

  it("calls nobody whom only we have answered, in an outage that is over by now", () => {
    for (const contact of [PORT_205, "sip:0900123@192.0.2.3:5060"]) {
      const { all, path, callers } = boxed();
      const call = () => dialled(all, callers[who], contact, [path]);
      expect(call()).toEqual(contact === PORT_205 ? [PORT_205] : []);
      all.cut();
      const gone = ["Contact: *", "Expires: 0"];
      all.gateway.request("REGISTER", `sip:${DOMAIN}`, gone, "box", 1, false);
      all.site.run(200);
      all.gateway.request("REGISTER", `sip:${DOMAIN}`, [`Contact: <${contact}>`], "box", 2, false);
      all.site.run(200);
      expect(all.gateway.responses(200, "REGISTER")).toHaveLength(2);
      speaksAgain(all);
      expect(call()).toEqual([]);
      expect(dialled(all, callers[who], contact.replace("192.0.2.3:5060", "203.0.113.2"), [])).toEqual([]);
    }
  });
});

it("the same phone with another user, by a REGISTER that only we have answered, is nobody whom upstream calls", () => {
  const { all, path } = boxed();
  const register = (contact: string, cseq: number) => {
    const instance = `${contact};+sip.instance="<urn:uuid:205>"`;
    all.gateway.request("REGISTER", `sip:${DOMAIN}`, [`Contact: ${instance}`], "box", cseq, false);
    all.site.run(200);
  };
  register(`<${PORT_205}>`, 1);
  all.cut();
  register(`<${PORT_205};line=7>`, 2);
  speaksAgain(all);
  expect(dialled(all, all.pbx, PORT_205, [path])).toEqual([PORT_205]);
  all.cut();
  register("<sip:0900123@192.0.2.3:5060>", 3);
  speaksAgain(all);
  expect(dialled(all, all.pbx, "sip:0900123@192.0.2.3:5060", [path])).toEqual([]);
});

describe("upstream", () => {
  it.each(["INVITE", "REFER", "MESSAGE"])(
    "its %s with 205's address and a strict Route dials nothing else",
    (method) => {
      const { all } = boxed();
      expect(dialled(all, all.pbx, PORT_205, [STRICT], method)).toEqual([]);
    },
  );

  it.each(["INVITE", "REFER", "UPDATE"])("nor with a To tag that it has made up: %s", (method) => {
    for (const routes of [STRICT, `${"<sip:203.0.113.2;lr>"}, ${STRICT}`]) {
      const { all } = boxed();
      all.pbx.send(
        write(`${method} ${PORT_205} SIP/2.0`, [
          "Via: SIP/2.0/UDP 198.51.100.10:5060;branch=z9hG4bKtag;rport",
          "Max-Forwards: 70",
          `Route: ${routes}`,
          "From: <sip:300@pbx.example.com>;tag=1",
          `To: <${PORT_205}>;tag=2`,
          "Call-ID: made-up",
          `CSeq: 1 ${method}`,
          "Contact: <sip:300@198.51.100.10>",
        ]),
      );
      all.site.run(500);
      expect(all.gateway.requests(method)).toEqual([]);
      expect(all.pbx.responses(403, method)).toHaveLength(1);
    }
  });
});
