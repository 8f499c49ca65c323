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
    `      3. makes room: if no channel is free, the youngest ordinary call is ended
      4. would ask the gateway whose channel that was, which can take no call at the moment
         Unless it takes the call:
         5. would ask gateway 10.10.1.3, although it seems full, which can take no call at the moment
`,
  );
  for (const act of acts) expect(act).not.toHaveBeenCalled();
});
