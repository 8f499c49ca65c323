/** What `init` says beside its proposals: why a network is one, and where calls of the gateway go. */
import { expect, test } from "vitest";
import { promptOf, questionOf, settle } from "../../src/setup/init/dialogue.ts";
import type { Heard } from "../../src/setup/init/heard.ts";
import { readNetwork } from "../../src/setup/init/network.ts";
import { silentGateways } from "../../src/setup/init/proposal.ts";
import { EDGEROUTER_4 } from "./routers.ts";

const network = { ...readNetwork(EDGEROUTER_4), neighbours: [] };
const told = { address: "10.1.20.21", user: "201", domain: "pbx.example.com", agent: "" };
const alike = { address: "10.10.1.3", user: undefined, domain: undefined, agent: "baresip v1.0" };

test("a network is proposed with what was taken for a phone in it", () => {
  const { notes, proposed } = questionOf("localnet", { network, heard: [told, alike] }, {});
  expect(proposed).toEqual(["10.1.20.0/24", "10.10.1.0/24"]);
  expect(notes).toEqual([
    "10.1.20.0/24: taken for phones: 201 at 10.1.20.21.",
    "10.10.1.0/24: taken for phones: baresip v1.0 at 10.10.1.3.",
  ]);
});

test("members are asked for with what rings them while the PBX is up, and without a PBX with nothing", () => {
  const facts = { network, heard: [] };
  expect(promptOf(questionOf("members", facts, { upstream: ["sip:pbx.example.com"] }))).toMatch(
    /A call from the gateway rings phones even while the PBX is up\..*inbound: upstream-first\nExtensions that ring/,
  );
  expect(questionOf("members", facts, { upstream: [] }).notes).toEqual([]);
});

test("the only machine that speaks SIP and is no phone is proposed as gateway to a person, and never by --yes", () => {
  const silent = { address: "10.10.1.3", user: undefined, domain: undefined, agent: "" };
  const draft = { localnet: ["10.1.20.0/24"], upstream: ["sip:192.0.2.10"] };
  const proposed = (heard: readonly Heard[], isGuessing: boolean, upstream = draft.upstream) =>
    questionOf("gateways", { network, heard: [told, ...heard] }, { ...draft, upstream }, isGuessing).proposed;
  expect(proposed([silent], true)).toEqual(["sip:10.10.1.3"]);
  expect(proposed([silent], false)).toEqual([]);
  expect(proposed([], true)).toEqual([]);
  expect(proposed([silent, { ...silent, address: "10.10.1.4" }], true)).toEqual([]);
  expect(proposed([{ ...silent, agent: "Asterisk PBX 20" }], true)).toEqual([]);
  expect(proposed([silent], true, ["sip:10.10.1.3"])).toEqual([]);
  const facts = { network, heard: [told, silent] };
  const asked = promptOf(questionOf("gateways", facts, draft, true));
  expect(asked).toBe(
    "  10.10.1.3: speaks SIP, doesn't say what it is.\nThe PSTN gateway's address (--gateway) [sip:10.10.1.3]: ",
  );
  const stand = (isTrusting: boolean) => settle(draft, facts, {}, isTrusting);
  expect(stand(false).question?.proposed).toEqual(["sip:10.10.1.3"]);
  expect(stand(true).fault).toContain("--gateway ADDRESS|none");
});

test("a gateway that was asked and hasn't answered is told", () => {
  const answers = { address: "10.10.1.3", user: undefined, domain: undefined, agent: "" };
  const facts = { network, heard: [answers], asked: ["10.10.1.3", "10.10.1.55"] };
  const silent = (...gateways: readonly string[]) => silentGateways({ gateways }, facts);
  expect(silent("sip:10.10.1.3", "sip:10.10.1.55")).toEqual([
    "gateway sip:10.10.1.55 hasn't answered OPTIONS: check the address, unless the gateway doesn't support OPTIONS",
  ]);
  // Whether these answer isn't known.
  expect(silent("sip:192.0.2.1", "sip:10.10.1.55:5070", "sip:10.10.1.55;transport=tcp")).toEqual([]);
  expect(silentGateways({ gateways: ["sip:10.10.1.55"] }, { network, heard: [] })).toEqual([]);
});
