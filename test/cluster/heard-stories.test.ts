/** Stories that are heard are found by what comes of their calls, whichever member has told them. */
import { expect, test } from "vitest";
import { HeardStories } from "../../src/cluster/heard-stories.ts";
import type { Opening, StoryEvent } from "../../src/cluster/story-events.ts";
import { parse } from "../../src/message/parse.ts";
import { requestText, responseText } from "../sip/build.ts";
import { readSip } from "../sip/message.ts";

const PLENTY = 1_000;
const BRANCH = "z9hG4bKmark.4711";
const OVER_ms = 40_000;
const BEGINNING: StoryEvent = { at_ms: 0, found: [["branch", BRANCH]] };
const INVITE = requestText("10.206.206.1:5060", {
  ...{ method: "INVITE", uri: "sip:202@example.com", from: "<sip:201@example.com>;tag=x", to: "<sip:202@example.com>" },
  ...{ callId: "1@a", cseq: 1, transport: "UDP", branch: BRANCH },
});
const OPENING: Opening = {
  key: "INVITE z9hG4bK-1 10.0.0.1:5060",
  wire: INVITE,
  source: { listener: 0, address: "10.0.0.1", port: 5060 },
  tag: "t",
  decision: { plan: [], rule: "test", why: "test" },
  listeners: [],
};

test("a call that a second member goes on with is found by its branches when the first one's story is forgotten", () => {
  const stories = new HeardStories(PLENTY, PLENTY * PLENTY);
  const [first, second] = [stories.begin("a", "boot-a", "1"), stories.begin("b", "boot-b", "7")];
  stories.add(first, 0, BEGINNING, OPENING, 1, 0);
  stories.add(second, 0, BEGINNING, OPENING, 1, 1_000);
  first.isOver = true;
  second.changed_ms = OVER_ms;
  stories.sweep(OVER_ms);
  const response = parse(responseText(readSip(INVITE), 180, { toTag: "y" }));
  if (response.kind !== "response") throw new Error("no response");
  expect([stories.size, stories.ofMessage(response) === second]).toEqual([1, true]);
  expect([stories.isLast(second), second.callId]).toEqual([true, "1@a"]);
});
