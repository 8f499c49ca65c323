/** What the engine asks of its host. `io/node/node-host.ts` is one; `explain` and the tests have others. */

import type { LogLevel } from "../base/event-types.ts";
import type { Limits } from "../base/limits.ts";
import type { Table } from "../base/meter.ts";
import type { Logger, Mac, MakeOctets, Random } from "../base/ports.ts";
import type { Flow, TransportPort } from "../transport/flow.ts";
import type { HostUser } from "../transport/host-user.ts";
import type { LookupPort } from "../transport/locator.ts";
import type { Interfaces, OwnAddress } from "../transport/own-listener.ts";
import type { TlsFiles } from "../transport/tls-files.ts";
import type { Store } from "./binding-keeper.ts";
import type { Sockets } from "./listening.ts";

export interface Host {
  readonly transport: TransportPort;
  readonly lookup: LookupPort;
  readonly random: Random;
  readonly mac: Mac;
  /** While the secret of a pair changes: what it has made is believed too. */
  readonly secondMac?: Mac | undefined;
  /** The name of this router among the members of its pair; undefined: it belongs to none. */
  readonly member?: string | undefined;
  readonly log: Logger;
  /** How much each table may hold. */
  readonly limits: Limits;
  /** Milliseconds that never jump; their zero means nothing. */
  now_ms(): number;
  /** Milliseconds since 1970, as far as the host knows; undefined where it has no idea. */
  readonly wallClock_ms?: () => number;
  /** Asks for {@link HostUser.onWake} at `at_ms`, or soon after. An earlier wish that still stands is enough. */
  wakeAt(at_ms: number, now_ms: number): void;
  /** A message couldn't be sent: one of our addresses may be gone. */
  suspectAddresses?(): void;
  /** Something is done at this moment anyway: our addresses are looked at once it is over, where that isn't so recent. */
  lookAtAddresses?(): void;
  /** Whether an address that isn't ours is private, or in one of our interfaces' networks. */
  isNear(address: string): boolean;
}

/** Makes the host for one user; nothing is told to it before the host is asked for something. */
export type Connect<H extends Host> = (user: HostUser) => H;

/** A host on which branchline runs for good: with sockets that follow its addresses, and a disk. */
export interface RouterHost extends Host {
  readonly wallClock_ms: () => number;
  readonly sockets: Sockets;
  /** Where the bindings are kept, where the last calls are, and where the reports of drills are. */
  readonly store: Store;
  readonly callStore: Store;
  /** Where outages, drills and calls of months are. */
  readonly historyStore: Store;
  readonly drillStore: Store;
  /** Memory beside the engine's heap, where that has an advantage: what lives long in the heap is copied and searched again and again. */
  readonly makeOctets?: MakeOctets | undefined;
  /** Tables of the host's own, by name. */
  readonly tables: Readonly<Record<string, Table>>;
  /** What the router's interfaces have now; undefined where nobody tells. */
  readInterfaces(): Interfaces | undefined;
  /** The same, with the network of each; empty where nobody tells. */
  readAddresses(): readonly OwnAddress[];
  /** The local address from which the kernel would send to `address`; undefined when it knows no route. Nothing is sent. */
  findSource(address: string): Promise<string | undefined>;
  /**
   * Looks at them again and again.
   * @param first_ms until the first look
   * @param onLook resolves to how long until the next look, in ms
   */
  watchInterfaces(first_ms: number, onLook: (interfaces: Interfaces) => Promise<number>): void;
  /** Resolves once what has come by now has been handled. */
  turn(): Promise<void>;
  /** Whether the connection stands; true for UDP. */
  isOpen(flow: Flow): boolean;
  /** ISO 8601, of milliseconds since 1970. */
  isoTime(time_ms: number): string;
  /** Now, in the router's time zone: "2026-11-29 14:03:22". */
  localTime(): string;
  /** From now on what is less important isn't logged. */
  setLogLevel(level: LogLevel): void;
  /** DNS servers, address or address:port; empty: those that the system asks. */
  setDnsServers(servers: readonly string[]): void;
  /** Until when our certificate in this file is valid, milliseconds since 1970; undefined: that can't be read. */
  certificateEnd_ms(file: string): number | undefined;
  /** @throws when the files can't be used: the old ones stay in use */
  setTls(files: TlsFiles): void;
  /** No answer of DNS's, no look at interfaces and no wake-up comes from now on. */
  quiet(): void;
  /** Ends all connections, once what has been sent is gone. */
  close(): Promise<void>;
}
