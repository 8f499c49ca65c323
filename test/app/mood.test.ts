/** What the status page's title and icon say of a branch. */
import { expect, test } from "vitest";
import { moodOf, titleOf } from "../../src/app/words/mood.ts";

const upstream = { role: "upstream", peers: ["pbx.example.com"] } as const;
const gateway = { role: "gateway", peers: ["10.10.1.3"] } as const;
const none = { role: "none", peers: [] } as const;

test.each([
  ["all is well", upstream, "auto", "good", "branchline"],
  ["upstream is down", gateway, "auto", "doubtful", "Survival: branchline"],
  ["upstream is forced down", gateway, "down", "doubtful", "Survival: branchline"],
  ["upstream is forced up: calls go there", upstream, "up", "doubtful", "Forced up: branchline"],
  ["neither upstream nor a gateway takes calls", none, "auto", "bad", "No way out: branchline"],
  ["upstream is forced down, and no gateway takes calls", none, "down", "bad", "No way out: branchline"],
] as const)("%s", (_, calls_go_to, force, mood, title) => {
  expect(moodOf({ calls_go_to, force })).toBe(mood);
  expect(titleOf({ calls_go_to, force })).toBe(title);
});
