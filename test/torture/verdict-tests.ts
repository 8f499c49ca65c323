/** One table of verdicts against its messages: what the tests for both RFCs have in common. */
import { expect, test } from "vitest";
import { report, type World } from "./torture-site.ts";
import type { Verdict } from "./verdict.ts";
import { bodyOf, expectedCopy, headerLines, nameOf, statusOf, withoutOwnLines } from "./wire-text.ts";

/** Tests what becomes of each message, and that the next request is served. */
export function testVerdicts(
  rfc: string,
  verdicts: readonly Verdict[],
  messages: readonly { readonly name: string; readonly wire: string }[],
  world: World,
): void {
  for (const { name, wire } of messages) {
    const verdict = verdicts.find((row) => row.name === name);
    test(`${rfc} section ${verdict?.section}: ${name} gets ${verdict?.outcome}`, () => {
      const found = report(wire, world);
      expect(found.outcome).toBe(verdict?.outcome);
      expect(found.strays).toEqual([]);
      expect(found.afterwards).toBe(200);
      if (found.outcome === "forward") expectCopy(wire, found.forwarded, found.answers, world);
      else expect(finalsOf(found.answers)).toEqual(found.outcome === "drop" ? [] : [found.outcome]);
      if (typeof found.outcome === "number") expectRefusal(wire, found.answers);
    });
  }
}

/** One copy left, its lines as they came but for what a proxy must change, and upstream's answer found its way back. */
function expectCopy(wire: string, forwarded: readonly string[], answers: readonly string[], world: World): void {
  expect(forwarded).toHaveLength(1);
  const [copy = ""] = forwarded;
  const names = headerLines(wire).map(nameOf);
  const { own, lines } = withoutOwnLines(copy, names.includes("max-forwards"));
  const expected = expectedCopy(wire, world.phone.address);
  expect(own[0]).toMatch(/^Via: SIP\/2\.0\/UDP \S+;branch=z9hG4bK\S+;rport$/);
  expect(own.some((line) => line.startsWith("Path: "))).toBe(wire.startsWith("REGISTER "));
  expect(own.some((line) => line.startsWith("Record-Route: "))).toBe(wire.startsWith("INVITE "));
  const strict = headerLines(wire).find((line) => nameOf(line) === "route" && !line.includes(";lr"));
  const [startLine = ""] = wire.split("\r\n");
  if (strict === undefined) {
    expect(copy.split("\r\n")[0]).toBe(startLine);
    expect(lines).toEqual(expected.lines);
  } else {
    // §16.6 item 6: Request-URI and Route change places.
    const uri = startLine.split(" ")[1] ?? "";
    expect(copy.split("\r\n")[0]).toBe(startLine.replace(uri, /<(.*)>/.exec(strict)?.[1] ?? ""));
    expect(lines).toEqual(expected.lines.map((line) => (line === strict ? `Route: <${uri}>` : line)));
  }
  expect(bodyOf(copy)).toBe(expected.body);
  const finals = answers.filter((answer) => statusOf(answer) >= 200);
  expect(finals.map(statusOf)).toEqual([200]);
  const vias = (all: readonly string[]) => all.filter((line) => nameOf(line) === "via");
  expect(vias(headerLines(finals[0] ?? ""))).toEqual(vias(expected.lines));
}

/** Final statuses, repetitions left out: nobody acknowledges. */
function finalsOf(answers: readonly string[]): number[] {
  return [...new Set(answers.map(statusOf).filter((status) => status >= 200))];
}

/** A refusal of ours has each field that it echoes once, as far as the request had it. */
function expectRefusal(wire: string, answers: readonly string[]): void {
  const [answer = ""] = answers;
  const has = (name: string) => headerLines(wire).some((line) => nameOf(line) === name);
  const names = headerLines(answer).map(nameOf);
  for (const name of ["from", "to", "call-id", "cseq"]) {
    expect(names.filter((other) => other === name)).toHaveLength(has(name) ? 1 : 0);
  }
}
