/** The list of who is registered, in pieces that don't keep calls waiting; and which members of hunt groups aren't. */
import { describe, expect, it } from "vitest";
import { type Binding, Bindings } from "../../src/policy/phones/bindings.ts";
import { type RegisteredContact, registeredAfter } from "../../src/policy/phones/registered.ts";
import type { Flow } from "../../src/transport/flow.ts";
import { GATEWAY, PBX, PHONE, PHONE_2, SITE_YAML, Site, WAN } from "../support/site.ts";
import { flowFrom, LAN, over } from "../transport/flows.ts";

function binding(last: number, more: Partial<Binding> = {}): Binding {
  const contact = `sip:line@10.222.237.${last}:5060`;
  const flow = flowFrom(`10.222.237.${last}`, 5060);
  return {
    contact,
    parameters: "",
    instance: "",
    flow,
    callId: "1",
    cseq: 1,
    expires_ms: 60_000,
    heard_ms: 0,
    isAccepted: true,
    ...more,
  };
}

const nothingOpen = () => false;

function all(bindings: Bindings, onPage: (size: number) => void = () => {}): RegisteredContact[] {
  const found: RegisteredContact[] = [];
  for (let after: string | undefined = ""; after !== undefined; ) {
    const page = registeredAfter(bindings, after, nothingOpen, 0);
    onPage(JSON.stringify(page).length);
    found.push(...page.contacts);
    after = page.next;
  }
  return found;
}

describe("registered contacts", () => {
  it("each with what leads to it, and how long it is promised", () => {
    const bindings = new Bindings();
    bindings.put("202@pbx.example.com", binding(22, { expires_ms: 10_000 }));
    bindings.put("201@pbx.example.com", binding(21, { flow: flowFrom("2001:db8::21", 5062) }));
    bindings.put("203@pbx.example.com", binding(23));
    bindings.remove("203@pbx.example.com", "*");
    expect(registeredAfter(bindings, "", nothingOpen, 25_400)).toEqual({
      contacts: [
        {
          name: "201@pbx.example.com",
          contact: "sip:line@10.222.237.21:5060",
          from: "[2001:db8::21]:5062",
          transport: "udp",
          left_s: 35,
        },
        expect.objectContaining({ name: "202@pbx.example.com", from: "10.222.237.22:5060", left_s: -15 }),
      ],
    });
  });

  it("a connection that is gone is told from one that stands", () => {
    const tcp = over("tcp", LAN);
    const flows: Flow[] = [21, 22].map((last) => ({
      ...flowFrom(`10.222.237.${last}`, 40_000, tcp),
      isAccepted: true,
    }));
    const bindings = new Bindings();
    for (const [index, flow] of flows.entries()) bindings.put(`20${index}@x`, binding(index, { flow }));
    const { contacts } = registeredAfter(bindings, "", (flow) => flow === flows[0], 0);
    expect(contacts.map(({ transport, connected }) => [transport, connected])).toEqual([
      ["tcp", true],
      ["tcp", false],
    ]);
  });

  it("5,000 of them come in pieces of some 64 kB: each once, in order, long ones too", () => {
    const bindings = new Bindings();
    for (let count = 0; count < 5_000; count++) {
      const padding = count % 100 === 0 ? "x".repeat(10_000) : "";
      bindings.put(`${1_000 + (count % 2_000)}@pbx.example.com`, binding(21, { contact: `sip:${count}${padding}@a` }));
    }
    const sizes: number[] = [];
    const found = all(bindings, (size) => sizes.push(size));
    expect(new Set(found.map(({ contact }) => contact)).size).toBe(5_000);
    expect(found).toHaveLength(5_000);
    const names = found.map(({ name }) => name);
    expect(names).toEqual([...names].sort());
    expect(Math.max(...sizes)).toBeLessThan(140_000);
    expect(sizes.length).toBeGreaterThan(10);
  });

  it("who comes and goes between two pieces costs nobody else his line", () => {
    const bindings = new Bindings();
    for (let count = 0; count < 2_000; count++) bindings.put(`${1_000 + count}@x`, binding(21));
    const first = registeredAfter(bindings, "", nothingOpen, 0);
    const next = String(first.next);
    for (const name of ["1000@x", next]) bindings.remove(name, "*");
    bindings.put("0999@x", binding(21));
    const second = registeredAfter(bindings, next, nothingOpen, 0);
    expect(Number(second.contacts[0]?.name.slice(0, 4))).toBe(Number(next.slice(0, 4)) + 1);
  });
});

describe("members of hunt groups", () => {
  const GROUPS =
    'hunt_groups: {default: {members: ["201", "203", "sip:202@10.222.237.22"]}, "5550100": {members: ["5201", "203", "sip:204@10.222.237.21", "sip:10.222.237.22"]}}\n' +
    'extensions: {aliases: {"5201": "201"}}\n';

  function office() {
    const site = new Site(SITE_YAML.replace(/hunt_groups.*\n/, GROUPS));
    site.actor("pbx", PBX, WAN).answers("REGISTER", { status: 200 });
    site.actor("gateway", GATEWAY);
    for (const [name, at] of [
      ["201", PHONE],
      ["202", PHONE_2],
    ] as const) {
      site.actor(name, at).request("REGISTER", "sip:pbx.example.com", ["Expires: 3600"]);
    }
    site.run(500);
    return site;
  }
  const there = (site: Site) => site.status().members?.map(({ member, registered }) => [member, registered]);

  it("by extension, alias and address: who is there, who isn't, and which groups name them", () => {
    const site = office();
    expect(site.status().members).toEqual([
      { group: "default", member: "201", registered: "201@pbx.example.com" },
      { group: "default", member: "203", registered: null },
      { group: "default", member: "sip:202@10.222.237.22", registered: "202@pbx.example.com" },
      { group: "5550100", member: "5201", registered: "201@pbx.example.com" },
      { group: "5550100", member: "203", registered: null },
      { group: "5550100", member: "sip:204@10.222.237.21", registered: null },
      { group: "5550100", member: "sip:10.222.237.22", registered: "202@pbx.example.com" },
    ]);
  });

  it("a binding that has run out doesn't count, but in an outage, when it rings", () => {
    const site = office();
    site.run(4_000_000);
    expect(there(site)?.every(([, registered]) => registered === null)).toBe(true);
    site.simulation.silence(PBX);
    site.run(60_000);
    expect(there(site)?.[0]).toEqual(["201", "201@pbx.example.com"]);
  });
});
