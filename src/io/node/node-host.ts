/** A router as branchline's host: Node's sockets, clock, DNS and disk. Nothing else knows all that SIP needs of `io/node`. */

import type { LogLevel } from "../../base/event-types.ts";
import type { Limits } from "../../base/limits.ts";
import { limitsFor } from "../../base/limits.ts";
import type { Table } from "../../base/meter.ts";
import type { Mac } from "../../base/ports.ts";
import type { Flow, TransportPort } from "../../transport/flow.ts";
import type { HostUser } from "../../transport/host-user.ts";
import type { LookupPort } from "../../transport/locator.ts";
import type { Interfaces, OwnAddress } from "../../transport/own-listener.ts";
import type { TlsFiles } from "../../transport/tls-files.ts";
import { SystemClock } from "./clock.ts";
import { NodeDns } from "./dns.ts";
import { certificateDates } from "./host.ts";
import { isNear, readAddresses, readInterfaces, WatchedInterfaces } from "./interfaces.ts";
import { localTime } from "./local-time.ts";
import type { StderrLog } from "./log.ts";
import { heapMemory_bytes, tameHeap } from "./memory.ts";
import { makeOctets } from "./octets.ts";
import { createMac, createRandom } from "./secret.ts";
import { bindingsFile, callsFile, drillsFile, historyFile, type StateFile } from "./state-file.ts";
import { NodeTransport } from "./transport.ts";
import { findSource } from "./udp.ts";
import { guardEvents } from "./watchdog.ts";

export interface HostSettings {
  /** Where the secret, the bindings and the last calls are. */
  readonly stateFolder: string;
  readonly tls: TlsFiles | undefined;
  /** DNS servers, address or address:port; empty: those that the system asks. */
  readonly dnsServers: readonly string[];
  readonly member?: HostMember | undefined;
}

/** What is otherwise in a pair. */
export interface HostMember {
  readonly name: string;
  /** The keyed hash that both members have. */
  readonly mac: Mac;
  /** While their secret changes: that of the other one. */
  readonly secondMac: Mac | undefined;
  /** By which the engine sends, in the place of `inner`. */
  readonly transport: (inner: TransportPort) => TransportPort;
}

export class NodeHost {
  readonly log: StderrLog;
  readonly limits: Limits;
  readonly transport: TransportPort;
  readonly sockets: NodeTransport;
  readonly lookup: LookupPort;
  readonly random = createRandom();
  readonly mac: Mac;
  readonly secondMac: Mac | undefined;
  readonly member: string | undefined;
  readonly store: StateFile;
  readonly callStore: StateFile;
  readonly historyStore: StateFile;
  readonly drillStore: StateFile;
  readonly makeOctets = makeOctets;
  readonly tables: Readonly<Record<string, Table>>;
  /** The one that is in use, once somebody has asked. */
  private certificate: { readonly file: string; readonly end_ms: number } | undefined = undefined;
  readonly wallClock_ms: () => number;
  private readonly clock: SystemClock;
  private readonly dns: NodeDns;
  private interfaces: WatchedInterfaces | undefined = undefined;

  /** @throws when the TLS certificate can't be used */
  constructor(settings: HostSettings, log: StderrLog, user: HostUser) {
    const { stateFolder, tls, dnsServers } = settings;
    tameHeap(() => user.onCalm());
    guardEvents(log, () => user.onWake());
    this.log = log;
    this.limits = limitsFor(heapMemory_bytes());
    this.clock = new SystemClock(() => user.onWake());
    const { clock } = this;
    this.wallClock_ms = () => clock.wallClock_ms();
    this.sockets = new NodeTransport(user, log, tls, this.limits);
    if (tls !== undefined) this.certificateEnd_ms(tls.certificate);
    this.transport = settings.member?.transport(this.sockets) ?? this.sockets;
    this.tables = this.sockets.tables;
    this.dns = new NodeDns((question, answer) => user.onAnswer(question, answer), dnsServers);
    const { dns } = this;
    this.lookup = {
      query: (question) => dns.query(question),
      findSource: (address) => void findSource(address).then((source) => user.onSource(address, source)),
    };
    this.mac = settings.member?.mac ?? createMac(stateFolder, log);
    this.secondMac = settings.member?.secondMac;
    this.member = settings.member?.name;
    this.store = bindingsFile(stateFolder);
    this.callStore = callsFile(stateFolder);
    this.historyStore = historyFile(stateFolder);
    this.drillStore = drillsFile(stateFolder);
  }

  now_ms(): number {
    return this.clock.now_ms();
  }

  wakeAt(at_ms: number, now_ms: number): void {
    this.clock.wakeAt(at_ms, now_ms);
  }

  isNear(address: string): boolean {
    return isNear(address);
  }

  readInterfaces(): Interfaces | undefined {
    return readInterfaces();
  }

  readAddresses(): readonly OwnAddress[] {
    return readAddresses() ?? [];
  }

  findSource(address: string): Promise<string | undefined> {
    return findSource(address);
  }

  watchInterfaces(first_ms: number, onLook: (interfaces: Interfaces) => Promise<number>): void {
    this.interfaces = new WatchedInterfaces(first_ms, onLook);
  }

  suspectAddresses(): void {
    this.interfaces?.lookSoon();
  }

  lookAtAddresses(): void {
    this.interfaces?.lookNow();
  }

  turn(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  isOpen(flow: Flow): boolean {
    return this.sockets.isOpen(flow);
  }

  isoTime(time_ms: number): string {
    return this.clock.isoTime(time_ms);
  }

  localTime(): string {
    return localTime(this.isoTime(this.wallClock_ms()));
  }

  setLogLevel(level: LogLevel): void {
    this.log.setLevel(level);
  }

  setDnsServers(servers: readonly string[]): void {
    this.dns.servers = servers;
  }

  certificateEnd_ms(file: string): number | undefined {
    // One that is renewed on disk isn't in use before it is read anew.
    if (this.certificate?.file !== file)
      this.certificate = { file, end_ms: Date.parse(certificateDates(file)?.[1] ?? "") };
    const { end_ms } = this.certificate;
    return Number.isNaN(end_ms) ? undefined : end_ms;
  }

  setTls(files: TlsFiles): void {
    this.sockets.streams.reloadTls(files);
    this.certificate = undefined;
    this.certificateEnd_ms(files.certificate);
  }

  quiet(): void {
    this.interfaces?.stop();
    this.clock.stop();
    this.dns.close();
  }

  close(): Promise<void> {
    return this.sockets.closeAll();
  }
}
