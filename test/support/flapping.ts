/** A site whose line upstream goes and comes: phones that call and register all the while, and who answers them. */
import {
  cseqMethodOf,
  cseqNumberOf,
  header,
  readSip,
  requestUriOf,
  type SipText,
  statusOf,
  uriIn,
} from "../sip/message.ts";
import { Actor } from "./actor.ts";
import type { Address, Simulation } from "./simulation.ts";
import { GATEWAY, LAN, PBX, SITE_YAML, Site, WAN } from "./site.ts";

const DOMAIN = "sip:pbx.example.com";
const NUMBER = "sip:5551234@pbx.example.com";
const EXPIRES_S = 20;
const CALL_INTERVAL_ms = 1_000;
const PHONES = 5;

export const CUTS = ["silent drop", "link down", "process dead"] as const;
export type Cut = (typeof CUTS)[number];

/** §13.3.1.4: the 200 is repeated until it is acknowledged. */
const ANSWER = [50, 550, 1_550, 3_550, ...[1, 2, 3, 4, 5, 6, 7].map((turn) => 3_550 + turn * 4_000)];
const INVITE_HABIT = [{ status: 100 }, ...ANSWER.map((after_ms) => ({ status: 200, after_ms }))];

/** One life of the PBX's process: what it knew dies with it. */
class Process extends Actor {
  isDead = false;

  override send(wire: string, to?: Address): void {
    if (!this.isDead) super.send(wire, to);
  }
}

interface Dialled {
  readonly at_ms: number;
  /** When and by whom it was answered. */
  answer: { readonly at_ms: number; readonly by: "upstream" | "gateway" } | undefined;
  /** Final responses other than 200 and 302. */
  readonly failures: string[];
}

/** Follows redirects, and refreshes its registration when half of it is over. */
class DeskPhone extends Actor {
  readonly calls = new Map<string, Dialled>();
  readonly failures: string[] = [];
  /** The latest that a refresh came before the end of the binding; negative: too late. */
  leastLeft_ms = Number.POSITIVE_INFINITY;
  private readonly world: Simulation;
  private expires_ms = Number.POSITIVE_INFINITY;
  private cseq = 0;

  constructor(world: Simulation, name: string, at: Address) {
    super(world, name, at, LAN);
    this.world = world;
  }

  dial(): void {
    const call = this.invite(NUMBER);
    this.calls.set(header(call, "call-id"), { at_ms: this.world.now_ms, answer: undefined, failures: [] });
  }

  register(): void {
    this.cseq += 1;
    this.request("REGISTER", DOMAIN, [`Expires: ${EXPIRES_S}`], `${this.name}-register`, this.cseq);
  }

  override onDatagram(wire: string): void {
    super.onDatagram(wire);
    const message = readSip(wire);
    if (statusOf(message) < 200) return;
    if (cseqMethodOf(message) === "REGISTER") this.onRegistered(message);
    if (cseqMethodOf(message) === "INVITE") this.onFinal(message);
  }

  private onRegistered(response: SipText): void {
    const told = /;expires=(\d+)/.exec(header(response, "contact"))?.[1] ?? header(response, "expires");
    if (statusOf(response) !== 200) this.failures.push(response.startLine);
    this.leastLeft_ms = Math.min(this.leastLeft_ms, this.expires_ms - this.world.now_ms);
    this.expires_ms = this.world.now_ms + Number(told) * 1_000;
    this.world.after(Number(told) * 500, () => this.register());
  }

  private onFinal(response: SipText): void {
    const callId = header(response, "call-id");
    const call = this.calls.get(callId);
    const status = statusOf(response);
    if (status === 302) this.request("INVITE", uriIn(header(response, "contact")), [], callId, 2);
    else if (status !== 200) call?.failures.push(response.startLine);
    else if (call !== undefined) {
      const by = cseqNumberOf(response) === 1 ? "upstream" : "gateway";
      call.answer ??= { at_ms: this.world.now_ms, by };
    }
  }
}

export class FlappingSite {
  readonly site: Site;
  readonly phones: readonly DeskPhone[];
  readonly gateway: Actor;
  /** The PBX's lives. */
  readonly processes: Process[] = [];
  private isCalling = true;

  /** @param yaml what the site's file says besides */
  constructor(yaml = "", upstream = "") {
    this.site = new Site(`${SITE_YAML.replace(/upstream: (.*)\n/, `upstream: {targets: ["$1"]${upstream}}\n`)}${yaml}`);
    const { simulation } = this.site;
    const address = (index: number) => ({ address: `10.222.237.${21 + index}`, port: 5060 });
    this.phones = Array.from({ length: PHONES }, (_, index) => new DeskPhone(simulation, `2${index}`, address(index)));
    this.gateway = new Actor(simulation, "gateway", GATEWAY, LAN).answers("INVITE", ...INVITE_HABIT);
    this.revive();
    this.site.run(100);
    this.phones.forEach((phone, index) => {
      simulation.after(index * 700, () => phone.register());
    });
    this.callOn(0);
    this.site.run(10_000);
  }

  /** The line is away for `down_ms`, and back for `up_ms`, so many times. */
  flap(count: number, how: (index: number) => Cut, down_ms: number, up_ms: number): void {
    for (let index = 0; index < count; index++) {
      this.cut(how(index));
      this.site.run(down_ms);
      this.repair(how(index));
      this.site.run(up_ms);
    }
  }

  stopCalling(): void {
    this.isCalling = false;
  }

  /** Changes of upstream's state: "from to". */
  get edges(): string[] {
    const changes = this.site.events.filter(({ event }) => event === "upstream_state");
    return changes.map(({ fields }) => `${fields["from"]} ${fields["to"]}`);
  }

  get calls(): Map<string, Dialled> {
    return new Map(this.phones.flatMap(({ calls }) => [...calls]));
  }

  /** Calls that both sides think they have. */
  get doubled(): string[] {
    // The ACK to a 200 goes to the callee's Contact, that to a failure to where the INVITE went.
    const acknowledged = (actor: Actor) => {
      const acks = actor
        .requests("ACK")
        .filter(({ message }) => requestUriOf(message).startsWith(`sip:${actor.name}@`));
      return new Set(acks.map(({ message }) => header(message, "call-id")));
    };
    const atGateway = acknowledged(this.gateway);
    return this.processes.flatMap((process) => {
      const ended = new Set(process.requests("BYE").map(({ message }) => header(message, "call-id")));
      return [...acknowledged(process)].filter((callId) => atGateway.has(callId) && !ended.has(callId));
    });
  }

  private callOn(turn: number): void {
    if (!this.isCalling) return;
    this.phones[turn % PHONES]?.dial();
    this.site.at(CALL_INTERVAL_ms, () => this.callOn(turn + 1));
  }

  private cut(how: Cut): void {
    const { simulation } = this.site;
    if (how === "process dead") {
      simulation.detach(PBX);
      for (const process of this.processes) process.isDead = true;
      return;
    }
    simulation.silence(PBX);
    if (how === "link down") this.site.routes = (address) => (/^10\./.test(address) ? LAN.address : undefined);
  }

  private repair(how: Cut): void {
    if (how === "process dead") {
      this.revive();
      return;
    }
    this.site.simulation.silence(PBX, false);
    this.site.routes = (address) => (/^10\./.test(address) ? LAN.address : WAN.address);
  }

  private revive(): void {
    const pbx = new Process(this.site.simulation, "pbx", PBX, WAN);
    pbx.answers("INVITE", ...INVITE_HABIT).answers("REGISTER", { status: 200, extra: [`Expires: ${EXPIRES_S}`] });
    this.processes.push(pbx);
  }
}
