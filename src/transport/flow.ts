/** Where messages come from and go to: RFC 3261 §18. */

/** One of our own addresses. */
export interface Listener {
  /** Its place in the configuration; identifies it to the host. */
  readonly index: number;
  readonly protocol: "udp";
  /** The local IP address, IPv6 without brackets. */
  readonly address: string;
  readonly port: number;
  /** What peers are told to reach us by in Via, Record-Route and Path: "host" or "host:port". */
  readonly sentBy: string;
}

/** A way to a peer: for UDP the five-tuple. */
export interface Flow {
  readonly listener: Listener;
  readonly address: string;
  readonly port: number;
}

export function isSameFlow(a: Flow, b: Flow): boolean {
  return a.port === b.port && a.address === b.address && a.listener === b.listener;
}

/** For maps and logs. */
export function flowKey(flow: Flow): string {
  return `${flow.listener.index} ${flow.address} ${flow.port}`;
}

/** The sending half of the host's sockets. It never calls back from within {@link send}. */
export interface TransportPort {
  /** Sends one message. A failure comes later, as an event about the flow. */
  send(flow: Flow, wire: string): void;
  /** From now on the host reports when this peer refuses datagrams (ICMP), as far as it can. */
  watch(flow: Flow): void;
  /** It needn't any more. */
  unwatch(flow: Flow): void;
}
