/**
 * A branch that never rests: its phones register one new Contact after the other, the PSTN calls them, and it knows when
 * which Contact was accepted. A Contact's user is "201-57": extension and generation.
 */
import { grant, newToken, registration, requestText, sdp } from "../../sip/build.ts";
import { uriIn } from "../../sip/message.ts";
import type { SipMessage } from "../../sip/sip-message.ts";
import { PATIENCE_MS } from "../../support/machine.ts";
import type { Endpoint } from "./addresses.ts";
import { defer } from "./cleanup.ts";
import { Dialog } from "./dialog.ts";
import { SipAgent } from "./sip-agent.ts";

const EXPIRES_S = 300;
/** Between two REGISTERs of the branch, and between two calls. */
const REGISTER_INTERVAL_MS = 20;
const CALL_INTERVAL_MS = 100;
const T1_MS = 500;

/** A Contact that upstream has accepted, and when the phone heard of it. */
export interface Accepted {
  readonly generation: number;
  readonly at_ms: number;
}

export class BusyPhone {
  readonly extension: string;
  readonly agent: SipAgent;
  /** What the phone has been told, since {@link BusyBranch.forgetLost}. */
  accepted: Accepted[] = [];
  private readonly callId = newToken();
  private generation = 0;

  constructor(extension: string, agent: SipAgent) {
    this.extension = extension;
    this.agent = agent;
  }

  /** The next generation; its number is the CSeq number. */
  async register(proxy: Endpoint): Promise<void> {
    this.generation += 1;
    const { agent, extension, callId, generation } = this;
    const contact = `sip:${extension}-${generation}@${agent.sentBy}`;
    const parts = registration({ user: extension, contact, callId, cseq: generation, tag: "phone" });
    await agent.send(requestText(agent.sentBy, parts), proxy);
  }

  /** A phone's 200 to its REGISTER. */
  note(ok: SipMessage): void {
    this.accepted.push({ generation: ok.cseq, at_ms: ok.at_ms });
  }
}

export interface BusyPlaces {
  readonly proxy: Endpoint;
  readonly upstream: Endpoint;
  readonly gateway: Endpoint;
  readonly phones: readonly Endpoint[];
}

export class BusyBranch {
  readonly phones: readonly BusyPhone[];
  /** Calls that a phone has answered. */
  calls = 0;
  registrations = 0;
  private readonly proxy: Endpoint;
  private readonly gateway: SipAgent;
  private readonly random: () => number;
  /** By Call-ID: who waits to hear under which URI a phone rings, "" when none does. */
  private readonly waiting = new Map<string, (uri: string) => void>();
  private timers: NodeJS.Timeout[] = [];

  private constructor(proxy: Endpoint, gateway: SipAgent, phones: readonly BusyPhone[], random: () => number) {
    this.proxy = proxy;
    this.gateway = gateway;
    this.phones = phones;
    this.random = random;
  }

  static async open(places: BusyPlaces, random: () => number): Promise<BusyBranch> {
    const upstream = await SipAgent.open(places.upstream);
    const gateway = await SipAgent.open(places.gateway);
    const agents = await Promise.all(places.phones.map((place) => SipAgent.open(place)));
    const phones = agents.map((agent, index) => new BusyPhone(String(201 + index), agent));
    const branch = new BusyBranch(places.proxy, gateway, phones, random);
    defer(() => branch.stop());
    upstream.always({ method: "REGISTER" }, (request) =>
      upstream.reply(request, 200, "OK", { toTag: "registrar", extra: grant(request, EXPIRES_S) }),
    );
    for (const phone of phones) branch.teach(phone);
    gateway.always({ status: 200, method: "INVITE" }, (ok) => branch.hangUp(ok));
    gateway.always({ status: 480 }, async (refusal) => branch.heard(refusal.callId, ""));
    for (const status of [100, 180, 200]) gateway.always({ status }, async () => {});
    return branch;
  }

  start(): void {
    const turn = () => this.phones[Math.floor(this.random() * this.phones.length)] as BusyPhone;
    this.timers = [
      setInterval(() => void turn().register(this.proxy), REGISTER_INTERVAL_MS),
      setInterval(() => void this.call(turn().extension, newToken()), CALL_INTERVAL_MS),
    ];
  }

  stop(): void {
    for (const timer of this.timers) clearInterval(timer);
    this.timers = [];
  }

  /** Calls an extension from the PSTN; the generation of the Contact under which it rings, 0 when it doesn't. */
  async generationOf({ extension }: BusyPhone): Promise<number> {
    const callId = newToken();
    const rings = new Promise<string>((resolve) => this.waiting.set(callId, resolve));
    const parts = await this.call(extension, callId);
    const resend = setInterval(() => void this.gateway.send(parts, this.proxy), T1_MS);
    let late: NodeJS.Timeout | undefined;
    const limit = new Promise<never>((_resolve, reject) => {
      late = setTimeout(() => reject(new Error(`${extension}: nobody answers`)), PATIENCE_MS);
    });
    try {
      return Number(/-(\d+)@/.exec(await Promise.race([rings, limit]))?.[1] ?? 0);
    } finally {
      clearInterval(resend);
      clearTimeout(late);
    }
  }

  /** After a restart, which has brought back `generation`: what was lost is lost, what is there must stay. */
  forgetLost(phone: BusyPhone, generation: number): void {
    this.registrations += phone.accepted.length;
    phone.accepted = [{ generation, at_ms: Number.NEGATIVE_INFINITY }];
  }

  /** Sends the INVITE. */
  private async call(extension: string, callId: string): Promise<string> {
    const { gateway, proxy } = this;
    const to = `sip:5550${extension}@${proxy.host}:${proxy.port}`;
    const wire = requestText(gateway.sentBy, {
      method: "INVITE",
      uri: to,
      from: `<sip:outside@${gateway.sentBy}>;tag=gateway`,
      to: `<${to}>`,
      callId,
      cseq: 1,
      contact: `sip:outside@${gateway.sentBy}`,
      session: sdp(gateway.endpoint.host),
    });
    await gateway.send(wire, proxy);
    return wire;
  }

  private teach(phone: BusyPhone): void {
    const { agent } = phone;
    agent.always({ status: 200, method: "REGISTER" }, async (ok) => phone.note(ok));
    agent.always({ method: "BYE" }, (bye) => agent.reply(bye, 200, "OK"));
    agent.always({ method: "INVITE" }, async (invite) => {
      this.heard(invite.callId, invite.requestUri);
      const contact = uriIn(`<${invite.requestUri}>`);
      await agent.reply(invite, 200, "OK", { toTag: "phone", contact, session: sdp(agent.endpoint.host) });
    });
    agent.always({ method: "ACK" }, async () => {});
  }

  private async hangUp(ok: SipMessage): Promise<void> {
    const dialog = Dialog.ofCaller(this.gateway, ok);
    await dialog.acknowledge(ok);
    await dialog.send("BYE");
    this.calls += 1;
  }

  private heard(callId: string, uri: string): void {
    this.waiting.get(callId)?.(uri);
    this.waiting.delete(callId);
  }
}

/** How long ago the oldest of those that were lost had been accepted; 0 when nothing was. */
export function exposure_ms(accepted: readonly Accepted[], generation: number, cut_ms: number): number {
  const lost = accepted.filter((one) => one.generation > generation);
  return Math.max(0, ...lost.map(({ at_ms }) => cut_ms - at_ms));
}

/** The newest generation that was accepted before. */
export function newestBefore(accepted: readonly Accepted[], before_ms: number): number {
  return Math.max(0, ...accepted.filter(({ at_ms }) => at_ms < before_ms).map(({ generation }) => generation));
}
