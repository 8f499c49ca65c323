/**
 * One UDP socket of a phone, the upstream or the gateway. It is connected: everybody talks to the proxy and to nobody
 * else. It is no `UdpWire`, since it makes neither an address, nor a time stamp, nor a promise for each datagram.
 */
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { type Address, hostPort, PROXY } from "../addresses.ts";

/** Asked of the kernel, which grants `net.core.rmem_max` at most: a burst must not get lost on the generator's side. */
const RECEIVE_BUFFER_BYTES = 4 << 20;

export type Receive = (text: string, endpoint: Endpoint) => void;

export class Endpoint {
  readonly address: string;
  private readonly socket: Socket;

  private constructor(address: string, socket: Socket) {
    this.address = address;
    this.socket = socket;
  }

  static async open(address: Address, receive: Receive): Promise<Endpoint> {
    const socket = createSocket("udp4");
    const endpoint = new Endpoint(hostPort(address), socket);
    socket.bind(address.port, address.host);
    await once(socket, "listening");
    socket.connect(PROXY.port, PROXY.host);
    await once(socket, "connect");
    socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES);
    socket.on("message", (datagram) => receive(datagram.toString("latin1"), endpoint));
    // The proxy is restarted while the generator lives: a refused datagram is one that is lost.
    socket.on("error", () => undefined);
    return endpoint;
  }

  send(text: string): void {
    // No callback: it would cost a tick of the event loop per datagram.
    this.socket.send(Buffer.from(text, "latin1"));
  }
}
