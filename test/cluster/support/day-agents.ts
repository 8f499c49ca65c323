/** The phones, the PBX and the gateways of a branch's day: each does what the plan says, and what came of each call is written down. */
import { Rng } from "../../fuzz/rng.ts";
import { addressOf } from "../../sip/address.ts";
import { DOMAIN, grant, registration } from "../../sip/build.ts";
import { Dialog } from "../../sip/dialog.ts";
import { SipMessage } from "../../sip/sip-message.ts";
import { type ServerTransaction, Transactions } from "../../sip/transactions.ts";
import { VirtualWire } from "../../sip/virtual-wire.ts";
import type { Address } from "../../support/simulation.ts";
import type { DayNetwork } from "./day-network.ts";
import { type Behaviour, type CallPlan, type Day, PLACES, type Side } from "./day-plan.ts";

/** An INVITE that has come to a callee, by a transaction of its own. */
export interface Ring {
  readonly callee: string;
  readonly at_ms: number;
  end: "" | "answered" | "acknowledged" | "rejected" | "cancelled";
}

/** What came of a call. */
export interface Fate {
  readonly plan: CallPlan;
  /** The caller's final responses to its INVITE, each status once; 408 may be its own. */
  readonly finals: number[];
  final_ms: number;
  readonly provisionals: number[];
  readonly rings: Ring[];
  /** The answer to BYE; undefined: none has come. */
  bye: number | undefined;
  hasSentBye: boolean;
  /** BYEs that have come to the other side, each transaction once. */
  byesSeen: number;
  /** The answer to re-INVITE, as {@link bye}, and those that have come to the other side. */
  again: number | undefined;
  againsSeen: number;
  /** Its callee hadn't registered yet. */
  isLeftOut: boolean;
}

interface KnownPhone {
  readonly path: string;
  readonly contact: string;
}

/** What phones ask for, and when they refresh. */
const EXPIRES_s = 120;
const REFRESH_PART = 0.8;

/** The CSeq of the INVITE that begins a call. */
const FIRST = 1;
/** Of a phone that is called back after a call for help. */
const NO_PLAN: Behaviour = { status: 486, final_ms: 50 };

export class Branch {
  readonly fates = new Map<string, Fate>();
  /** By phone, the last REGISTER that was answered with 2xx: when that came. */
  readonly registered = new Map<string, number>();
  /** Phones that have been refused, and come back when they were told to. */
  readonly refused = new Set<string>();
  private readonly simulation: DayNetwork;
  /** Where phones send. */
  private readonly door: { readonly host: string; readonly port: number };
  private readonly rng: Rng;
  private readonly agents = new Map<string, Transactions>();
  /** What the PBX knows. */
  private readonly phones = new Map<string, KnownPhone>();
  private registers = 0;
  /** By phone, the CSeq of its last REGISTER. */
  private readonly lastRegister = new Map<string, number>();

  constructor(simulation: DayNetwork, { calls, registrations, outage, seed, doors }: Day) {
    this.simulation = simulation;
    this.door = { host: doors[0] ?? "", port: 5060 };
    this.rng = new Rng(seed + 77);
    for (const name of Object.keys(PLACES)) this.plug(name);
    for (const plan of calls) {
      const counts = { final_ms: 0, byesSeen: 0, againsSeen: 0 };
      const none = { bye: undefined, hasSentBye: false, again: undefined, isLeftOut: false };
      const fate: Fate = { plan, finals: [], provisionals: [], rings: [], ...counts, ...none };
      this.fates.set(plan.id, fate);
      simulation.after(plan.at_ms, () => this.call(fate));
    }
    for (const { at_ms, phone, expires_s } of registrations) {
      simulation.after(at_ms, () => void this.register(phone, expires_s));
    }
    const mute = calls.filter(({ isMute }) => isMute).map(({ id }) => id);
    if (mute.length > 0) simulation.swallows = (_from, to, wire) => this.swallows(mute, to, wire);
    const pbx = PLACES["pbx"];
    if (outage === undefined || pbx === undefined) return;
    simulation.after(outage.from_ms, () => simulation.silence(pbx));
    simulation.after(outage.to_ms, () => simulation.silence(pbx, false));
  }

  private swallows(mute: readonly string[], { address }: Address, wire: string): boolean {
    if (!wire.startsWith("SIP/2.0 1")) return false;
    const [, id = ""] = /^call-id: *(\S+)/im.exec(wire) ?? [];
    return mute.includes(id) && PLACES[this.fates.get(id)?.plan.caller ?? ""]?.address === address;
  }

  private plug(name: string): void {
    const place = PLACES[name];
    if (place === undefined) throw new Error(`no place for ${name}`);
    const { simulation, rng } = this;
    const clock = { after: (delay_ms: number, run: () => void) => simulation.after(delay_ms, run) };
    const agent = new Transactions({ host: place.address, port: place.port }, clock, () => rng.token(12));
    agent.plug(
      new VirtualWire(simulation, place, (text, from, at_ms) => {
        const message = new SipMessage(text, from, at_ms);
        this.comeBackInTime(name, message);
        agent.receive(message);
      }),
    );
    agent.onRequest = (transaction) => this.asked(name, transaction);
    agent.onAck = ({ callId, cseq }) => {
      if (cseq !== FIRST) return;
      const ring = this.fates.get(callId)?.rings.find(({ callee, end }) => callee === name && end === "answered");
      if (ring !== undefined) ring.end = "acknowledged";
    };
    this.agents.set(name, agent);
  }

  private agentOf(name: string): Transactions {
    const agent = this.agents.get(name);
    if (agent === undefined) throw new Error(`nobody is called ${name}`);
    return agent;
  }

  private call(fate: Fate): void {
    const { plan } = fate;
    const agent = this.agentOf(plan.caller);
    const way = this.wayOf(plan);
    if (way === undefined) {
      fate.isLeftOut = true;
      return;
    }
    const user = `<sip:${plan.caller}@${DOMAIN}>`;
    const { uri, routes, next } = way;
    let isHeard = false;
    let isGivenUp = false;
    let dialog: Dialog | undefined;
    const giveUp = () => {
      if (isHeard && isGivenUp && fate.finals.length === 0) take();
    };
    const end = (status: number) => {
      if (!fate.finals.includes(status)) fate.finals.push(status);
      if (fate.finals.length === 1 && fate.final_ms === 0) fate.final_ms = this.simulation.now_ms;
    };
    const parts = {
      ...{ method: "INVITE", uri, routes, from: `${user};tag=${plan.id}-caller`, to: `<${uri}>` },
      ...{ callId: plan.id, cseq: FIRST, contact: `sip:${plan.caller}@${agent.sentBy}` },
    };
    const take = agent.invite(parts, next, {
      progress: ({ status }) => {
        fate.provisionals.push(status);
        if (isHeard) return;
        isHeard = true;
        giveUp();
      },
      success: (response) => {
        end(response.status);
        const isFirst = dialog === undefined;
        dialog ??= Dialog.ofCaller(response);
        agent.send(dialog.request("ACK", FIRST), dialog.nextHop);
        if (isFirst) this.goOn("caller", fate, agent, dialog, plan.caller);
      },
      failure: ({ status }) => end(status),
    });
    if (plan.cancel_ms === undefined) return;
    this.simulation.after(plan.cancel_ms, () => {
      isGivenUp = true;
      giveUp();
    });
  }

  /** Undefined: its callee can't be called yet. */
  private wayOf({ caller, uri, callees }: CallPlan) {
    const { door } = this;
    const isOwn = /^\d+$/.test(uri);
    if (caller !== "pbx") return { uri: isOwn ? `sip:${uri}@${door.host}` : uri, routes: [], next: door };
    const phone = this.phones.get(Object.keys(callees)[0] ?? "");
    if (phone === undefined) return undefined;
    const { path, contact } = phone;
    return { uri: contact, routes: [path], next: addressOf(/<([^>]*)>/.exec(path)?.[1] ?? "") };
  }

  /** What this side does of a call that is answered. */
  private goOn(side: Side, fate: Fate, agent: Transactions, dialog: Dialog, user: string): void {
    const { bye, again } = fate.plan;
    const { simulation } = this;
    if (again?.by === side) simulation.after(again.after_ms, () => this.inviteAgain(fate, agent, dialog, user));
    if (bye?.by === side) simulation.after(bye.after_ms, () => this.hangUp(fate, agent, dialog));
  }

  private inviteAgain(fate: Fate, agent: Transactions, dialog: Dialog, user: string): void {
    const parts = { ...dialog.request("INVITE"), contact: `sip:${user}@${agent.sentBy}` };
    const answered = ({ status }: SipMessage) => {
      fate.again ??= status;
    };
    agent.invite(parts, dialog.nextHop, {
      success: (response) => {
        answered(response);
        agent.send(dialog.request("ACK", parts.cseq), dialog.nextHop);
      },
      failure: answered,
    });
  }

  private hangUp(fate: Fate, agent: Transactions, dialog: Dialog): void {
    fate.hasSentBye = true;
    void agent.ask(dialog.request("BYE"), dialog.nextHop).then(({ status }) => {
      fate.bye = status;
    });
  }

  /** A phone comes back before what it was granted is over, or when it was told to with a refusal, unless it has registered since. */
  private comeBackInTime(phone: string, answer: SipMessage): void {
    const [, cseq] = /^(\d+) REGISTER$/.exec(answer.header("cseq")) ?? [];
    const [, granted_s] = /;expires=(\d+)/.exec(answer.header("contact")) ?? [];
    const isGranted = answer.status === 200;
    const wait_s = isGranted ? Number(granted_s) * REFRESH_PART : Number(answer.header("retry-after"));
    if (cseq === undefined || !(wait_s > 0) || this.lastRegister.get(phone) !== Number(cseq)) return;
    if (isGranted) this.refused.delete(phone);
    else this.refused.add(phone);
    this.simulation.after(wait_s * 1_000, () => {
      if (this.lastRegister.get(phone) === Number(cseq)) void this.register(phone, EXPIRES_s);
    });
  }

  private async register(phone: string, expires_s: number): Promise<void> {
    const agent = this.agentOf(phone);
    this.registers += 1;
    this.lastRegister.set(phone, this.registers);
    const contact = `sip:${phone}@${agent.sentBy}`;
    const parts = registration({
      user: phone,
      contact,
      callId: `reg-${phone}`,
      cseq: this.registers,
      tag: phone,
      expires_s,
    });
    const { status } = await agent.ask(parts, this.door);
    if (status >= 200 && status < 300) this.registered.set(phone, this.simulation.now_ms);
  }

  private asked(name: string, transaction: ServerTransaction): void {
    const { request } = transaction;
    const { method } = request;
    if (method === "INVITE" && request.tagOf("to") !== "") this.ringAgain(name, transaction);
    else if (method === "INVITE") this.ring(name, transaction);
    else if (method === "REGISTER") this.grant(transaction);
    else {
      const fate = this.fates.get(request.callId);
      if (method === "BYE" && fate !== undefined) fate.byesSeen += 1;
      transaction.respond(200);
    }
  }

  private ringAgain(name: string, transaction: ServerTransaction): void {
    const fate = this.fates.get(transaction.request.callId);
    if (fate !== undefined) fate.againsSeen += 1;
    transaction.respond(200, { contact: `sip:${name}@${this.agentOf(name).sentBy}` });
  }

  private grant(transaction: ServerTransaction): void {
    const { request } = transaction;
    const user = /sip:(\w+)@/.exec(request.header("to"))?.[1] ?? "";
    const contact = /<([^>]*)>/.exec(request.header("contact"))?.[1] ?? "";
    this.phones.set(user, { path: request.header("path"), contact });
    transaction.respond(200, { extra: grant(request) });
  }

  private ring(callee: string, transaction: ServerTransaction): void {
    const { request } = transaction;
    const fate = this.fates.get(request.callId);
    const { simulation } = this;
    const ring: Ring = { callee, at_ms: simulation.now_ms, end: "" };
    fate?.rings.push(ring);
    const { ring_ms, final_ms, status = 200 } = fate?.plan.callees[callee] ?? NO_PLAN;
    const agent = this.agentOf(callee);
    const contact = `sip:${callee}@${agent.sentBy}`;
    transaction.onCancel = () => {
      ring.end = "cancelled";
    };
    transaction.respond(100);
    if (ring_ms !== undefined) {
      simulation.after(ring_ms, () => {
        if (!transaction.isAnswered) transaction.respond(180, { contact });
      });
    }
    if (final_ms === undefined) return;
    simulation.after(final_ms, () => {
      if (transaction.isAnswered) return;
      ring.end = status < 300 ? "answered" : "rejected";
      transaction.respond(status, status < 300 ? { contact } : {});
      if (status >= 300 || fate === undefined) return;
      this.goOn("callee", fate, agent, Dialog.ofCallee(request, transaction.toTag), callee);
    });
  }
}
