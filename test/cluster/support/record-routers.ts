/** Routers of a cluster as far as their records go: what each knows of phones, call-backs and calls, over {@link ReplicaNet}. */
import { BindingRecords } from "../../../src/cluster/binding-records.ts";
import { CallbackRecords } from "../../../src/cluster/callback-records.ts";
import { CallerRecords } from "../../../src/cluster/caller-records.ts";
import { LEASE_KINDS, LeaseRecords } from "../../../src/cluster/lease-records.ts";
import { Callbacks } from "../../../src/policy/emergency/callbacks.ts";
import { Calls } from "../../../src/policy/gateways/calls.ts";
import { type Binding, Bindings } from "../../../src/policy/phones/bindings.ts";
import { RelayedCallers } from "../../../src/policy/phones/relayed-callers.ts";
import { type Listener, TRANSPORTS } from "../../../src/transport/flow.ts";
import type { ReplicaNet, Seat } from "./replicas.ts";

export const HOUR_ms = 3_600_000;

/** Each router has an address of its own, and behind it the one that they share. */
function listenersOf(name: string): Listener[] {
  const own = `10.222.237.${name === "r1" ? 2 : 3}`;
  return [own, "10.222.237.1"].flatMap((address, place) =>
    (["udp", "tcp"] as const).map((protocol, kind) => {
      const index = 2 * place + kind;
      return { index, protocol, transport: TRANSPORTS[protocol], address, port: 5060, sentBy: address };
    }),
  );
}

export class RecordRouter {
  readonly listeners: readonly Listener[];
  readonly bindings = new Bindings();
  readonly callbacks = new Callbacks();
  readonly callers = new RelayedCallers();
  readonly calls = new Calls(HOUR_ms);
  readonly net: ReplicaNet;
  readonly name: string;
  seat: Seat | undefined = undefined;
  /** When its disk was written. */
  savedAt_ms = 0;

  constructor(net: ReplicaNet, name: string) {
    this.net = net;
    this.name = name;
    this.listeners = listenersOf(name);
  }

  /** @param restore what its disk holds */
  start(restore: (router: RecordRouter) => void = () => {}): this {
    restore(this);
    this.net.start(this.name, (seat) => {
      this.seat = seat;
      const { net, bindings, callbacks, callers, calls, listeners } = this;
      const { replica, timers, live } = seat;
      replica.savedAt_ms = this.savedAt_ms;
      const common = { replica, listeners, now_ms: () => net.now_ms };
      new BindingRecords({ ...common, bindings }).start(net.now_ms);
      new CallbackRecords({ ...common, callbacks }).start(net.now_ms);
      new CallerRecords({ ...common, callers }).start();
      const speaker = {
        tell: (member: string, parts: Parameters<typeof net.send>[2]) => net.send(seat, member, parts),
        tellAll: () => {},
      };
      const others = () => [...live];
      const isReached = (member: string) => live.has(member);
      const leases = new LeaseRecords({ ...common, calls, speaker, timers, live: others, isReached, rivals: others });
      leases.start(net.now_ms);
      const take = replica.take.bind(replica);
      replica.take = (from, part, now_ms) => {
        if (LEASE_KINDS.includes(part[0])) leases.take(from, part, now_ms);
        else take(from, part, now_ms);
      };
      const onDead = replica.onDead.bind(replica);
      replica.onDead = (member, now_ms) => {
        onDead(member, now_ms);
        leases.onGone(member, now_ms);
      };
      const onAlive = replica.onAlive.bind(replica);
      replica.onAlive = (member, now_ms) => {
        onAlive(member, now_ms);
        leases.onAlive(now_ms);
      };
    });
    return this;
  }

  /** A phone at 10.222.237.PLACE has registered. */
  register(name: string, place: number, parts: Partial<Binding> = {}): void {
    const { now_ms } = this.net;
    const address = `10.222.237.${place}`;
    const listener = this.listeners[2] as Listener; // the shared address
    this.bindings.put(name, {
      contact: `sip:${place}@${address}`,
      parameters: "",
      instance: "",
      flow: { listener, address, port: 5060 },
      callId: `of ${place}`,
      cseq: Math.round(now_ms) + 1,
      expires_ms: now_ms + HOUR_ms,
      heard_ms: now_ms,
      isAccepted: true,
      ...parts,
    });
  }

  /** Contacts by address-of-record, as a call finds them. */
  get contacts(): Record<string, string[]> {
    const all = [...this.bindings.all()].map(({ name, bindings }) => [name, bindings.map(({ contact }) => contact)]);
    return Object.fromEntries(all.sort());
  }
}
