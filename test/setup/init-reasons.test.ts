/** What `init` says beside its proposals: why a network is one, and where calls of the gateway go. */
import { expect, test } from "vitest";
import { promptOf, questionOf } from "../../src/setup/init/dialogue.ts";
import { readNetwork } from "../../src/setup/init/network.ts";
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
    /They ring even while the PBX is up\..*inbound: upstream-first\nExtensions that ring/,
  );
  expect(questionOf("members", facts, { upstream: [] }).notes).toEqual([]);
});
