/** TCP and TLS: listeners, and the connections that peers and we have opened (RFC 3261 §18, RFC 5923). */
import * as net from "net";
import { type Limits, PLENTY } from "../../base/limits.ts";
import type { Table } from "../../base/meter.ts";
import type { Logger } from "../../base/ports.ts";
import { type Flow, flowKey, type Listener } from "../../transport/flow.ts";
import type { TransportSink } from "../../transport/host-user.ts";
import type { TlsFiles } from "../../transport/tls-files.ts";
import { Complaints } from "./complaints.ts";
import { Connection, type ConnectionUser } from "./connection.ts";
import { Crowds, crowdOf } from "./crowds.ts";
import { NodeTls, type TlsUser } from "./tls.ts";

/** Beyond that, for connections that we open to upstream and gateways: phones must not keep us from them. */
const RESERVED = 64;
const STRANGERS_MAX = 64;
/** A peer that lets more than this wait is as good as gone: with little memory, more than a part of what all may hold. */
const UNSENT_MAX_BYTES = 512 * 1024;
const UNSENT_PART = 1 / 8;
/** From one address: an office behind NAT, and a stranger. */
const PER_ADDRESS_MAX = 128;
const PER_STRANGER_MAX = 8;
/** How long a connection may say nothing at first. */
const FIRST_MESSAGE_ms = 10_000;
const STRANGER_FIRST_MESSAGE_ms = 3_000;
/** How long a peer may take to accept. */
const CONNECT_ms = 3_000;
/** The same where another way is at hand. */
const TRIAL_ms = 500;

/** Why a connection has ended that we have given up. */
const SILENT = "silent";

/** A connection that a peer has opened, before TLS. */
interface Handshake {
  readonly socket: net.Socket;
  readonly flow: Flow;
}

export class NodeStreams implements ConnectionUser, TlsUser, Table {
  private readonly sink: TransportSink;
  private readonly log: Logger;
  private readonly tls: NodeTls | undefined;
  /** Accepted connections whose TLS handshake goes on. */
  private readonly handshakes = new Map<string, Handshake>();
  private readonly complaints: Complaints;
  private readonly servers = new Map<Listener, net.Server>();
  private readonly connections = new Map<string, Connection>();
  private readonly crowds = new Crowds();
  /** Connections that have been turned away. */
  hits = 0;
  /** At most 768: a router's process has about 1,000 descriptors; a branch has some 200 phones. */
  readonly limit: number;
  readonly unsent_max_bytes: number;
  /** Of messages that aren't whole yet. */
  private characters = 0;
  private readonly characters_max: number;
  private isClosing = false;

  /** @throws when the certificate can't be used */
  constructor(sink: TransportSink, log: Logger, tls: TlsFiles | undefined, limits: Limits = PLENTY) {
    this.limit = limits.connections;
    this.characters_max = limits.connectionCharacters;
    this.unsent_max_bytes = Math.min(UNSENT_MAX_BYTES, limits.connectionCharacters * UNSENT_PART);
    this.sink = sink;
    this.log = log;
    this.complaints = new Complaints(log);
    this.tls = tls === undefined ? undefined : new NodeTls(tls, this);
  }

  /** Connections there are, handshakes included. */
  get size(): number {
    return this.connections.size + this.handshakes.size;
  }

  /** @throws when the certificate can't be used; then the old one stays */
  reloadTls(files: TlsFiles): void {
    this.tls?.reload(files);
  }

  /** @throws when its address is not ours or in use */
  async open(listener: Listener): Promise<void> {
    const server = net.createServer({ allowHalfOpen: true }, (socket) => this.accept(socket, listener));
    await listening(server, listener);
    server.on("error", (error) => this.log.warn("socket_error", { listener: listener.sentBy, error: error.message }));
    this.servers.set(listener, server);
  }

  /** Its address is gone, and with it the connections there. */
  close(listener: Listener): Promise<unknown> {
    const server = this.servers.get(listener);
    this.servers.delete(listener);
    const there = [...this.connections.values()].filter(({ flow }) => flow.listener === listener);
    for (const one of there) this.isClosing ? one.close("stopping") : one.abandon("address gone");
    for (const { socket, flow } of this.handshakes.values()) if (flow.listener === listener) socket.destroy();
    return new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
  }

  async closeAll(): Promise<void> {
    this.isClosing = true;
    await Promise.all([...this.servers.keys()].map((listener) => this.close(listener)));
    for (const connection of [...this.connections.values()]) connection.close("stopping");
  }

  send(flow: Flow, wire: string): boolean {
    const connection = this.connections.get(flowKey(flow));
    if (connection !== undefined) {
      connection.send(wire);
      return true;
    }
    const limit = this.sink.isPeer(flow.address) ? this.limit + RESERVED : this.limit;
    if (flow.isAccepted === true || !this.hasRoom(limit, flow.address)) {
      setImmediate(() => this.sink.onUnreachable(flow, ""));
      return false;
    }
    this.dial(flow).send(wire);
    return true;
  }

  isOpen(flow: Flow): boolean {
    return this.connections.has(flowKey(flow));
  }

  /** The first time it is only doubted: a slow answer mustn't cost a connection. */
  giveUp(flow: Flow): void {
    const connection = this.connections.get(flowKey(flow));
    if (connection?.doubt() === true) connection.abandon(SILENT);
  }

  /** A phone, a gateway or upstream belongs here whatever it says; a stranger, once what it says has been admitted. */
  onMessage({ flow }: Connection, wire: string): boolean {
    return this.sink.onMessage(wire, flow) || this.sink.knows(flow.address);
  }

  onHeld(change: number): void {
    this.characters += change;
    if (change > 0 && this.characters > this.characters_max) this.endLongest();
  }

  /** All messages that aren't whole yet take too much: the longest of the address that has most of them ends; upstream's and gateways' never do. */
  private endLongest(): void {
    const totals = new Map<string, number>();
    const holding = [...this.connections.values()].filter(
      ({ flow, held }) => held > 0 && !this.sink.isPeer(flow.address),
    );
    const total = ({ flow }: Connection) => totals.get(crowdOf(flow.address, this.sink)) ?? 0;
    for (const one of holding) totals.set(crowdOf(one.flow.address, this.sink), total(one) + one.held);
    const weight = (one: Connection) => total(one) * this.characters_max + one.held;
    let longest: Connection | undefined;
    for (const one of holding) if (longest === undefined || weight(one) > weight(longest)) longest = one;
    this.hits += 1;
    longest?.close("no room for so long a message");
  }

  onClosed(connection: Connection, why: string): void {
    const { flow } = connection;
    const key = flowKey(flow);
    if (this.connections.get(key) === connection) this.connections.delete(key);
    if (flow.isAccepted === true) this.crowds.leave(flow.address);
    this.log.debug("connection_closed", { peer: flowKey(flow), why });
    // Where nothing has been sent nothing waits, and peers that come and go must not cost a look at all transactions.
    if (this.isClosing || !connection.hasSent) return;
    if (connection.hasStood) this.sink.onClosed(flow, connection.isReused && why !== SILENT);
    else this.sink.onUnreachable(flow, why);
  }

  private accept(socket: net.Socket, listener: Listener): void {
    const { remoteAddress: address, remotePort: port } = socket;
    if (address === undefined || port === undefined || !this.admits(address)) {
      this.hits += 1;
      socket.on("error", () => {});
      socket.destroy();
      return;
    }
    this.crowds.enter(address, this.sink.knows(address));
    const flow: Flow = { listener, address, port, isAccepted: true };
    if (listener.transport.isSecure) this.shakeHands(socket, flow);
    else this.keep(socket, flow);
  }

  private shakeHands(socket: net.Socket, flow: Flow): void {
    const key = endsOf(socket);
    this.handshakes.set(key, { socket, flow });
    socket.once("close", () => {
      if (this.handshakes.delete(key)) this.crowds.leave(flow.address);
    });
    this.tls?.accept(socket);
  }

  onSecure(socket: net.Socket): void {
    const key = endsOf(socket);
    const flow = this.handshakes.get(key)?.flow;
    this.handshakes.delete(key);
    if (flow === undefined) socket.destroy();
    else this.keep(socket, flow);
  }

  onRefused({ remoteAddress: address }: net.Socket, error: Error): void {
    if (address !== undefined && this.sink.knows(address)) this.complaints.add(address, undefined, error);
    else this.log.debug("tls_failed", { peer: address, why: error.message });
  }

  /** A connection that a peer has opened. */
  private keep(socket: net.Socket, flow: Flow): void {
    const patience_ms = this.sink.knows(flow.address) ? FIRST_MESSAGE_ms : STRANGER_FIRST_MESSAGE_ms;
    this.connections.get(flowKey(flow))?.close("its port has come anew");
    this.connections.set(flowKey(flow), new Connection(socket, flow, this, patience_ms));
  }

  private dial(flow: Flow): Connection {
    const { listener, address, port } = flow;
    const to = { host: address, port, localAddress: listener.address };
    const tls = listener.transport.isSecure ? this.tls : undefined;
    const name = flow.name ?? address;
    const socket = tls === undefined ? net.connect(to) : tls.connect(to, name);
    if (tls !== undefined) socket.once("error", (error) => this.complaints.add(`${address}:${port}`, name, error));
    const connection = new Connection(socket, flow, this, flow.isTrial === true ? TRIAL_ms : CONNECT_ms);
    socket.once(tls === undefined ? "connect" : "secureConnect", () => connection.opened());
    this.connections.set(flowKey(flow), connection);
    return connection;
  }

  private admits(address: string): boolean {
    const already = this.crowds.count(address);
    if (!this.sink.knows(address)) {
      if (Math.max(already, this.crowds.strangersWith(address)) >= PER_STRANGER_MAX || this.size >= this.limit)
        return false;
      if (this.crowds.strangers < STRANGERS_MAX) return true;
      const victim = this.oneOfMost(address, (from) => !this.sink.knows(from));
      victim?.();
      return victim !== undefined;
    }
    return already < PER_ADDRESS_MAX && this.hasRoom(this.limit, address);
  }

  /** Whether one more, with `address`, has its place below `limit`. */
  private hasRoom(limit: number, address: string): boolean {
    if (this.size < limit) return true;
    const victim = this.silent() ?? this.oneOfMost(address);
    victim?.();
    return victim !== undefined;
  }

  /** Ends the connection that has never said anything for longest: of those that we wait for ourselves, if there are any. */
  private silent(): (() => void) | undefined {
    let found: Connection | undefined;
    for (const connection of this.connections.values()) {
      if (connection.isProven || this.sink.isPeer(connection.flow.address)) continue;
      if (connection.flow.isAccepted !== true) return () => this.evict(connection);
      found ??= connection;
    }
    const silent = found;
    return silent === undefined ? undefined : () => this.evict(silent);
  }

  /**
   * Ends the oldest connection of the address that has most, where that has more than `address` will have. Those that we
   * have opened to strangers count as those of one address, whatever sources wanted them.
   * @param isMeant whose connections may make room
   */
  private oneOfMost(address: string, isMeant = (_from: string) => true): (() => void) | undefined {
    const { sink } = this;
    const crowds = new Map<string, (() => void)[]>();
    const add = ({ address: from, isAccepted }: Flow, end: () => void) => {
      if (sink.isPeer(from) || !isMeant(from)) return;
      const whose = isAccepted === true || sink.knows(from) ? crowdOf(from, sink) : "";
      const crowd = crowds.get(whose) ?? [];
      crowds.set(whose, crowd);
      crowd.push(end);
    };
    for (const { flow, socket } of this.handshakes.values()) add(flow, () => socket.destroy());
    for (const one of this.connections.values()) add(one.flow, () => this.evict(one));
    let most: readonly (() => void)[] = [];
    for (const crowd of crowds.values()) if (crowd.length > most.length) most = crowd;
    return most.length > (crowds.get(crowdOf(address, sink))?.length ?? 0) + 1 ? most[0] : undefined;
  }

  /** Its place is free at once; the news of it comes later. */
  private evict(connection: Connection): void {
    this.connections.delete(flowKey(connection.flow));
    setImmediate(() => connection.close("room for another"));
  }
}

/** Tells sockets apart, before and behind their handshake. */
function endsOf({ remoteAddress, remotePort, localAddress, localPort }: net.Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}

function listening(server: net.Server, { address, port }: Listener): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: address, port }, () => {
      server.removeListener("error", reject);
      resolve();
    });
  });
}
