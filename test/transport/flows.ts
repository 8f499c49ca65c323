/** Listeners and flows for tests. */
import { type Flow, type Listener, type Protocol, TRANSPORTS } from "../../src/transport/flow.ts";

export function listener(index: number, address: string, port = 5060): Listener {
  const host = address.includes(":") ? `[${address}]` : address;
  return { index, protocol: "udp", transport: TRANSPORTS.udp, address, port, sentBy: `${host}:${port}` };
}

/** The same address, spoken to by another transport. */
export function over(protocol: Protocol, own: Listener): Listener {
  return { ...own, protocol, transport: TRANSPORTS[protocol] };
}

export const LAN = listener(0, "10.222.237.1");
export const WAN = listener(1, "198.51.100.1");
export const LAN6 = listener(2, "2001:db8:1::1");

export function flowFrom(address: string, port: number, on: Listener = LAN): Flow {
  return { listener: on, address, port };
}
