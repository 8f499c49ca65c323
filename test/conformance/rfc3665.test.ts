/** RFC 3665 §3: the flows that have a proxy in them, message by message, with messages of our own. */
import { describe, expect, it } from "vitest";
import { DOMAIN } from "../sip/build.ts";
import { header, headers } from "../sip/message.ts";
import { expectLadder } from "../support/ladder.ts";
import { daylight, SDP, sdp } from "./support/offices.ts";
import { expectUntouched } from "./support/untouched.ts";

const BOB = `sip:bob@${DOMAIN}`;
/** The proxy that Bob sits behind: our upstream, and in his route set. */
const PROXY_2 = "<sip:198.51.100.10;lr>";
const OFFER = { body: sdp("alice"), extra: [SDP] };
const ANSWER = { body: sdp("bob"), extra: [SDP] };

function flow() {
  const cast = daylight();
  cast.bob.behind = PROXY_2;
  return cast;
}

/** A session with Bob, who gives a Contact that only Proxy 2 can reach. */
function session() {
  const cast = flow();
  const { alice, bob } = cast;
  alice.sends("INVITE", { uri: BOB, ...OFFER });
  bob.replies(180, { contact: "sip:bob@192.0.2.4" });
  bob.replies(200, { contact: "sip:bob@192.0.2.4", ...ANSWER });
  alice.sends("ACK");
  return cast;
}

describe("RFC 3665 §3: sessions", () => {
  it("RFC 3665 §3.2: through two proxies", () => {
    const { site, alice, bob } = session();
    bob.sends("BYE");
    alice.replies(200);
    expect(header(bob.seen("ACK"), "route")).toBe(PROXY_2);
    expect(bob.statuses("BYE")).toEqual([200]);
    expectUntouched(site, 6);
    expectLadder("rfc3665-3-2-two-proxies", site.ladder());
  });

  it("RFC 3665 §3.3: with a challenge of each proxy", () => {
    const { site, alice, bob } = flow();
    const challenge = (realm: string) => `Proxy-Authenticate: Digest realm="${realm}", nonce="n1", algorithm=MD5`;
    const credentials = (realm: string) =>
      `Proxy-Authorization: Digest username="alice", realm="${realm}", response="r"`;
    alice.sends("INVITE", { uri: BOB, ...OFFER });
    bob.replies(407, { extra: [challenge("atlanta")] });
    alice.sends("INVITE", { body: OFFER.body, extra: [SDP, credentials("atlanta")] });
    bob.replies(407, { extra: [challenge("biloxi")] });
    const both = [credentials("atlanta"), credentials("biloxi")];
    alice.sends("INVITE", { body: OFFER.body, extra: [SDP, ...both] });
    bob.replies(180);
    bob.replies(200, ANSWER);
    alice.sends("ACK", { extra: both });
    alice.sends("BYE", { extra: both });
    bob.replies(200);
    expect(headers(bob.seen("INVITE"), "proxy-authorization")).toHaveLength(2);
    expect(alice.statuses("INVITE").filter((status) => status > 100)).toEqual([407, 407, 180, 200]);
    expectUntouched(site, 10);
    expectLadder("rfc3665-3-3-authentication", site.ladder(["proxy-authenticate", "proxy-authorization"]));
  });

  it("RFC 3665 §3.6: a redirect, and session descriptions in 200 and ACK", () => {
    const { site, alice, bob } = flow();
    alice.sends("INVITE", { uri: BOB });
    bob.replies(302, { extra: ["Contact: <sip:bob@chicago.example.com>"] });
    alice.sends("INVITE", { uri: "sip:bob@chicago.example.com" });
    bob.replies(180);
    bob.replies(200, ANSWER);
    alice.sends("ACK", OFFER);
    alice.sends("BYE");
    bob.replies(200);
    expect(bob.seen("ACK").body).toBe(OFFER.body);
    expectUntouched(site, 8);
    expectLadder("rfc3665-3-6-redirect", site.ladder());
  });

  it("RFC 3665 §3.7: a re-INVITE with a new address: what follows goes there", () => {
    const { site, alice, bob } = session();
    bob.sends("INVITE", { contact: "sip:bob@192.0.2.5", body: sdp("bob", "sendrecv", 2), extra: [SDP] });
    alice.replies(200, { body: sdp("alice", "sendrecv", 2), extra: [SDP] });
    bob.sends("ACK");
    alice.sends("BYE");
    bob.replies(200);
    expect(bob.seen("BYE").startLine).toBe("BYE sip:bob@192.0.2.5 SIP/2.0");
    expectUntouched(site, 9);
    expectLadder("rfc3665-3-7-new-address", site.ladder());
  });
});

describe("RFC 3665 §3: calls that come to nothing", () => {
  it("RFC 3665 §3.8: no answer, the caller gives up", () => {
    const { site, alice, bob } = flow();
    alice.sends("INVITE", { uri: BOB, ...OFFER });
    bob.replies(180);
    alice.cancels();
    bob.replies(200, { to: "CANCEL" });
    bob.replies(487, { to: "INVITE" });
    expect(alice.statuses("INVITE")).toEqual([100, 180, 487]);
    expect(alice.statuses("CANCEL")).toEqual([200]);
    expectUntouched(site, 3);
    expectLadder("rfc3665-3-8-no-answer", site.ladder());
  });

  it.each([
    ["RFC 3665 §3.9: busy", 486, "9-busy"],
    ["RFC 3665 §3.11: temporarily unavailable", 480, "11-unavailable"],
  ])("%s", (_, status, name) => {
    const { site, alice, bob } = flow();
    alice.sends("INVITE", { uri: BOB, ...OFFER });
    bob.replies(status, { extra: ["Retry-After: 30", 'Warning: 399 biloxi "later"'] });
    expect(alice.statuses("INVITE")).toEqual([100, status]);
    expectUntouched(site, 2);
    expectLadder(`rfc3665-3-${name}`, site.ladder());
  });

  it("RFC 3665 §3.10: no response of the user agent: the next proxy's word for it passes, and no survival starts", () => {
    const { site, alice, bob } = flow();
    alice.sends("INVITE", { uri: BOB, ...OFFER });
    bob.replies(100);
    site.run(32_000);
    bob.replies(480);
    expect(alice.statuses("INVITE")).toEqual([100, 480]);
    expectUntouched(site, 2);
    expectLadder("rfc3665-3-10-no-response", site.ladder());
  });
});
