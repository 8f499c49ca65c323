/** Where messages come from and go to: RFC 3261 §18. */
import { SIP_PORT, SIPS_PORT } from "../message/uri.ts";
import { byContentLength, type Framer } from "./framing.ts";

/** What carries messages, by all in which one kind differs from another. */
export interface Transport {
  /** In Via (RFC 3261 §20.42). */
  readonly via: string;
  /** In our tokens. */
  readonly letter: string;
  /** RFC 3261 §19.1.2. */
  readonly port: number;
  /** Whose port numbers it has. */
  readonly layer: "udp" | "tcp";
  /** Whether it repeats by itself what was lost (RFC 3261 §17): then it has connections. */
  readonly isReliable: boolean;
  /** Whether messages are cut out of a stream by their Content-Length (RFC 3261 §18.3), so that each must have one. */
  readonly isStream: boolean;
  /** How a connection carries messages; undefined: each is a datagram. */
  readonly framer: Framer | undefined;
  /** Whether a sips URI may go by it, and the peer shows a certificate. */
  readonly isSecure: boolean;
  /** Whether we open a way to a peer by it. Else only a connection that the peer has opened leads to it (as in RFC 7118 §5). */
  readonly isDialled: boolean;
  /** Whether desk phones have it: `phones` and `init` tell only such addresses. */
  readonly isOnDeskPhones: boolean;
  /** What stands before a domain in the name of its SRV records (RFC 3263 §4.2). */
  readonly srv: string;
  /** The service of its NAPTR records (RFC 3263 §4.1). */
  readonly naptr: string;
}

/** Each by its name in the file, in URIs and in logs; the best first, where DNS leaves us the choice. */
const ROWS = {
  udp: {
    via: "UDP",
    letter: "u",
    port: SIP_PORT,
    layer: "udp",
    srv: "_sip._udp.",
    naptr: "SIP+D2U",
    isReliable: false,
    isStream: false,
    framer: undefined,
    isSecure: false,
    isDialled: true,
    isOnDeskPhones: true,
  },
  tcp: {
    via: "TCP",
    letter: "t",
    port: SIP_PORT,
    layer: "tcp",
    srv: "_sip._tcp.",
    naptr: "SIP+D2T",
    isReliable: true,
    isStream: true,
    framer: byContentLength,
    isSecure: false,
    isDialled: true,
    isOnDeskPhones: true,
  },
  /** Over TCP. */
  tls: {
    via: "TLS",
    letter: "s",
    port: SIPS_PORT,
    layer: "tcp",
    srv: "_sips._tcp.",
    naptr: "SIPS+D2T",
    isReliable: true,
    isStream: true,
    framer: byContentLength,
    isSecure: true,
    isDialled: true,
    isOnDeskPhones: true,
  },
} as const;

export type Protocol = keyof typeof ROWS;
/** Those that desk phones have. */
export type DeskProtocol = {
  [P in Protocol]: (typeof ROWS)[P]["isOnDeskPhones"] extends true ? P : never;
}[Protocol];

export const TRANSPORTS: Readonly<Record<Protocol, Transport>> = ROWS;
export const PROTOCOLS = Object.keys(ROWS) as readonly Protocol[];
/** Those that a configured target, or DNS, may name. */
export const DIALLED: readonly Protocol[] = PROTOCOLS.filter((one) => TRANSPORTS[one].isDialled);
/** A URI that names none means this one, unless DNS has another (RFC 3263 §4.1). */
export const DEFAULT_PROTOCOL: Protocol = "udp";

/** One of our own addresses. */
export interface Listener {
  /** Its place in the configuration; identifies it to the host. */
  readonly index: number;
  readonly protocol: Protocol;
  /** The row of its protocol: a field, since each message asks for it. */
  readonly transport: Transport;
  /** The local IP address, IPv6 without brackets; while it is away the last one, or 0.0.0.0 or ::. */
  readonly address: string;
  readonly port: number;
  /** What peers are told to reach us by in Via, Record-Route and Path: "host" or "host:port". */
  readonly sentBy: string;
  /** The router doesn't have the address now: nothing can leave by it. */
  readonly isAway?: boolean;
  /** Its address moves between routers: requests leave from it, while it is here, in place of these addresses of the router's own. */
  readonly standsFor?: readonly string[];
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

/** The protocol of this name, as `transport` of a URI has it in lower case; undefined for one that we don't speak. */
export function protocolOf(name: string | undefined): Protocol | undefined {
  if (name === undefined) return undefined;
  for (const one of PROTOCOLS) if (one === name) return one;
  return undefined;
}

/** The protocol that a Via names, in upper case; undefined for one that we don't speak. */
export function protocolOfVia(name: string): Protocol | undefined {
  for (const one of PROTOCOLS) if (TRANSPORTS[one].via === name) return one;
  return undefined;
}

/** The protocol of a listener; undefined for one that desk phones don't have. */
export function deskProtocolOf({
  protocol,
  transport,
}: Pick<Listener, "protocol" | "transport">): DeskProtocol | undefined {
  return transport.isOnDeskPhones ? (protocol as DeskProtocol) : undefined;
}

/** "udp:192.0.2.1:5060": the protocol, and what is behind its colon. Undefined when it doesn't begin with one. */
export function splitProtocol(text: string): { protocol: Protocol; rest: string } | undefined {
  const colon = text.indexOf(":");
  const protocol = protocolOf(text.slice(0, Math.max(colon, 0)));
  return protocol === undefined ? undefined : { protocol, rest: text.slice(colon + 1) };
}

/** RFC 3261 §19.1.2. */
export function defaultPort(protocol: Protocol): number {
  return TRANSPORTS[protocol].port;
}

/** Whether the transport itself repeats what was lost (RFC 3261 §17). */
export function isReliable(flow: Flow): boolean {
  return flow.listener.transport.isReliable;
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
  const protocol = name.split(" ")[2] ?? DEFAULT_PROTOCOL;
  const alike = listeners.filter((one) => one.protocol === protocol);
  const listener = alike.find((one) => nameOf(one) === name) ?? alike[0];
  if (listener === undefined) return undefined;
  return listener.transport.isReliable ? { listener, address, port, isAccepted: true } : { listener, address, port };
}

function nameOf({ protocol, address, port }: Listener): string {
  return protocol === DEFAULT_PROTOCOL ? `${address} ${port}` : `${address} ${port} ${protocol}`;
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
