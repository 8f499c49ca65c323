/** All sockets as one transport: UDP, TCP and TLS. */
import { type Limits, PLENTY } from "../../base/limits.ts";
import type { Table } from "../../base/meter.ts";
import type { Logger } from "../../base/ports.ts";
import { type Flow, isReliable, type Listener, type TransportPort } from "../../transport/flow.ts";
import type { TransportSink } from "../../transport/host-user.ts";
import type { TlsFiles } from "../../transport/tls-files.ts";
import { NodeStreams } from "./streams.ts";
import { NodeUdp } from "./udp.ts";

export class NodeTransport implements TransportPort {
  readonly streams: NodeStreams;
  /** Tables that traffic can fill, by name. */
  readonly tables: Readonly<Record<string, Table>>;
  private readonly udp: NodeUdp;

  /** @throws when the certificate can't be used */
  constructor(sink: TransportSink, log: Logger, tls: TlsFiles | undefined, limits: Limits = PLENTY) {
    this.udp = new NodeUdp(sink, log);
    this.streams = new NodeStreams(sink, log, tls, limits);
    this.tables = { connections: this.streams };
  }

  /** @throws when its address is not ours or in use */
  open(listener: Listener): Promise<void> {
    return listener.transport.isReliable ? this.streams.open(listener) : this.udp.open(listener);
  }

  /** Its address is gone. */
  async close(listener: Listener): Promise<void> {
    if (listener.transport.isReliable) this.streams.close(listener);
    else await this.udp.close(listener);
  }

  /** Whether the connection stands; true for UDP. */
  isOpen(flow: Flow): boolean {
    return !isReliable(flow) || this.streams.isOpen(flow);
  }

  isOurs(address: string): Promise<boolean> {
    return this.udp.isOurs(address);
  }

  async closeAll(): Promise<void> {
    await this.streams.closeAll();
    await this.udp.closeAll();
  }

  send(flow: Flow, wire: string): boolean {
    if (isReliable(flow)) return this.streams.send(flow, wire);
    this.udp.send(flow, wire);
    return true;
  }

  watch(flow: Flow): void {
    if (!isReliable(flow)) this.udp.watch(flow);
  }

  unwatch(flow: Flow): void {
    if (!isReliable(flow)) this.udp.unwatch(flow);
  }

  giveUp(flow: Flow): void {
    if (isReliable(flow)) this.streams.giveUp(flow);
  }
}
