/** What leaves for a collector beside SIP, one way: datagrams, and a text by a connection of its own. */
import * as dgram from "dgram";
import * as net from "net";
import type { Carried } from "./deliveries.ts";

/** An IP address, IPv6 without brackets. */
export interface Collector {
  readonly address: string;
  readonly port: number;
}

/** Sends datagrams to one collector; whether it is there makes no difference. */
export class Datagrams {
  private readonly to: Collector;
  private socket: dgram.Socket | undefined = undefined;

  constructor(to: Collector) {
    this.to = to;
  }

  /** @param wire one character an octet */
  send(wire: string): void {
    const { address, port } = this.to;
    try {
      this.socket ??= this.open(address);
      this.socket.send(Buffer.from(wire, "latin1"), port, address, () => {}); // a collector that is away
    } catch {
      // No descriptor is left: the next one may find one.
    }
  }

  close(): void {
    this.socket?.close();
    this.socket = undefined;
  }

  private open(address: string): dgram.Socket {
    const socket = dgram.createSocket(address.includes(":") ? "udp6" : "udp4");
    socket.on("error", () => {
      if (this.socket === socket) this.close();
    });
    return socket;
  }
}

/** Brings a text of ASCII to a collector by TCP. It is taken once the collector has read to its end, and closed. */
export function carryByTcp({ address, port }: Collector, text: string, limit_ms: number): Promise<Carried> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: address, port });
    let why = "the collector doesn't close the connection";
    let hasEnded = false;
    const timer = setTimeout(() => socket.destroy(), limit_ms);
    socket.on("error", (error) => {
      why = error.message;
    });
    socket.on("end", () => {
      hasEnded = true;
    });
    socket.on("data", () => {});
    socket.on("close", (isFaulty: boolean) => {
      clearTimeout(timer);
      resolve({ how: hasEnded && !isFaulty ? "taken" : "failed", why });
    });
    socket.end(text, "latin1");
  });
}
