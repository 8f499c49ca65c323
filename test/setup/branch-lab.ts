/** A branch router in a namespace, with phones, a gateway, two lines to the internet and a tunnel around it; DNS knows nothing here. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Child } from "../peers/support/child.ts";
import { defer } from "../peers/support/cleanup.ts";
import { Namespace } from "../peers/support/namespace.ts";
import { SipAgent } from "../peers/support/sip-agent.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";
import { newBranch, newToken, requestText } from "../sip/build.ts";
import { PROGRAM } from "../support/program.ts";

/** The addresses of the router, each on a cable of its own, and what is at the other end. */
const CABLES = {
  lan0: ["10.91.20.1/24", "10.91.20.21/24"],
  lan1: ["10.91.30.1/24", "10.91.30.21/24"],
  gw0: ["10.91.1.1/24", "10.91.1.3/24"],
  wan0: ["203.0.113.2/29", "203.0.113.1/29"],
  wan1: ["198.51.100.2/30", "198.51.100.1/30"],
  wg0: ["10.99.0.2/30", "10.99.0.1/30"],
} as const;

export type Cable = keyof typeof CABLES;

/** What a command has printed, and how it ended. */
export interface Said {
  readonly code: number | null;
  readonly text: string;
}

export class BranchLab {
  readonly router = Namespace.create("router");
  private readonly others = new Map<Cable, Namespace>();
  private hosts: string | undefined = undefined;

  constructor(cables: readonly Cable[]) {
    for (const name of cables) {
      const [own, other] = CABLES[name];
      const there = Namespace.create(name);
      this.router.connect([name, own], there, ["eth0", other]);
      this.others.set(name, there);
    }
  }

  /** A route over what is at the other end of a cable. */
  route(to: string, by: Cable, ...more: readonly string[]): this {
    const [, other] = CABLES[by];
    this.router.ip("route", "add", to, "via", other.replace(/\/.*/, ""), ...more);
    return this;
  }

  /** IPv6 on a cable, with a default route over it. */
  addIpv6(cable: Cable): this {
    this.router.ip("address", "add", "2001:db8:91::2/64", "dev", cable, "nodad");
    this.others.get(cable)?.ip("address", "add", "2001:db8:91::1/64", "dev", "eth0", "nodad");
    this.router.ip("-6", "route", "add", "default", "via", "2001:db8:91::1");
    return this;
  }

  /** What the router finds in its /etc/hosts. */
  knows(...lines: readonly string[]): this {
    this.hosts = join(temporaryFolder(), "hosts");
    writeFileSync(this.hosts, `127.0.0.1 localhost\n${lines.join("\n")}\n`);
    return this;
  }

  /** A phone whose outbound proxy is this router: it tries to register all the time. */
  async addPhone(cable: "lan0" | "lan1", user: string, domain = "pbx.example.com"): Promise<this> {
    const [own, other] = CABLES[cable];
    const phone = await SipAgent.open({ host: hostOf(other), port: 5060 }, this.others.get(cable)?.name);
    const to = `<sip:${user}@${domain}>`;
    const register = requestText(phone.sentBy, {
      method: "REGISTER",
      uri: `sip:${domain}`,
      from: `${to};tag=1`,
      to,
      callId: newToken(),
      cseq: 1,
      branch: newBranch(),
      extra: [`Contact: <sip:${user}@${phone.sentBy}>`],
    });
    const again = setInterval(() => void phone.send(register, { host: hostOf(own), port: 5060 }), 100);
    defer(() => clearInterval(again));
    return this;
  }

  /**
   * @param name as it calls itself in Server; undefined: it answers without a name
   * @param isHeardOf whether the router's kernel knows of it
   */
  async addGateway(name?: string, isHeardOf = true): Promise<this> {
    const [own, other] = CABLES.gw0;
    const gateway = await SipAgent.open({ host: hostOf(other), port: 5060 }, this.others.get("gw0")?.name);
    gateway.isAlive = false;
    gateway.attendant = (request) => {
      void gateway.reply(request, 200, "OK", {
        toTag: "gateway",
        extra: name === undefined ? [] : [`Server: ${name}`],
      });
      return true;
    };
    // The router knows whom it has heard of: most gateways look for theirs all day.
    if (isHeardOf) await gateway.send("\r\n\r\n", { host: hostOf(own), port: 5060 });
    return this;
  }

  /** Runs a command of the bundle on the router, without a terminal. */
  async run(...args: readonly string[]): Promise<Said> {
    const child = this.start(...args);
    const code = await child.ended;
    return { code, text: child.lines.join("\n") };
  }

  /** A machine at the far end of a cable that only listens. @returns what comes to its SIP port, one text each */
  async listenAt(cable: Cable): Promise<readonly string[]> {
    const heard: string[] = [];
    const agent = await SipAgent.open({ host: hostOf(CABLES[cable][1]), port: 5060 }, this.others.get(cable)?.name);
    agent.isAlive = false;
    agent.attendant = ({ wire }) => {
      heard.push(wire);
      return true;
    };
    return heard;
  }

  start(...args: readonly string[]): Child {
    const child = new Child(PROGRAM.command, [...PROGRAM.first, ...args], {
      namespace: this.router.name,
      hosts: this.hosts,
    });
    defer(() => child.stop());
    return child;
  }
}

function hostOf(cidr: string): string {
  return cidr.replace(/\/.*/, "");
}
