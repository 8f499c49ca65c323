/** Where messages come from and go to: RFC 3261 §18. */
import { SIP_PORT, SIPS_PORT } from "../message/uri.ts";

/** What carries messages. TLS means TLS over TCP. */
export type Protocol = "udp" | "tcp" | "tls";

/** One of our own addresses. */
export interface Listener {
  /** Its place in the configuration; identifies it to the host. */
  readonly index: number;
  readonly protocol: Protocol;
  /** The local IP address, IPv6 without brackets; while it is away the last one, or 0.0.0.0 or ::. */
  readonly address: string;
  readonly port: number;
  /** What peers are told to reach us by in Via, Record-Route and Path: "host" or "host:port". */
  readonly sentBy: string;
  /** The router doesn't have the address now: nothing can leave by it. */
  readonly isAway?: boolean;
}

/** A way to a peer: for UDP the five-tuple, else a connection, whether it stands or has yet to be opened. */
export interface Flow {
  readonly listener: Listener;
  readonly address: string;
  readonly port: number;
  /** The peer has opened the connection: once it is gone nobody listens on that port. */
  readonly isAccepted?: true;
  /** There is another way: a peer that doesn't take the connection at once isn't waited for. */
  readonly isTrial?: true;
  /** TLS: the name that the certificate of the peer that we connect to must have (RFC 5922 §7.1). */
  readonly name?: string;
}

/** RFC 3261 §19.1.2. */
export function defaultPort(protocol: Protocol): number {
  return protocol === "tls" ? SIPS_PORT : SIP_PORT;
}

/** Whether the transport itself repeats what was lost (RFC 3261 §17). */
export function isReliable(flow: Flow): boolean {
  return flow.listener.protocol !== "udp";
}

export function isSameFlow(a: Flow, b: Flow): boolean {
  return a.port === b.port && a.address === b.address && a.listener === b.listener && a.name === b.name;
}

/** A flow as plans name it: a plain value, good for as long as the listeners of this process. */
export interface NamedFlow {
  /** The {@link Listener.index} of its listener. */
  readonly listener: number;
  readonly address: string;
  readonly port: number;
  readonly isAccepted?: true;
  readonly name?: string;
}

export function nameFlow({ listener, address, port, isAccepted, name }: Flow): NamedFlow {
  const { index } = listener;
  if (name !== undefined) return { listener: index, address, port, name };
  return isAccepted === true ? { listener: index, address, port, isAccepted } : { listener: index, address, port };
}

/** Undefined when there is no such listener. */
export function findFlow(named: NamedFlow, listeners: readonly Listener[]): Flow | undefined {
  const listener = listeners[named.listener];
  return listener === undefined ? undefined : { ...named, listener };
}

/** For maps and logs. */
export function flowKey({ listener, address, port, name }: Flow): string {
  const key = `${listener.index} ${address} ${port}`;
  return name === undefined ? key : `${key} ${name}`;
}

/** A flow as a file keeps it. */
export interface SavedFlow {
  /** Its listener: "address port", with the transport behind it where that isn't UDP. */
  readonly listener: string;
  readonly address: string;
  readonly port: number;
}

export function saveFlow({ listener, address, port }: Flow): SavedFlow {
  return { listener: nameOf(listener), address, port };
}

/** Undefined when there is no listener for it any more. A connection that its peer had opened is gone by now. */
export function restoreFlow(
  { listener: name, address, port }: SavedFlow,
  listeners: readonly Listener[],
): Flow | undefined {
  const protocol = name.split(" ")[2] ?? "udp";
  const alike = listeners.filter((one) => one.protocol === protocol);
  const listener = alike.find((one) => nameOf(one) === name) ?? alike[0];
  if (listener === undefined) return undefined;
  return protocol === "udp" ? { listener, address, port } : { listener, address, port, isAccepted: true };
}

function nameOf({ protocol, address, port }: Listener): string {
  return protocol === "udp" ? `${address} ${port}` : `${address} ${port} ${protocol}`;
}

/** The sending half of the host's sockets. It never calls back from within {@link send}. */
export interface TransportPort {
  /**
   * Sends one message; opens a connection first where there is none. A failure comes later, as an event about the flow.
   * @returns false when the peer had opened the connection, and it is gone
   */
  send(flow: Flow, wire: string): boolean;
  /** From now on the host reports when this peer refuses datagrams (ICMP), as far as it can. */
  watch(flow: Flow): void;
  /** It needn't any more. */
  unwatch(flow: Flow): void;
  /** Nothing comes from there: a connection that may have died unnoticed is closed, so that the next message opens another. */
  giveUp(flow: Flow): void;
}
