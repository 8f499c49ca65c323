/**
 * Two Debians with one address, set up step by step as deploy/anycast.md says, each with systemd, BIRD and the .deb; and a router with BIRD, in
 * whose namespace the phone and the PBX are:
 *
 *   phone 10.223.43.17 ┐          ┌ node1 10.223.44.11 ┐
 *                      ├ router ──┤                    ├ both: 10.223.45.1
 *   pbx  10.223.43.200 ┘ .44.254  └ node2 10.223.44.12 ┘
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { stringify } from "yaml";
import { UNHURRIED } from "../peers/support/branchline.ts";
import { Child } from "../peers/support/child.ts";
import { cleanUpAfterEach, defer } from "../peers/support/cleanup.ts";
import { monotonic_ms, pause } from "../peers/support/clock.ts";
import { Namespace } from "../peers/support/namespace.ts";
import { PlacedCall, RingingPhones, transactionsAt } from "../peers/support/pair-calls.ts";
import { describeUnless, whyMissing } from "../peers/support/peers.ts";
import { takePrecedence } from "../peers/support/priority.ts";
import { expectAtOnce } from "../peers/support/promised-times.ts";
import { SipAgent } from "../peers/support/sip-agent.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";
import { PATIENCE_MS } from "../support/machine.ts";
import { debOf } from "./support/deb.ts";
import { VERSION } from "./support/edgeos-package.ts";
import { SystemdMachine, whyNoSystemd } from "./support/systemd-machine.ts";

const FILE = "/etc/branchline/branchline.yaml";
const ROUTER = "10.223.44.254";
const ANYCAST = { host: "10.223.45.1", port: 5060 };
const PHONE = { host: "10.223.43.17", port: 5060 };
const PBX = { host: "10.223.43.200", port: 5060 };
const MEMBERS = { node1: "10.223.44.11", node2: "10.223.44.12" };
type Name = keyof typeof MEMBERS;

vi.setConfig({ testTimeout: 300_000 });
// A member that gets no processor for half a second is dead to the other one, which then refuses to be drained.
takePrecedence();
cleanUpAfterEach();

const BIRD_OF_ROUTER = `router id ${ROUTER};
protocol device { scan time 1; }
protocol direct { ipv4; interface "office"; }
protocol kernel { merge paths on; ipv4 { export where source = RTS_BGP; }; }
protocol bfd { interface "members" { min rx interval 100 ms; min tx interval 100 ms; multiplier 3; }; }
${Object.entries(MEMBERS)
  .map(
    ([name, address]) => `protocol bgp ${name} {
  local ${ROUTER} as 65000; neighbor ${address} as 65001;
  bfd on; connect delay time 1; connect retry time 1; error wait time 1, 1;
  ipv4 { import all; export none; };
}
`,
  )
  .join("")}`;

const missingOf = (peer: "bird") => [whyMissing(peer)].flatMap((why) => why ?? []);

class Router {
  readonly space = Namespace.create("router");

  constructor() {
    const { space } = this;
    space.ip("link", "add", "members", "type", "bridge");
    space.addAddress(`${ROUTER}/24`, "members");
    space.ip("link", "set", "members", "up");
    space.ip("link", "add", "office", "type", "bridge");
    for (const { host } of [PHONE, PBX]) space.addAddress(`${host}/24`, "office");
    space.ip("link", "set", "office", "up");
    const folder = temporaryFolder();
    const config = join(folder, "bird.conf");
    writeFileSync(config, BIRD_OF_ROUTER);
    const bird = new Child("bird", ["-f", "-c", config, "-s", join(folder, "bird.ctl")], { namespace: space.name });
    defer(() => bird.stop());
  }

  /** To which it leads messages for the address of all. */
  get leadsTo(): Name[] {
    const route = this.space.output("ip", "route", "show", ANYCAST.host);
    return (Object.keys(MEMBERS) as Name[]).filter((name) => new RegExp(`via ${MEMBERS[name]} `).test(`${route} `));
  }

  /** As soon as it may be: what is repeated comes after 30 s. */
  async untilItLeadsTo(...names: readonly Name[]): Promise<void> {
    await expect.poll(() => this.leadsTo, { timeout: 30_000 + PATIENCE_MS, interval: 100 }).toEqual(names);
  }

  /** Nothing comes to the other member any more, now that the command has ended that takes it out of service. */
  async leadsOnlyTo(name: Name): Promise<void> {
    const begin_ms = monotonic_ms();
    await this.untilItLeadsTo(name);
    expectAtOnce(`the router leads to ${name} alone`, monotonic_ms() - begin_ms);
  }
}

class Member {
  readonly name: Name;
  private readonly machine: SystemdMachine;

  private constructor(name: Name, machine: SystemdMachine) {
    this.name = name;
    this.machine = machine;
  }

  /** Alone, with its own address, and its first start over: so it has a state folder. */
  static async build(name: Name, router: Router, deb: Uint8Array): Promise<Member> {
    const space = Namespace.create(name);
    space.ip("link", "add", "eth0", "type", "veth", "peer", "name", name, "netns", router.space.name);
    space.addAddress(`${MEMBERS[name]}/24`, "eth0");
    space.ip("link", "set", "eth0", "up");
    space.ip("route", "add", "default", "via", ROUTER);
    router.space.ip("link", "set", name, "master", "members", "up");
    const member = new Member(name, await SystemdMachine.boot(space));
    member.machine.write("/run/branchline.deb", deb);
    await member.sh("dpkg -i /run/branchline.deb");
    member.configure({ listen: [`udp:${MEMBERS[name]}`] });
    await member.sh("systemctl enable --now branchline");
    return member;
  }

  /** The file of the page. */
  join(): void {
    this.configure({
      listen: [{ address: `udp:${ANYCAST.host}:5060`, anycast: true }],
      cluster: {
        mode: "anycast",
        name: this.name,
        members: MEMBERS,
        secret: "state/cluster-secret",
        route: { announce: "birdc enable anycast", withdraw: "birdc disable anycast" },
      },
    });
  }

  private configure(more: object): void {
    const upstream = { targets: [`sip:${PBX.host}`], ...UNHURRIED, hold: "100ms" };
    this.machine.write(FILE, stringify({ localnet: ["10.223.43.16/28"], upstream, ...more }));
  }

  /** As the page has it, but by BGP: it is up in a second, and OSPF isn't. */
  async setUp(): Promise<void> {
    const router = `--neighbor ${ROUTER},65000`;
    await this.sh(`ip address add ${ANYCAST.host}/32 dev lo`);
    expect(await this.sh("branchline check")).toContain("is valid");
    await this.sh(`branchline cluster bird ${router} > /etc/bird/bird.conf`);
    expect(await this.sh("bird -p")).toBe("");
    await this.sh("systemctl restart bird");
    await this.sh(`branchline cluster bird ${router} --systemd | sh`);
    await this.sh("systemctl restart branchline");
    await this.isNow("active");
  }

  async isNow(state: string): Promise<void> {
    let found: unknown;
    for (let tries = 0; tries < 120; tries++) {
      const { status, text } = await this.machine.try("branchline", "status", "--json");
      found = status === 0 ? (JSON.parse(text) as { cluster?: { state?: string } }).cluster?.state : text;
      if (found === state) return;
      await pause(250);
    }
    throw new Error(`${this.name} is ${found}, and never ${state}:\n${await this.log()}`);
  }

  /** By the shell of root. */
  async sh(command: string): Promise<string> {
    return this.machine.run("sh", "-c", command);
  }

  async log(): Promise<string> {
    return (await this.machine.try("journalctl", "--no-pager", "-o", "cat", "-n", "80")).text;
  }

  async signal(signal: string): Promise<void> {
    await this.sh(`systemctl kill --kill-whom=main -s ${signal} branchline`);
  }
}

async function built() {
  const router = new Router();
  const { contents } = await debOf(VERSION);
  const phone = await SipAgent.open(PHONE, router.space.name);
  const pbx = await SipAgent.open(PBX, router.space.name);
  const [node1, node2] = await Promise.all([
    Member.build("node1", router, contents),
    Member.build("node2", router, contents),
  ]);
  for (const member of [node1, node2]) member.join();
  await node1.sh("branchline cluster secret");
  // It is pasted.
  const secret = (await node1.sh("cat /etc/branchline/state/cluster-secret")).trim();
  await node2.sh(`echo ${secret} | branchline cluster secret --from -`);
  for (const member of [node1, node2]) await member.setUp();
  const caller = transactionsAt(phone);
  const callee = new RingingPhones(transactionsAt(pbx));
  callee.onRing = ({ request }) => callee.end(request.callId, 200);
  // The INVITE is repeated, as phones do: for half a second the other members lead new calls to one that has just died.
  const call = async () => {
    const placed = new PlacedCall(caller, "sip:5551234@pbx.example.com", ANYCAST);
    expect((await placed.final()).status).toBe(200);
    expect(await placed.hangUp()).toBe(200);
  };
  return { router, node1, node2, call };
}

describeUnless([...whyNoSystemd(), ...missingOf("bird")], "two Debians with one address", () => {
  test("announce it while they take calls: not once drained, stopped, killed or hanging, and again after each", async () => {
    const { router, node1, node2, call } = await built();
    await router.untilItLeadsTo("node1", "node2");
    await call();

    expect(await node1.sh("branchline drain")).toContain("node1 is drained");
    await router.leadsOnlyTo("node2");
    expect(await node1.sh("ip address show dev lo")).toContain(`${ANYCAST.host}/32`);
    await call();
    expect(await node1.sh("branchline join")).toContain("node1 is active");
    await router.untilItLeadsTo("node1", "node2");

    await node2.sh("systemctl stop branchline");
    await router.leadsOnlyTo("node1");
    await call();
    await node2.sh("systemctl start branchline");
    await router.untilItLeadsTo("node1", "node2");

    // systemd withdraws the route of one that is killed, and the service that follows the file that of one that hangs.
    await node1.signal("KILL");
    await router.untilItLeadsTo("node2");
    await call();
    await router.untilItLeadsTo("node1", "node2");
    await node2.signal("STOP");
    await router.untilItLeadsTo("node1");
    await call();
    await node2.signal("CONT");
    await router.untilItLeadsTo("node1", "node2");

    // A routing daemon that is started anew has forgotten it.
    await node1.sh("systemctl restart bird");
    await router.untilItLeadsTo("node2");
    await router.untilItLeadsTo("node1", "node2");
  });
});
