/** What the location service remembers of phones that are gone, and for how long. */
import { expect, test } from "vitest";
import { Bindings, KEEP_ms } from "../../src/policy/phones/bindings.ts";
import { flowFrom } from "../transport/flows.ts";

const NAME = "201@pbx.example.com";
const CONTACT = "sip:201@10.222.237.21";
const EXPIRES_ms = 300_000;

function registered(): Bindings {
  const bindings = new Bindings();
  const flow = flowFrom("10.222.237.21", 5060);
  bindings.put(NAME, {
    contact: CONTACT,
    parameters: "",
    instance: "",
    flow,
    callId: "c",
    cseq: 1,
    expires_ms: EXPIRES_ms,
    heard_ms: 0,
    isAccepted: true,
  });
  return bindings;
}

test("bindings: a phone that has un-registered, as many do when they start anew, stays known for a day", () => {
  const bindings = registered();
  bindings.remove(NAME, CONTACT);
  bindings.expire(EXPIRES_ms + KEEP_ms - 1);
  expect(bindings.find(NAME)?.seen).toEqual(["10.222.237.21"]);
  bindings.expire(EXPIRES_ms + KEEP_ms);
  expect(bindings.size).toBe(0);
});

test("bindings: one that has fallen silent is kept for a day after its expiry", () => {
  const bindings = registered();
  bindings.expire(EXPIRES_ms + KEEP_ms - 1);
  expect(bindings.find(NAME)?.bindings).toHaveLength(1);
  bindings.expire(EXPIRES_ms + KEEP_ms);
  expect(bindings.size).toBe(0);
});

test("bindings: a phone that needs relaying is remembered for good", () => {
  const bindings = registered();
  bindings.markRelay(NAME);
  bindings.expire(EXPIRES_ms + 30 * KEEP_ms);
  expect(bindings.find(NAME)).toMatchObject({ wantsRelay: true, bindings: [] });
});
