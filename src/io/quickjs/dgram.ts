/** What the project uses of Node's `dgram`: sockets that ask one question and hear its answer. SIP has udp-socket.ts. */
import * as native from "native";
import { Buffer } from "./buffer.ts";
import { EventEmitter } from "./events.ts";
import { type Ear, forget, hear, hold, letGo } from "./loop.ts";
import { socketFault } from "./socket-fault.ts";
import { setImmediate } from "./timers.ts";

export interface SocketOptions {
  readonly type: "udp4" | "udp6";
  readonly reuseAddr?: boolean;
  readonly recvBufferSize?: number;
}

interface BindOptions {
  readonly address?: string;
  readonly port?: number;
}

type Done = (error?: Error | null) => void;
/** Text is UTF-8 outside, as Node has it. */
type Message = string | Uint8Array;

export class Socket extends EventEmitter implements Ear {
  private readonly fd: number;
  private readonly family: 4 | 6;
  private isOpen = true;
  private isHeard = false;
  private isConnected = false;

  /** @throws when no descriptor is left */
  constructor({ type, reuseAddr, recvBufferSize }: SocketOptions) {
    super();
    this.family = type === "udp6" ? 6 : 4;
    this.fd = native.socket(this.family, false);
    if (this.fd < 0) throw socketFault(this.fd, "socket");
    if (reuseAddr === true) native.setOption(this.fd, "reuseaddr", 1);
    if (recvBufferSize !== undefined) native.setOption(this.fd, "rcvbuf", recvBufferSize);
  }

  /** `bind(port, address, done)`, `bind({address, port}, done)` and what lies between. */
  bind(...given: (number | string | BindOptions | (() => void) | undefined)[]): this {
    const options = given.find((one): one is BindOptions => typeof one === "object");
    const port = options?.port ?? given.find((one): one is number => typeof one === "number") ?? 0;
    const address = options?.address ?? given.find((one): one is string => typeof one === "string") ?? "";
    const done = given.find((one): one is () => void => typeof one === "function");
    this.demandOpen();
    if (done !== undefined) this.once("listening", done);
    const result = native.bind(this.fd, address, port);
    if (result >= 0) this.listen();
    this.later(() => {
      if (result >= 0) this.emit("listening");
      else this.emit("error", socketFault(result, "bind", address || (this.family === 6 ? "::" : "0.0.0.0"), port));
    });
    return this;
  }

  connect(port: number, address?: string | Done, done?: Done): void {
    const to = typeof address === "string" ? address : this.family === 6 ? "::1" : "127.0.0.1";
    const tell = typeof address === "function" ? address : done;
    this.demandOpen();
    if (!this.isHeard) this.bindAnywhere();
    const result = native.connect(this.fd, to, port);
    this.isConnected = result >= 0;
    this.later(() => {
      const error = result >= 0 ? undefined : socketFault(result, "connect", to, port);
      if (error === undefined) this.emit("connect");
      if (tell !== undefined) tell(error);
      else if (error !== undefined) this.emit("error", error);
    });
  }

  disconnect(): void {
    this.demandOpen();
    native.disconnect(this.fd);
    this.isConnected = false;
  }

  /** `send(message, port, address, done)`, with an offset and a length before the port, and without an address where it is connected. */
  send(message: Message, ...given: (number | string | Done | undefined)[]): void {
    const numbers = given.filter((one): one is number => typeof one === "number");
    const address = given.find((one): one is string => typeof one === "string");
    const done = given.find((one): one is Done => typeof one === "function");
    const hasPart = numbers.length >= 2;
    const bytes = typeof message === "string" ? Buffer.from(message) : message;
    const part = hasPart ? bytes.subarray(numbers[0], (numbers[0] ?? 0) + (numbers[1] ?? 0)) : bytes;
    const port = numbers[hasPart ? 2 : 0];
    this.demandOpen();
    if (!this.isHeard) this.bindAnywhere();
    const wire = native.decodeLatin1(part);
    const result =
      this.isConnected || port === undefined
        ? native.send(this.fd, wire)
        : native.sendTo(this.fd, wire, address ?? (this.family === 6 ? "::1" : "127.0.0.1"), port);
    this.later(() => {
      const error = result >= 0 ? null : socketFault(result, "send", address, port);
      if (done !== undefined) done(error);
      else if (error !== null) this.emit("error", error);
    });
  }

  /** @throws when it isn't bound any more */
  address(): { address: string; family: string; port: number } {
    this.demandOpen();
    const found = native.localAddress(this.fd);
    if (typeof found === "number") throw socketFault(found, "getsockname");
    return { address: found[0], family: this.family === 6 ? "IPv6" : "IPv4", port: found[1] };
  }

  getRecvBufferSize(): number {
    this.demandOpen();
    return native.getOption(this.fd, "rcvbuf");
  }

  setBroadcast(isWanted: boolean): void {
    this.demandOpen();
    native.setOption(this.fd, "broadcast", isWanted ? 1 : 0);
  }

  close(done?: () => void): this {
    this.demandOpen();
    if (done !== undefined) this.once("close", done);
    this.isOpen = false;
    forget(this.fd);
    native.close(this.fd);
    if (this.isHeard) letGo();
    setImmediate(() => this.emit("close"));
    return this;
  }

  onDatagram(wire: string, address: string, port: number): void {
    const bytes = Buffer.from(wire, "latin1");
    this.emit("message", bytes, { address, port, family: this.family === 6 ? "IPv6" : "IPv4", size: bytes.length });
  }

  onSocketError(errno: number): void {
    this.emit("error", socketFault(-errno, "recvmsg"));
  }

  /** Once it is closed, its descriptor may be another's. */
  private demandOpen(): void {
    if (!this.isOpen) throw Object.assign(new Error("Not running"), { code: "ERR_SOCKET_DGRAM_NOT_RUNNING" });
  }

  private bindAnywhere(): void {
    native.bind(this.fd, "", 0);
    this.listen();
    this.later(() => this.emit("listening"));
  }

  /** From now on it keeps the process: one that couldn't be bound doesn't. */
  private listen(): void {
    if (this.isHeard) return;
    this.isHeard = true;
    hear(this.fd, this);
    hold();
  }

  /** What Node tells a tick later, unless it is closed by then. */
  private later(tell: () => void): void {
    setImmediate(() => {
      if (this.isOpen) tell();
    });
  }
}

/** @param received hears each message, as a listener of "message" */
export function createSocket(given: SocketOptions | "udp4" | "udp6", received?: (...told: never[]) => void): Socket {
  const socket = new Socket(typeof given === "string" ? { type: given } : given);
  if (received !== undefined) socket.on("message", received);
  return socket;
}
