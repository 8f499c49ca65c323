/** One UDP socket over the host's own: `io/node/udp-socket.ts` says what each of its functions does. */
import * as native from "native";
import type { OnSent, UdpUser } from "../node/udp-socket.ts";
import { type Ear, forget, hear, hold, letGo } from "./loop.ts";
import { socketFault } from "./socket-fault.ts";

/** Room for some 1,000 REGISTERs at once; the kernel may grant less. */
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;
/** Of datagrams that wait for the kernel: a burst of messages that a slow line carries within seconds. */
const WAITING_MAX_CHARACTERS = 512 * 1024;
/** What the memory of one costs beside its text. */
const LETTER_CHARACTERS = 128;

/** Minus EAGAIN, which has one number on all processors. */
const AGAIN = -11;

interface Letter {
  readonly wire: string;
  readonly port: number;
  /** "": to the peer of a connected socket. */
  readonly address: string;
  readonly onSent: OnSent | undefined;
}

export class UdpSocket implements Ear {
  private readonly fd: number;
  private readonly user: UdpUser;
  private isOpen = true;
  private isHeard = false;
  private readonly waiting: Letter[] = [];
  private waitingCharacters = 0;

  /** @throws when no descriptor is left */
  constructor(address: string, user: UdpUser, isSharing = true, buffer_bytes = RECEIVE_BUFFER_BYTES) {
    this.user = user;
    const family = address.includes(":") ? 6 : 4;
    this.fd = native.socket(family, false);
    if (this.fd < 0) throw socketFault(this.fd, "socket");
    if (isSharing) native.setOption(this.fd, "reuseaddr", 1);
    native.setOption(this.fd, "rcvbuf", buffer_bytes);
    hold();
  }

  async bind(address: string, port: number): Promise<void> {
    const result = native.bind(this.fd, address, port);
    if (result < 0) {
      void this.close();
      throw socketFault(result, "bind", address, port);
    }
    this.listen();
  }

  async connect(port: number, address: string): Promise<void> {
    const result = this.isOpen ? native.connect(this.fd, address, port) : 0;
    if (result < 0) throw socketFault(result, "connect", address, port);
    this.listen();
  }

  /** Datagrams that wait for its peer are lost: they would go to the next one. */
  disconnect(): void {
    if (!this.isOpen) return;
    native.disconnect(this.fd);
    if (this.waiting.length > 0) hear(this.fd, this);
    this.waiting.splice(0);
    this.waitingCharacters = 0;
  }

  send(wire: string, onSent?: OnSent): void {
    this.sendTo(wire, 0, "", onSent);
  }

  /** A line that is slower than we are fills the kernel's buffer; then the rest waits here, in its order, as with Node. */
  sendTo(wire: string, port: number, address: string, onSent?: OnSent): void {
    if (!this.isOpen) return;
    const isWaiting = this.waiting.length > 0;
    const result = isWaiting ? AGAIN : this.transmit(wire, port, address);
    if (result >= 0) return;
    const hasRoom = this.isHeard && this.waitingCharacters + costOf(wire) <= WAITING_MAX_CHARACTERS;
    if (result !== AGAIN || !hasRoom) {
      tell(onSent, result, port, address);
      return;
    }
    this.waiting.push({ wire, port, address, onSent });
    this.waitingCharacters += costOf(wire);
    if (!isWaiting) hear(this.fd, this, true);
  }

  localAddress(): string {
    const found = this.isOpen ? native.localAddress(this.fd) : -1;
    if (typeof found === "number") throw socketFault(found, "getsockname");
    return found[0];
  }

  receiveBuffer_bytes(): number {
    return this.isOpen ? native.getOption(this.fd, "rcvbuf") : 0;
  }

  async close(): Promise<void> {
    if (!this.isOpen) return;
    this.isOpen = false;
    forget(this.fd);
    native.close(this.fd);
    letGo();
    this.waiting.splice(0);
  }

  onWritable(): void {
    let sent = 0;
    for (const { wire, port, address, onSent } of this.waiting) {
      const result = this.transmit(wire, port, address);
      if (result === AGAIN) break;
      sent += 1;
      this.waitingCharacters -= costOf(wire);
      if (result < 0) tell(onSent, result, port, address);
    }
    this.waiting.splice(0, sent);
    if (this.waiting.length === 0) hear(this.fd, this);
  }

  onDatagram(wire: string, address: string, port: number): void {
    if (this.isOpen) this.user.onText(wire, address, port);
  }

  onSocketError(errno: number): void {
    if (this.isOpen) this.user.onError(socketFault(-errno, "recvmsg"));
  }

  private transmit(wire: string, port: number, address: string): number {
    return address === "" ? native.send(this.fd, wire) : native.sendTo(this.fd, wire, address, port);
  }

  private listen(): void {
    if (!this.isHeard && this.isOpen) hear(this.fd, this);
    this.isHeard = true;
  }
}

function costOf(wire: string): number {
  return wire.length + LETTER_CHARACTERS;
}

/** When the sender has done with what it does, and before anything else is heard: what follows from it comes before the next datagram. */
function tell(onSent: OnSent | undefined, result: number, port: number, address: string): void {
  if (onSent === undefined) return;
  const fault = address === "" ? socketFault(result, "send") : socketFault(result, "send", address, port);
  void Promise.resolve().then(() => onSent(fault));
}
