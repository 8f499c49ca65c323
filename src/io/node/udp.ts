/** UDP sockets: one per listener, and one more per watched peer, because only a connected socket hears of ICMP errors. */
import { canonicalAddress, isLoopback } from "../../base/ip-range.ts";
import type { Logger } from "../../base/ports.ts";
import type { Flow, Listener } from "../../transport/flow.ts";
import type { TransportSink } from "../../transport/host-user.ts";
import { isDeathSign } from "./death-signs.ts";
import { type OnSent, UdpSocket } from "./udp-socket.ts";

const ENOUGH_BUFFER_BYTES = 512 * 1024;
/** By then the queue of a socket has been read. */
const DRAIN_ms = 1_000;
/** Peers can come and go faster, and descriptors are few. */
const RETIRED_MAX = 32;
/** Any port will do: nothing is sent. */
const SOME_PORT = 5060;
const NO_PEERS: readonly Peer[] = [];
/** Of a socket that only asks the kernel. */
const NOBODY = { onText: () => {}, onError: () => {} };

interface Peer {
  readonly port: number;
  readonly socket: UdpSocket;
  readonly onSent: OnSent;
  readonly bound: Promise<unknown>;
  state: "idle" | "connecting" | "connected" | "retired";
}

interface Endpoint {
  readonly listener: Listener;
  readonly socket: UdpSocket;
  readonly onSent: OnSent;
  /** By remote address; an address has few watched ports. */
  readonly peers: Map<string, Peer[]>;
}

export class NodeUdp {
  private readonly sink: TransportSink;
  private readonly log: Logger;
  private hasWarned = false;
  /** By the listener's index; those of other transports, and of addresses that are gone, leave gaps. */
  private readonly endpoints: (Endpoint | undefined)[] = [];
  private readonly retired = new Map<UdpSocket, NodeJS.Timeout>();

  constructor(sink: TransportSink, log: Logger) {
    this.sink = sink;
    this.log = log;
  }

  /** @throws when its address is not ours or in use */
  async open(listener: Listener): Promise<void> {
    await refuseSharedPort(listener);
    const socket = this.socketOf(listener, (error) =>
      this.log.warn("socket_error", { listener: listener.sentBy, error: error.message }),
    );
    await socket.bind(listener.address, listener.port);
    const onSent: OnSent = (error) => {
      if (error !== null) this.failed(listener, error);
    };
    this.endpoints[listener.index] = { listener, socket, onSent, peers: new Map() };
    this.checkBuffer(socket);
  }

  async close({ index }: Listener): Promise<void> {
    const endpoint = this.endpoints[index];
    if (endpoint === undefined) return;
    this.endpoints[index] = undefined;
    // One that lingers would keep its address from being opened again.
    for (const socket of this.retired.keys()) this.discard(socket);
    for (const list of endpoint.peers.values()) for (const peer of list) void peer.socket.close();
    await endpoint.socket.close();
  }

  async closeAll(): Promise<void> {
    for (const endpoint of this.endpoints) if (endpoint !== undefined) await this.close(endpoint.listener);
  }

  send(flow: Flow, wire: string): void {
    const endpoint = this.endpoints[flow.listener.index];
    if (endpoint === undefined) {
      if (!isResponse(wire)) setImmediate(() => this.sink.onUnreachable(flow, ""));
      return;
    }
    const peer = connectedPeer(endpoint, flow);
    if (peer !== undefined) {
      if (isResponse(wire)) peer.socket.send(wire);
      else peer.socket.send(wire, peer.onSent);
      return;
    }
    const { socket } = endpoint;
    if (isResponse(wire)) socket.sendTo(wire, flow.port, flow.address);
    else socket.sendTo(wire, flow.port, flow.address, endpoint.onSent);
  }

  /**
   * Opens a second socket on the listener's port and connects it: Linux gives it all that comes from that peer. Until it
   * is connected, Linux may give it anybody's datagrams; so it is never closed for want of a route, since what waits in
   * its queue would be lost, but connected when next asked for.
   */
  watch(flow: Flow): void {
    const endpoint = this.endpoints[flow.listener.index];
    if (endpoint === undefined) return;
    const peers = endpoint.peers.get(flow.address) ?? [];
    let peer = peers.find((one) => one.port === flow.port);
    if (peer === undefined) {
      peer = this.openPeer(flow);
      endpoint.peers.set(flow.address, [...peers, peer]);
    }
    if (peer.state === "idle") this.connect(peer, flow);
  }

  unwatch(flow: Flow): void {
    const peers = this.endpoints[flow.listener.index]?.peers;
    const list = peers?.get(flow.address) ?? [];
    const rest = list.filter((peer) => peer.port !== flow.port);
    for (const peer of list) if (peer.port === flow.port) this.retire(peer, flow.listener);
    if (rest.length > 0) peers?.set(flow.address, rest);
    else peers?.delete(flow.address);
  }

  /**
   * Whether the kernel has this address, whatever its interface does. One that it has is what it sends from to itself; with
   * ip_nonlocal_bind, any other can be bound, too.
   */
  async isOurs(address: string): Promise<boolean> {
    const socket = new UdpSocket(address, NOBODY);
    try {
      await socket.bind(address, 0);
    } catch {
      return false;
    } finally {
      void socket.close();
    }
    return isLoopback(address) || canonicalAddress((await findSource(address)) ?? "") === canonicalAddress(address);
  }

  private openPeer(flow: Flow): Peer {
    const { listener } = flow;
    const socket = this.socketOf(listener, (error) => {
      if (peer.state === "connected" && isDeathSign(error)) this.sink.onUnreachable(flow, error.message);
    });
    const onSent: OnSent = (error) => {
      if (error !== null && isDeathSign(error)) this.sink.onUnreachable(flow, error.message);
    };
    const bound = socket.bind(listener.address, listener.port);
    const peer: Peer = { port: flow.port, socket, onSent, bound, state: "idle" };
    return peer;
  }

  private connect(peer: Peer, flow: Flow): void {
    peer.state = "connecting";
    peer.bound
      .then(() => peer.socket.connect(flow.port, flow.address))
      .then(
        () => {
          if (peer.state === "connecting") peer.state = "connected";
        },
        (error: unknown) => {
          if (peer.state === "connecting") peer.state = "idle";
          this.log.debug("watch_failed", { peer: flow.address, error: String(error) });
        },
      );
  }

  /**
   * No other process can write to a socket that is connected to itself: it gets nothing more, what it has got is still read,
   * and then it is closed.
   */
  private retire(peer: Peer, { address, port }: Listener): void {
    const { socket } = peer;
    peer.state = "retired";
    for (const oldest of this.retired.keys()) if (this.retired.size >= RETIRED_MAX) this.discard(oldest);
    this.retired.set(
      socket,
      setTimeout(() => this.discard(socket), DRAIN_ms),
    );
    peer.bound
      .then(() => {
        if (!this.retired.has(socket)) return undefined;
        socket.disconnect();
        return socket.connect(port, address);
      })
      .catch((error: unknown) => {
        // Its address is gone: nobody reaches it any more.
        this.log.debug("unwatch_failed", { listen: address, error: String(error) });
      });
  }

  private discard(socket: UdpSocket): void {
    const timer = this.retired.get(socket);
    if (timer !== undefined) clearTimeout(timer);
    this.retired.delete(socket);
    void socket.close();
  }

  private socketOf(listener: Listener, onError: (error: Error) => void): UdpSocket {
    return new UdpSocket(listener.address, {
      onText: (wire, address, port) => {
        if (port === 0) return; // nobody could be answered there
        this.sink.onMessage(wire, { listener, address, port });
      },
      onError,
    });
  }

  private failed(listener: Listener, error: Error): void {
    const { address, port } = error as { address?: unknown; port?: unknown };
    this.log.debug("send_failed", { to: `${String(address)}:${String(port)}`, error: error.message });
    if (typeof address !== "string" || typeof port !== "number" || !isDeathSign(error)) return;
    this.sink.onUnreachable({ listener, address, port }, error.message);
  }

  private checkBuffer(socket: UdpSocket): void {
    const bytes = socket.receiveBuffer_bytes();
    if (bytes >= ENOUGH_BUFFER_BYTES || this.hasWarned) return;
    this.hasWarned = true;
    this.log.warn("small_receive_buffer", { bytes, cure: "sysctl -w net.core.rmem_max=4194304" });
  }
}

function connectedPeer({ peers }: Endpoint, { address, port }: Flow): Peer | undefined {
  for (const peer of peers.get(address) ?? NO_PEERS) if (peer.port === port && peer.state === "connected") return peer;
  return undefined;
}

/** From which local address the kernel would send to `address`; undefined when it knows no route. Nothing is sent. */
export async function findSource(address: string): Promise<string | undefined> {
  const socket = new UdpSocket(address, NOBODY);
  try {
    await socket.connect(SOME_PORT, address);
    return socket.localAddress();
  } catch {
    return undefined;
  } finally {
    void socket.close();
  }
}

/** A response that couldn't be sent is no news for anybody, and a callback costs Node a tick. */
function isResponse(wire: string): boolean {
  return wire.startsWith("SIP/2.0 ");
}

/** All our sockets allow to share their port with our own connected ones, so another process could too: it must not. */
async function refuseSharedPort({ address, port }: Listener): Promise<void> {
  const socket = new UdpSocket(address, NOBODY, false);
  await socket.bind(address, port);
  await socket.close();
}
