/** One query to a DNS server and what comes back, over a socket of its own. */
import * as dgram from "dgram";
import * as net from "net";
import { canonicalAddress } from "../../base/ip-range.ts";
import type { Random } from "../../base/ports.ts";
import type { Ask } from "../../transport/dns/lookup.ts";

/** Linux's usual range for ports that nobody has chosen: no service is there. Kernels before 2.6.24 take them one after the other. */
const PORTS_FROM = 32_768;
const PORTS = 28_232;

/** What hears of it; after the exchange has been closed it hears nothing. */
export interface OnResponse {
  /** A message, cut out of the stream; it may be anything. */
  onWire(wire: string): void;
  /** Nothing more will come. */
  onEnd(): void;
}

/** @returns closes it */
export function exchangeDns(ask: Ask, user: OnResponse, random: Random): () => void {
  return ask.by === "udp" ? overUdp(ask, user, random) : overTcp(ask, user);
}

function overUdp(ask: Ask, user: OnResponse, random: Random): () => void {
  let close = openUdp(PORTS_FROM + Math.floor(random.fraction() * PORTS), ask, user, () => {
    // Another program has that port.
    close();
    close = () => {};
    try {
      close = openUdp(0, ask, user, () => user.onEnd());
    } catch {
      user.onEnd();
    }
  });
  return () => close();
}

/**
 * @param own our port; 0: any that is free
 * @param onTaken told when it can't be had
 */
function openUdp(own: number, { server, wire }: Ask, user: OnResponse, onTaken: () => void): () => void {
  const { address, port } = server;
  const socket = dgram.createSocket(address.includes(":") ? "udp6" : "udp4");
  let isBound = false;
  socket.on("error", () => (isBound ? user.onEnd() : onTaken()));
  // A datagram between bind and connect may be anybody's.
  socket.on("message", (bytes, from) => {
    const isItsOwn = from.port === port && canonicalAddress(from.address) === canonicalAddress(address);
    if (isItsOwn) user.onWire(bytes.toString("latin1"));
  });
  socket.bind({ port: own, exclusive: true }, () => {
    isBound = true;
    // Connected, it hears of ICMP errors, and of nobody but the server.
    socket.connect(port, address, ((error?: Error | null) => {
      if (error) user.onEnd();
      else socket.send(Buffer.from(wire, "latin1"));
    }) as () => void);
  });
  return () => socket.close();
}

function overTcp({ server, wire }: Ask, user: OnResponse): () => void {
  const socket = net.connect({ host: server.address, port: server.port });
  let text = "";
  socket.on("error", () => user.onEnd());
  socket.on("close", () => user.onEnd());
  socket.on("connect", () => socket.write(String.fromCharCode(wire.length >> 8, wire.length & 0xff) + wire, "latin1"));
  socket.on("data", (bytes: Buffer) => {
    text += bytes.toString("latin1");
    const whole = text.length < 2 ? Number.POSITIVE_INFINITY : 2 + text.charCodeAt(0) * 0x100 + text.charCodeAt(1);
    if (text.length >= whole) user.onWire(text.slice(2, whole));
  });
  return () => socket.destroy();
}
