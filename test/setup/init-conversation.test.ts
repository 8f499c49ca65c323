/** How `branchline init` asks a person: doubts, the answers at the end, and the way back to each of them. */
import { expect, test } from "vitest";
import type { Given } from "../../src/setup/init/answers.ts";
import { Conversation } from "../../src/setup/init/conversation.ts";
import { readNetwork } from "../../src/setup/init/network.ts";
import { EDGEROUTER_4, waysOn } from "./routers.ts";

const NAMES = { "tunnel.example.com": ["192.0.2.10"], "unknown.example.com": [] };
const ANSWERS = ["10.1.20.0/24", "tunnel.example.com", "10.10.1.3", "201 202", "112", ""];
const LISTEN = ["udp:10.1.20.1:5060", "udp:10.10.1.1:5060", "udp:10.99.0.2:5060"];

/** A person who types one line after the other, at an EdgeRouter whose PBX is behind a tunnel. */
class Person {
  readonly prompts: string[] = [];
  readonly said: string[] = [];
  readonly talk: Conversation;

  constructor(given: Given = {}) {
    this.talk = new Conversation({ network: readNetwork(EDGEROUTER_4), heard: [] }, given, "/etc/branchline.yaml");
    this.look();
  }

  type(...lines: readonly string[]): this {
    for (const line of lines) {
      if (this.talk.isOver) throw new Error(`nothing asks for ${line}`);
      this.prompts.push(this.talk.prompt);
      this.said.push(this.talk.take(line));
      this.look();
    }
    return this;
  }

  get prompt(): string {
    return this.talk.prompt;
  }

  private look(): void {
    const { wanted } = this.talk;
    if (wanted.length > 0) {
      this.talk.learn(
        waysOn(
          EDGEROUTER_4,
          wanted.map(({ text }) => text),
          NAMES,
        ),
      );
    }
  }
}

test("all answers are shown at the end, on a screen of their own; an empty line writes them", () => {
  const person = new Person().type(...ANSWERS);
  expect(person.prompt).toBe(`
  1  Phones' networks   10.1.20.0/24
  2  PBX                sip:tunnel.example.com
  3  Gateway            sip:10.10.1.3
  4  Gateway rings      201 202
  5  Emergency numbers  112
  6  This router        ${LISTEN.join(" ")}
Write /etc/branchline.yaml? [Y/n, or the number of an answer to change] `);
  person.type("");
  expect(person.talk).toMatchObject({ isOver: true, isCancelled: false });
  expect(person.talk.draft.listen).toEqual(LISTEN);
});

test("n writes nothing; what is no answer is explained", () => {
  const person = new Person().type(...ANSWERS, "7", "what?", "n");
  expect(person.said.slice(-3)).toEqual([
    "  Type y, n or a number from 1 to 6.\n",
    "  Type y, n or a number from 1 to 6.\n",
    "",
  ]);
  expect(person.talk).toMatchObject({ isOver: true, isCancelled: true });
});

test("a number leads back to that answer, an empty line leaves it as it was; what depends on it is asked anew", () => {
  const person = new Person().type(...ANSWERS, "4", "");
  expect(person.prompts[person.prompts.length - 1]).toContain("(--members) [201 202]: ");
  expect(person.talk.draft.members).toEqual(["201", "202"]);
  person.type("2", "192.88.99.7");
  expect(person.prompt).toContain("(--listen) [udp:10.1.20.1:5060 udp:203.0.113.2:5060 udp:10.10.1.1:5060]: ");
  person.type("", "y");
  expect(person.talk.draft).toMatchObject({
    upstream: ["sip:192.88.99.7"],
    listen: ["udp:10.1.20.1:5060", "udp:203.0.113.2:5060", "udp:10.10.1.1:5060"],
  });
});

test("an answer that a flag gave can be changed too", () => {
  const person = new Person({ emergency: "112" }).type(...ANSWERS.slice(0, 4), "", "5", "911", "");
  expect(person.talk.draft.emergency).toEqual(["911"]);
});

test("none for the PBX or the gateway is asked back once; no leads back to the question", () => {
  const person = new Person().type("10.1.20.0/24", "", "n", "none");
  expect(person.prompts.slice(1)).toEqual([
    "The PBX, as phones have it as SIP server (--upstream) [none]: ",
    "Without a PBX, each phone's own domain is taken for it, as DNS finds it. Really none? [y/N] ",
    "The PBX, as phones have it as SIP server (--upstream) [none]: ",
  ]);
  person.type("yes", "none");
  expect(person.prompt).toBe("Without a gateway, calls can't leave in an outage. Really none? [y/N] ");
  person.type("");
  expect(person.prompt).toBe("The PSTN gateway's address (--gateway) [none]: ");
  person.type("10.10.1.3", "", "", "", "");
  expect(person.talk.draft).toMatchObject({ upstream: [], gateways: ["sip:10.10.1.3"], members: [] });
});

test("none that is taken back twice ends the questions, with the flag that says it", () => {
  const person = new Person().type("10.1.20.0/24", "tunnel.example.com", "none", "", "none", "");
  expect(person.talk.isOver).toBe(true);
  expect(person.talk.fault).toBe(
    "Cancelled, no file written. If there is none, say so: branchline init --gateway none",
  );
});

test("a gateway that is taken away takes its hunt group and its emergency numbers with it", () => {
  const person = new Person().type(...ANSWERS, "3", "none", "y", "", "");
  expect(person.talk.draft).toEqual({
    localnet: ["10.1.20.0/24"],
    upstream: ["sip:tunnel.example.com"],
    gateways: [],
    listen: ["udp:10.1.20.1:5060", "udp:10.99.0.2:5060"],
  });
});

test("without a PBX the address of the default route is proposed, and called a guess", () => {
  const person = new Person({ upstream: "none", gateways: "none" }).type("10.1.20.0/24");
  expect(person.prompt).toBe(
    "  Without a PBX the default route's address is a guess: phones' domains may be elsewhere.\n" +
      "This router's addresses towards phones, PBX and gateway (--listen) [udp:10.1.20.1:5060 udp:203.0.113.2:5060]: ",
  );
});

test("a PBX whose name isn't known: listen must be typed, and it is said why", () => {
  const person = new Person({ upstream: "unknown.example.com", gateways: "none" }).type("10.1.20.0/24");
  expect(person.prompt).toBe(
    "  Not known: neither DNS nor /etc/hosts has an address of unknown.example.com.\n" +
      "  Only if the PBX unknown.example.com is behind the default route: udp:10.1.20.1:5060 udp:203.0.113.2:5060\n" +
      "This router's addresses towards phones, PBX and gateway (--listen) (required): ",
  );
  person.type("");
  expect(person.said).toContain("  name at least one, such as 10.222.237.1\n");
});

test("what flags alone say isn't asked back", () => {
  const given = { localnet: "10.1.20.0/24", upstream: "tunnel.example.com", gateways: "none", listen: "10.1.20.1" };
  expect(new Person(given).talk).toMatchObject({ isOver: true, isCancelled: false });
});

test("a flag that is wrong ends it", () => {
  expect(new Person({ localnet: "nonsense" }).talk).toMatchObject({
    isOver: true,
    isCancelled: true,
    fault: expect.stringMatching(/^--localnet: "nonsense" is not a network/),
  });
});
