/** A wire that is a UDP socket of this machine. */
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import type { Address } from "./address.ts";
import { monotonic_ms, type OnText, type Wire } from "./wire.ts";

export class UdpWire implements Wire {
  private readonly socket: Socket;

  private constructor(socket: Socket) {
    this.socket = socket;
  }

  /**
   * A message is stamped in the callback that receives it, by {@link monotonic_ms}.
   * @throws when the address is taken, or isn't this machine's
   */
  static async open({ host, port }: Address, onText: OnText): Promise<UdpWire> {
    const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
    socket.on("message", (bytes, from) => {
      onText(bytes.toString("latin1"), { host: from.address, port: from.port }, monotonic_ms());
    });
    socket.bind(port, host);
    await once(socket, "listening");
    return new UdpWire(socket);
  }

  send(text: string, to: Address): void {
    // A message that can't be sent is lost, as on any network.
    this.sendTimed(text, to).catch(() => {});
  }

  /** As {@link send}. @returns when it left, by {@link monotonic_ms} @throws when it couldn't */
  sendTimed(text: string, to: Address): Promise<number> {
    const at_ms = monotonic_ms();
    return new Promise((resolve, reject) => {
      this.socket.send(Buffer.from(text, "latin1"), to.port, to.host, (error) => {
        if (error === null) resolve(at_ms);
        else reject(error);
      });
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.socket.close(() => resolve()));
  }
}
