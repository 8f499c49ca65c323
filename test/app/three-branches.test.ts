/**
 * Three branches and one PBX in one simulation: each branch is an engine of its own, on the same network.
 *
 *   201 ── branch 1 ──┐
 *   301 ── branch 2 ──┼── PBX
 *   401 ── branch 3 ──┘
 */
import { expect, test } from "vitest";
import { header } from "../sip/message.ts";
import type { Actor } from "../support/actor.ts";
import { type Address, Simulation } from "../support/simulation.ts";
import { PBX, Site } from "../support/site.ts";

const BRANCHES = [1, 2, 3];
const lan = (branch: number): Address => ({ address: `10.222.${branch}.1`, port: 5060 });
const wan = (branch: number): Address => ({ address: `203.0.113.${branch}`, port: 5060 });
const phoneAt = (branch: number): Address => ({ address: `10.222.${branch}.21`, port: 5060 });
const gatewayAt = (branch: number): Address => ({ address: `10.222.${branch}.3`, port: 5060 });

const yaml = (branch: number) => `
listen: ["udp:${lan(branch).address}:5060", "udp:${wan(branch).address}:5060"]
localnet: [10.222.${branch}.0/24]
upstream: sip:${PBX.address}
gateways: [sip:${gatewayAt(branch).address}]
hunt_groups: {default: {members: ["sip:${branch + 1}01@${phoneAt(branch).address}"]}}
`;

interface Branch {
  readonly site: Site;
  readonly phone: Actor;
  readonly gateway: Actor;
}

/** Three branches with a phone and a gateway each, and one PBX that takes every call. */
function network() {
  const simulation = new Simulation({ seed: 3 });
  const branches = BRANCHES.map((branch): Branch => {
    const site = new Site(yaml(branch), simulation);
    site.routes = (address) => (address.startsWith(`10.222.${branch}.`) ? lan(branch) : wan(branch)).address;
    const phone = site.actor(`${branch + 1}01`, phoneAt(branch), lan(branch));
    const gateway = site.actor(`gateway ${branch}`, gatewayAt(branch), lan(branch)).answers("INVITE", { status: 200 });
    return { site, phone, gateway };
  });
  const [first] = branches as [Branch];
  const pbx = first.site.actor("pbx", PBX, wan(1)).answers("INVITE", { status: 200 });
  return { simulation, branches, pbx };
}

test("each branch's call reaches the one PBX through its own branch, and is answered", () => {
  const { simulation, branches, pbx } = network();
  simulation.run(1_000);
  for (const { phone } of branches) phone.invite("sip:900@198.51.100.10");
  simulation.run(2_000);
  const vias = pbx.requests("INVITE").map(({ message }) => /UDP ([\d.]+)/.exec(header(message, "via"))?.[1]);
  expect(vias.sort()).toEqual(BRANCHES.map((branch) => wan(branch).address));
  for (const { phone } of branches) expect(phone.responses(200).length).toBe(1);
});

test("when the PBX falls silent each branch finds that out by itself, and leads its calls to its own gateway", () => {
  const { simulation, branches } = network();
  simulation.run(1_000);
  simulation.silence(PBX);
  simulation.run(30_000);
  for (const { site } of branches) expect(site.status().upstream.map(({ state }) => state)).toEqual(["down"]);
  for (const { phone } of branches) phone.invite("sip:5551234@198.51.100.10");
  simulation.run(5_000);
  const contacts = branches.map(({ phone }) => /@([\d.]+)/.exec(header(phone.got(302), "contact"))?.[1]);
  expect(contacts).toEqual(BRANCHES.map((branch) => gatewayAt(branch).address));
});

test("one branch that is stopped leaves the others alone", () => {
  const { simulation, branches, pbx } = network();
  const [stopped, , going] = branches as [Branch, Branch, Branch];
  simulation.run(1_000);
  stopped.site.engine.stop();
  simulation.run(20_000);
  going.phone.invite("sip:900@198.51.100.10");
  simulation.run(2_000);
  expect(pbx.requests("INVITE").length).toBe(1);
  expect(going.site.status().upstream.map(({ state }) => state)).toEqual(["up"]);
});
