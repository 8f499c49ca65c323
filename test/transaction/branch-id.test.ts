/** Branch parameters of ours: RFC 3261 §8.1.1.7, §16.6 item 8, §16.11; RFC 5393. */
import { describe, expect, test } from "vitest";
import { BranchIds, branchIdsBy, loopHash, memberMark } from "../../src/transaction/branch-id.ts";
import { type RequestParts, request } from "../support/messages.ts";

const MARK = "abcdefghij";
const chance = () => "chance";
const ids = new BranchIds(MARK, "st01", chance);
/** Tells texts apart, and no more. */
const hashed = (text: string) => [...text].reduce((sum, one) => (sum * 33 + one.charCodeAt(0)) % 1e9, 7);
const hashOf = (parts: RequestParts) => loopHash(request(parts));

describe("branches of client transactions", () => {
  test("RFC 3261 §8.1.1.7: they begin with the magic cookie, are tokens, and never repeat", () => {
    const branches = Array.from({ length: 10_000 }, () => ids.next("loop"));
    expect(new Set(branches).size).toBe(10_000);
    for (const branch of branches) expect(branch).toMatch(/^z9hG4bK[A-Za-z0-9.-]+$/);
  });

  test("two starts of the process make different branches, and know each other's", () => {
    const later = new BranchIds(MARK, "st02", chance);
    expect(later.next("x")).not.toBe(new BranchIds(MARK, "st01", chance).next("x"));
    expect(later.isOurs(ids.next("x"))).toBe(true);
  });

  test("in a cluster they say whose transaction it is, and each member reads them", () => {
    const mac = (text: string) => `${text.slice(-1)}-mac of ${text}`;
    const marks = ["router-a", "router-b"].map((name) => memberMark(mac, name));
    const [a = "", b = ""] = marks;
    for (const mark of marks) expect(mark).toMatch(/^[A-Za-z0-9]{4}$/);
    const atB = new BranchIds(MARK, "st02", chance, b);
    const branch = new BranchIds(MARK, "st01", chance, a).next("x");
    expect([atB.isOurs(branch), atB.isFromElsewhere(branch)]).toEqual([true, true]);
    expect([atB.isOf(a, branch), atB.isOf(b, branch), atB.isOf(b, atB.next("x"))]).toEqual([true, false, true]);
  });

  test.each(["", "z9hG4bK", "z9hG4bKabcdefghi.x1.0", `x${MARK}`, `z9hG4bK${MARK}`, "z9hG4bKABCDEFGHIJ.st011.0"])(
    "%j isn't ours",
    (branch) => {
      expect(ids.isOurs(branch)).toBe(false);
    },
  );
});

describe("branches of a call that more than one member may go on with", () => {
  const invite = request({ method: "INVITE" });
  const member = (name: string, key = "key") =>
    branchIdsBy({
      mac: (text) => `x${hashed(`${key} ${text}`)}`,
      random: { token: () => name, fraction: () => 0 },
      member: name,
    });
  const [a, b, stranger] = [member("a"), member("b"), member("a", "none")];
  const stem = a.stem();

  test("for the same copy each member makes the same branch", () => {
    const branch = a.nextFor(invite, "1 10.222.237.22", stem);
    expect(branch).toBe(b.nextFor(invite, "1 10.222.237.22", stem));
    expect([a.isFromElsewhere(branch), b.isFromElsewhere(branch)]).toEqual([false, true]);
  });

  test("for another copy, or by another call's stem, it is another one", () => {
    const others = [a.nextFor(invite, "2 10.222.237.22", stem), a.nextFor(invite, "1 10.222.237.22", a.stem())];
    expect(new Set([...others, a.nextFor(invite, "1 10.222.237.22", stem)]).size).toBe(3);
  });

  test("without the secret nobody foresees it", () => {
    expect(stranger.nextFor(invite, "1 x", stem)).not.toBe(a.nextFor(invite, "1 x", stem));
  });
});

describe("branches without a transaction", () => {
  const base: RequestParts = { method: "ACK", via: ["SIP/2.0/UDP h:5060;branch=z9hG4bKa"] };

  test("RFC 3261 §16.11: a retransmission gets the same branch", () => {
    expect(ids.stateless(request(base))).toBe(ids.stateless(request({ ...base, headers: ["Extra: 1"] })));
    expect(ids.isOurs(ids.stateless(request(base)))).toBe(true);
  });

  test.each<readonly [string, RequestParts]>([
    ["branch", { via: ["SIP/2.0/UDP h:5060;branch=z9hG4bKb"] }],
    ["sent-by host", { via: ["SIP/2.0/UDP other:5060;branch=z9hG4bKa"] }],
    ["sent-by port", { via: ["SIP/2.0/UDP h:5061;branch=z9hG4bKa"] }],
    ["Call-ID", { callId: "other" }],
    ["CSeq number", { cseq: "2 ACK" }],
  ])("RFC 3261 §16.11: another %s gets another branch", (_, change) => {
    expect(ids.stateless(request({ ...base, ...change }))).not.toBe(ids.stateless(request(base)));
  });
});

describe("loops", () => {
  const routes = ["Route: <sip:r1;lr>"];

  test("RFC 5393 §4.2.1: a request that comes back unchanged is a loop", () => {
    const invite = request({ headers: routes });
    const branch = ids.next(loopHash(invite));
    const returned = request({
      headers: routes,
      via: ["SIP/2.0/UDP next;branch=z9hG4bKx", `SIP/2.0/UDP us;branch=${branch}`],
    });
    expect(ids.isLoop(branch, returned)).toBe(true);
  });

  test.each<readonly [string, RequestParts]>([
    ["Request-URI", { headers: routes, uri: "sip:other@h" }],
    ["Route set", { headers: [] }],
    ["Call-ID", { headers: routes, callId: "other" }],
    ["CSeq number", { headers: routes, cseq: "2 INVITE" }],
    ["Proxy-Authorization", { headers: [...routes, "Proxy-Authorization: Digest x"] }],
  ])("RFC 5393 §4.2.1: with another %s it is a spiral", (_, parts) => {
    const branch = ids.next(hashOf({ headers: routes }));
    expect(ids.isLoop(branch, request(parts))).toBe(false);
  });

  test.each<readonly [string, RequestParts]>([
    ["Max-Forwards", { headers: routes, maxForwards: "12" }],
    ["To tag", { headers: routes, to: "<sip:0301234@pbx.example.com>;tag=x" }],
    ["body", { headers: routes, body: "v=0\r\n" }],
  ])("RFC 5393 §4.2.1: %s doesn't count", (_, parts) => {
    expect(hashOf(parts)).toBe(hashOf({ headers: routes }));
  });

  test("each copy of a fork has a branch of its own, and each finds its request again; so has the request behind it", () => {
    const invite = request({ headers: routes });
    const branches = [ids.nextFor(invite), ids.nextFor(invite)];
    expect(new Set(branches).size).toBe(2);
    for (const branch of branches) expect(ids.isLoop(branch, invite)).toBe(true);
    const next = request({ headers: routes, callId: "other" });
    const itsBranch = ids.nextFor(next);
    expect(ids.isLoop(itsBranch, next)).toBe(true);
    expect(ids.isLoop(itsBranch, invite)).toBe(false);
  });

  test("the branch of another installation is never our loop", () => {
    const other = new BranchIds("0123456789", "st01", chance);
    const invite = request();
    expect(ids.isLoop(other.next(loopHash(invite)), invite)).toBe(false);
  });

  test("RFC 3261 §16.11: a stateless branch is no loop of its own request", () => {
    const ack = request({ method: "ACK" });
    expect(ids.isLoop(ids.stateless(ack), ack)).toBe(false);
  });
});
