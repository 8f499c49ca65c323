/** RFC 3261 §16.7 items 6 to 9: what the caller is told when no target has taken the request. */
import { describe, expect, it } from "vitest";
import type { Final } from "../../src/proxy/best-response.ts";
import { finalAnswer } from "../../src/proxy/final-answer.ts";
import { response } from "../support/messages.ts";

const said = (status: number, ...headers: string[]): Final => ({ status, response: response(status, { headers }) });
const concluded = (status: number): Final => ({ status, response: undefined });
const WAITS = { isCancelled: false, isPatient: false };

/** The status that leaves, and whether a target has sent it; undefined: none. */
function told(finals: readonly Final[], circumstances = WAITS, decision: Parameters<typeof finalAnswer>[2] = {}) {
  const answer = finalAnswer(finals, circumstances, decision);
  if (answer === undefined) return undefined;
  return answer.kind === "reply" ? [answer.reply.status, "ours"] : [answer.response.status, "theirs"];
}

describe("what a target has said", () => {
  it.each([
    ["the best response passes", [said(486), said(404)], {}, [486, "theirs"]],
    ["it goes before what we have concluded", [concluded(408), said(404)], {}, [404, "theirs"]],
    ["503 becomes 500, since it is about one target", [said(503)], {}, [500, "ours"]],
    ["503 passes where the next request would meet it too", [said(503)], { passes503: true }, [503, "theirs"]],
    ["what the caller can't use is 480", [said(302)], { hides: { classes: [3] } }, [480, "ours"]],
    ["another's answer goes before that", [said(302), said(486)], { hides: { classes: [3] } }, [486, "theirs"]],
  ] as const)("%s", (_, finals, decision, wanted) => {
    expect(told(finals, WAITS, decision)).toEqual(wanted);
  });

  it("a challenge takes the others' challenges with it", () => {
    const other = 'WWW-Authenticate: Digest realm="b"';
    const answer = finalAnswer([said(401, 'WWW-Authenticate: Digest realm="a"'), said(401, other)], WAITS, {});
    expect(answer).toMatchObject({ kind: "response", challenges: `${other}\r\n` });
  });
});

describe("what we conclude", () => {
  it.each([
    ["silence is 408", [concluded(408)], WAITS, [408, "ours"]],
    ["silence is nothing at all where its 408 would come too late", [concluded(408)], { ...WAITS, isPatient: true }],
    ["an unreachable target is 500", [concluded(503)], WAITS, [500, "ours"]],
    ["a call that nobody has picked up is 480", [concluded(480)], WAITS, [480, "ours"]],
    ["a cancelled call is 487", [concluded(487)], { ...WAITS, isCancelled: true }, [487, "ours"]],
    ["a cancelled call gets what a target has said", [said(486)], { ...WAITS, isCancelled: true }, [486, "theirs"]],
    ["no target at all is 408", [], WAITS, [408, "ours"]],
  ] as const)("%s", (_, finals, circumstances, wanted = undefined) => {
    expect(told(finals, circumstances)).toEqual(wanted);
  });
});
