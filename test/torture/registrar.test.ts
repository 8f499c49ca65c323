/** RFC 4475: what its REGISTERs ask of our own registrar, in an outage. */
import { describe, expect, it } from "vitest";
import { CONTACT, RegisterLab, register } from "../policy/register-lab.ts";
import { request } from "../support/messages.ts";

describe("what torture messages ask of a registrar", () => {
  it("RFC 4475 §3.3.4: an address-of-record that is no SIP URI is refused, and nothing is kept", () => {
    const lab = new RegisterLab({ unknown: "localnet" });
    const { source, routes, uri, emergency } = register();
    const isbn = request({ method: "REGISTER", to: "isbn:2983792873", headers: [`Contact: <${CONTACT}>`] });
    expect(lab.answer({ request: isbn, source, routes, uri, emergency }).status).toBe(400);
    expect([...lab.bindings.all()]).toEqual([]);
  });

  it("RFC 4475 §3.1.1.4: %00 ends nothing: two Contacts are two", () => {
    const lab = new RegisterLab({ unknown: "localnet" });
    const contacts = ["<sip:%00@host5.example.com>", "<sip:%00%00@host5.example.com>"];
    const { headers = "" } = lab.answer(register({ contacts }));
    for (const contact of contacts) expect(headers).toContain(`Contact: ${contact};expires=`);
  });

  it.each([
    ["RFC 4475 §3.3.13: a parameter of the URI comes back", "<sip:+1972@gw1.example.net;unknownparam>"],
    ["RFC 4475 §3.3.14: an escaped Route of the URI comes back", "<sip:u@example.com?Route=%3Csip:sip.example.com%3E>"],
  ])("%s", (_, contact) => {
    const lab = new RegisterLab({ unknown: "localnet" });
    expect(lab.answer(register({ contacts: [contact] })).headers).toContain(`Contact: ${contact};expires=`);
  });

  it("RFC 4475 §3.1.2.4: expiries beyond all numbers are as good as none", () => {
    const lab = new RegisterLab({ unknown: "localnet" });
    const contacts = [`<${CONTACT}>;expires=280297596632815`];
    const { status, headers = "" } = lab.answer(register({ contacts, expires: `1${"0".repeat(100)}` }));
    expect(status).toBe(200);
    expect(Number(/expires=(\d+)/.exec(headers)?.[1])).toBeLessThanOrEqual(60);
  });
});
