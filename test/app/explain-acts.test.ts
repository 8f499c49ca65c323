/** `branchline explain` reads a plan aloud: it asks which targets would be chosen, and does nothing of what the plan does. */
import { expect, test, vi } from "vitest";
import { explainCall } from "../../src/app/explain.ts";
import { explainText } from "../../src/app/words/explain-words.ts";
import { Calls } from "../../src/policy/gateways/calls.ts";
import { Bindings } from "../../src/policy/phones/bindings.ts";
import { RoutingPolicy } from "../../src/policy/routing-policy.ts";
import { PHONE, SITE_YAML } from "../support/site.ts";
import { load } from "./files.ts";

const YAML = `${SITE_YAML.replace("[sip:10.10.1.3]", "[{uri: sip:10.10.1.3, channels: 1}, sip:10.10.1.4]")}
emergency: {numbers: ["112"], preempt: true}
`;

test("an emergency call: no call is ended for it, and its channels stay as they are", () => {
  const acts = [
    vi.spyOn(RoutingPolicy.prototype, "begin"),
    vi.spyOn(RoutingPolicy.prototype, "reply"),
    vi.spyOn(RoutingPolicy.prototype, "listener"),
    vi.spyOn(RoutingPolicy.prototype, "observer"),
    vi.spyOn(Calls.prototype, "leave"),
    vi.spyOn(Calls.prototype, "preempt"),
    vi.spyOn(Bindings.prototype, "putAll"),
  ];
  const question = { from: PHONE.address, to: "112", upstream: undefined };
  const found = explainCall(load(YAML).config, { saved: undefined, status: undefined }, question);
  const text = "facts" in found ? explainText(found.facts) : "";
  expect(text).toContain(
    `      3. makes room: if no channel is free, the youngest ordinary call is ended, and its channel taken
      4. asks upstream 198.51.100.10`,
  );
  for (const act of acts) expect(act).not.toHaveBeenCalled();
});

test("a gateway without a free channel: how many are taken; for an emergency call it is asked all the same", () => {
  const yaml = SITE_YAML.replace("[sip:10.10.1.3]", "[{uri: sip:10.10.1.3, channels: 1}]");
  const spy = vi.spyOn(Calls.prototype, "count").mockReturnValue(1);
  const more = 'emergency: {numbers: ["112"]}\nsurvival: {answer: relay}\n';
  const words = (to: string) => {
    const question = { from: PHONE.address, to, upstream: "down" as const };
    const found = explainCall(load(yaml + more).config, { saved: undefined, status: undefined }, question);
    return "facts" in found ? explainText(found.facts) : "";
  };
  expect(words("5551234")).toContain("2. would ask gateway 10.10.1.3, but it is full: 1 of 1 channels taken\n");
  expect(words("112")).toContain("2. asks gateway 10.10.1.3, although it seems full (sip:112@10.10.1.3)");
  spy.mockRestore();
});
