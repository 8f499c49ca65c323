/** Many calls over members with one address, between two endpoints with RFC 3261's transactions in full, and what came of them in numbers. */
import { Rng } from "../../fuzz/rng.ts";
import { Dialog } from "../../sip/dialog.ts";
import { SipMessage } from "../../sip/sip-message.ts";
import { type ServerTransaction, Transactions } from "../../sip/transactions.ts";
import { VirtualWire } from "../../sip/virtual-wire.ts";
import type { Address } from "../../support/simulation.ts";
import { AnycastGroup } from "./anycast.ts";
import { NUMBER, PHONE } from "./anycast-scene.ts";
import { ANYCAST } from "./spray.ts";

const PBX: Address = { address: "198.51.100.10", port: 5060 };
const DOOR = { host: ANYCAST.address, port: ANYCAST.port };
/** Until all members take calls. */
const BEGUN_ms = 3_000;
/** Each step is longer than the one before by this share of the circle, as per-packet balancing by hash does it. */
const GOLDEN = 0.618_033_988_749_9;

/** How a call ends, and what its caller is told then. */
const STATUS = { answered: 200, rejected: 486, cancelled: 487 } as const;
export type End = keyof typeof STATUS;

export interface Calls {
  readonly count: number;
  /** From one to the next. */
  readonly each_ms: number;
  readonly end: End;
  /** Until the callee's 180. */
  readonly ring_ms?: number;
  /** From its INVITE until its callee's final response, or until its caller gives up. */
  readonly end_ms: number;
  /** From the answer until its caller hangs up. */
  readonly hold_ms?: number;
}

interface Placed {
  readonly at_ms: number;
  readonly plan: Calls;
  readonly finals: number[];
  final_ms: number;
  /** INVITEs of transactions of their own that have come to the callee. */
  copies: number;
  isAcknowledged: boolean;
  isCancelled: boolean;
  bye: number | undefined;
}

/** What came of all calls. */
export interface Counts {
  /** Those that ended at both sides as they should, once. */
  readonly whole: number;
  /** Those that the callee has seen as two. */
  readonly doubled: number;
  /** How often either side had to send something again. */
  readonly resent: number;
  /** By how much the last one of the finals was late. */
  readonly late_ms: number;
}

export class Traffic {
  readonly group: AnycastGroup;
  private readonly placed = new Map<string, Placed>();
  private readonly rng: Rng;
  private readonly caller: Transactions;
  private readonly callee: Transactions;

  private constructor(group: AnycastGroup, seed: number) {
    this.group = group;
    this.rng = new Rng(seed + 5);
    this.caller = this.agent(PHONE);
    this.callee = this.agent(PBX);
    this.callee.onRequest = (transaction) => this.asked(transaction);
    this.callee.onAck = ({ callId }) => {
      const call = this.placed.get(callId);
      if (call !== undefined) call.isAcknowledged = true;
    };
  }

  /** Once all members take calls. Each datagram comes to another one than the one before. */
  static async start(seed: number, members = 3): Promise<Traffic> {
    const group = await AnycastGroup.start(members, seed);
    const traffic = new Traffic(group, seed);
    const { network } = group;
    let turn = new Rng(seed).below(1_000) / 1_000;
    network.choose = (_wire, names) => {
      turn = (turn + GOLDEN) % 1;
      return names[Math.floor(turn * names.length)];
    };
    group.run(BEGUN_ms);
    network.counts.clear();
    network.missed = 0;
    return traffic;
  }

  /** The calls begin, one after the other, from now on. */
  place(plan: Calls): void {
    const { network } = this.group;
    for (let number = 0; number < plan.count; number++)
      network.after(number * plan.each_ms, () => this.call(`call-${this.placed.size + 1}`, plan));
  }

  /** Calls that have begun, and have no final response yet. */
  get ringing(): number {
    return [...this.placed.values()].filter(({ finals }) => finals.length === 0).length;
  }

  async count(): Promise<Counts> {
    // Answers to BYE are promises.
    await Promise.resolve();
    const calls = [...this.placed.values()];
    return {
      whole: calls.filter(isWhole).length,
      doubled: calls.filter(({ copies }) => copies > 1).length,
      resent: this.caller.resent + this.callee.resent,
      late_ms: calls.reduce(
        (most_ms, { at_ms, plan, final_ms }) => Math.max(most_ms, final_ms - at_ms - plan.end_ms),
        0,
      ),
    };
  }

  private agent({ address, port }: Address): Transactions {
    const { network } = this.group;
    const clock = { after: (delay_ms: number, run: () => void) => network.after(delay_ms, run) };
    const agent = new Transactions({ host: address, port }, clock, () => this.rng.token(12));
    agent.plug(
      new VirtualWire(network, { address, port }, (text, from, at_ms) =>
        agent.receive(new SipMessage(text, from, at_ms)),
      ),
    );
    return agent;
  }

  private call(id: string, plan: Calls): void {
    const { caller, group } = this;
    const { network } = group;
    const state = { final_ms: 0, copies: 0, isAcknowledged: false, isCancelled: false, bye: undefined };
    const call: Placed = { at_ms: network.now_ms, plan, finals: [], ...state };
    this.placed.set(id, call);
    const end = (status: number) => {
      if (!call.finals.includes(status)) call.finals.push(status);
      if (call.final_ms === 0) call.final_ms = network.now_ms;
    };
    const parts = { method: "INVITE", uri: NUMBER, from: `<sip:201@${DOOR.host}>;tag=${id}`, to: `<${NUMBER}>` };
    let dialog: Dialog | undefined;
    const contact = `sip:201@${caller.sentBy}`;
    const take = caller.invite({ ...parts, callId: id, cseq: 1, contact }, DOOR, {
      success: (response) => {
        end(response.status);
        const isFirst = dialog === undefined;
        const known = dialog ?? Dialog.ofCaller(response);
        dialog = known;
        caller.send(known.request("ACK", 1), known.nextHop);
        if (isFirst) network.after(plan.hold_ms ?? 0, () => this.hangUp(call, known));
      },
      failure: ({ status }) => end(status),
    });
    if (plan.end === "cancelled") network.after(plan.end_ms, take);
  }

  private hangUp(call: Placed, dialog: Dialog): void {
    void this.caller.ask(dialog.request("BYE"), dialog.nextHop).then(({ status }) => {
      call.bye = status;
    });
  }

  private asked(transaction: ServerTransaction): void {
    const { request } = transaction;
    const call = this.placed.get(request.callId);
    if (request.method !== "INVITE" || call === undefined) {
      transaction.respond(200);
      return;
    }
    const { network } = this.group;
    const { end, ring_ms = 50, end_ms } = call.plan;
    const contact = `sip:5551234@${this.callee.sentBy}`;
    call.copies += 1;
    transaction.onCancel = () => {
      call.isCancelled = true;
    };
    const say = (status: number) => {
      if (!transaction.isAnswered) transaction.respond(status, { contact });
    };
    network.after(ring_ms, () => say(180));
    if (end !== "cancelled") network.after(end_ms, () => say(STATUS[end]));
  }
}

function isWhole({ plan, finals, copies, isAcknowledged, isCancelled, bye }: Placed): boolean {
  const { end } = plan;
  if (copies !== 1 || finals.length !== 1 || finals[0] !== STATUS[end]) return false;
  if (end === "answered") return isAcknowledged && bye === 200;
  return isCancelled === (end === "cancelled");
}
