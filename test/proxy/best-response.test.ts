/** RFC 3261 §16.7 items 6 and 7: the best of several final responses, and the challenges that go with it. */
import { describe, expect, it } from "vitest";
import { bestOf, type Final, otherChallenges } from "../../src/proxy/best-response.ts";
import { response } from "../support/messages.ts";

const said = (status: number, ...headers: string[]): Final => ({ status, response: response(status, { headers }) });
const concluded = (status: number): Final => ({ status, response: undefined });

/** The best of them, whichever came first. */
function best(finals: readonly Final[]): number | undefined {
  const forwards = bestOf(finals);
  expect(bestOf([...finals].reverse())?.status).toBe(forwards?.status);
  return forwards?.status;
}

describe("item 6: the best response", () => {
  it.each([
    ["a 6xx speaks for all", [302, 401, 603, 486], 603],
    ["600 too", [302, 600], 600],
    ["then the lowest class: 3xx", [404, 302, 500], 302],
    ["4xx before 5xx", [500, 486], 486],
    ["5xx, where there is nothing else", [500], 500],
    ...[401, 407, 415, 420, 484].map(
      (status) => [`${status} helps to ask better`, [404, status, 486], status] as const,
    ),
    ["but a lower class goes before it", [401, 300], 300],
    ["a 408 says least of the 4xx", [408, 486], 486],
    ["and so does a 487", [487, 404], 404],
    ["even these go before 5xx", [500, 487], 487],
    ["503 says least of the 5xx", [503, 500], 500],
    ["even 504 goes before it", [503, 504], 504],
    ["503 alone is 503", [503, 503], 503],
  ] as const)("%s", (_, statuses, wanted) => {
    expect(best(statuses.map((status) => said(status)))).toBe(wanted);
  });

  it("among equals the first that came", () => {
    const [first, second] = [said(486, "X: 1"), said(480, "X: 2")];
    expect(bestOf([first, second])).toBe(first);
    expect(bestOf([second, first])).toBe(second);
  });

  it.each([
    ["what was said goes before what was concluded", [said(503), concluded(408)], 503],
    ["a concluded 408 is no better than a 500 that was said", [said(500), concluded(408)], 500],
    ["among conclusions the order is the same", [concluded(503), concluded(480), concluded(408)], 480],
  ])("%s", (_, finals, wanted) => {
    expect(best(finals)).toBe(wanted);
  });

  it("of nothing there is none", () => {
    expect(bestOf([])).toBeUndefined();
  });
});

describe("item 7: challenges", () => {
  const proxyA = 'Proxy-Authenticate: Digest realm="a"';
  const wwwB = 'WWW-Authenticate: Digest realm="b"';
  const proxyB = 'Proxy-Authenticate: Digest realm="b"';
  const wwwC = 'WWW-Authenticate: Digest realm="c"';

  it("with a 401 or 407 go those of all other branches, of both kinds, and not its own once more", () => {
    const [first, second, third] = [said(407, proxyA), said(401, wwwB, proxyB), said(401, wwwC)];
    const finals = [first, second, third];
    expect(otherChallenges(first, finals)).toBe(`${wwwB}\r\n${proxyB}\r\n${wwwC}\r\n`);
    expect(otherChallenges(second, finals)).toBe(`${proxyA}\r\n${wwwC}\r\n`);
  });

  it("several of one branch stay in their order", () => {
    const [first, second] = [said(401, wwwB), said(407, proxyA, proxyB)];
    expect(otherChallenges(first, [first, second])).toBe(`${proxyA}\r\n${proxyB}\r\n`);
  });

  it("another status carries none, and brings none", () => {
    const [busy, challenge] = [said(486, wwwC), said(401, wwwB)];
    expect(otherChallenges(busy, [busy, challenge])).toBe("");
    expect(otherChallenges(challenge, [busy, challenge, concluded(408), concluded(401)])).toBe("");
  });
});
