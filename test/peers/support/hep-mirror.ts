/** What a Kamailio has received, by the copies that its siptrace module sends (HEP version 1). */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { SipMessage } from "../../sip/sip-message.ts";
import type { Endpoint } from "./addresses.ts";
import { defer } from "./cleanup.ts";
import { monotonic_ms } from "./clock.ts";

const LENGTH_AT = 1;
const DESTINATION_AT = 12;

export class HepMirror {
  /** In order, with retransmissions. */
  readonly received: SipMessage[] = [];
  private readonly of: Endpoint;

  private constructor(of: Endpoint) {
    this.of = of;
  }

  /**
   * Closes when the test ends.
   * @param of the Kamailio's own address
   */
  static async open(endpoint: Endpoint, of: Endpoint): Promise<HepMirror> {
    const mirror = new HepMirror(of);
    const socket = createSocket("udp4");
    socket.on("message", (packet) => mirror.take(packet));
    socket.bind(endpoint.port, endpoint.host);
    await once(socket, "listening");
    defer(() => new Promise<void>((resolve) => socket.close(() => resolve())));
    return mirror;
  }

  /** The requests that it has received, of `method` where one is given. */
  requests(method?: string): SipMessage[] {
    return this.received.filter((message) => message.isRequest && (method === undefined || message.method === method));
  }

  /** A header that says its own length, with addresses of IPv4; then the message as it was. */
  private take(packet: Buffer): void {
    const to = [...packet.subarray(DESTINATION_AT, DESTINATION_AT + 4)].join(".");
    const wire = packet.toString("latin1", packet[LENGTH_AT]);
    if (to === this.of.host) this.received.push(new SipMessage(wire, this.of, monotonic_ms()));
  }
}
