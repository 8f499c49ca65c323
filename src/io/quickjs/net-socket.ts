/** A stream: TCP or a Unix socket, with the functions and events of Node's `net.Socket` that the project uses. */
import * as native from "native";
import { Buffer } from "./buffer.ts";
import { EventEmitter } from "./events.ts";
import { forget, hold, letGo, NOTHING, READABLE, type Waiter, WRITABLE, watch } from "./loop.ts";
import { Outbox } from "./outbox.ts";
import { socketFault } from "./socket-fault.ts";
import { setKeepAlive, setNoDelay } from "./tcp-options.ts";
import { TextDecoding } from "./text-decoding.ts";
import { clearTimeout, setImmediate, setTimeout, type Timeout } from "./timers.ts";

export type Encoding = "latin1" | "utf8";

interface Where {
  readonly host?: string;
  readonly port?: number;
  readonly localAddress?: string;
  readonly path?: string;
}

const PIECE_BYTES = 65_536;
/** Pieces that are read in one go: others have a turn, too. */
const PIECES_MAX = 4;
/** From so many on that wait, the writer is asked to wait for "drain", as Node does. */
const HIGH_WATER_BYTES = 16_384;
const EAGAIN = "EAGAIN";
const EINPROGRESS = "EINPROGRESS";

export class Socket extends EventEmitter implements Waiter {
  remoteAddress: string | undefined = undefined;
  remotePort: number | undefined = undefined;
  localAddress: string | undefined = undefined;
  localPort: number | undefined = undefined;
  /** Octets that it has accepted and the kernel hasn't. */
  get writableLength(): number {
    return this.outbox.octets;
  }
  destroyed = false;
  private fd = -1;
  private state: "new" | "connecting" | "open" = "new";
  private readonly allowHalfOpen: boolean;
  private readonly outbox = new Outbox();
  private decoding: TextDecoding | undefined = undefined;
  private isEnding = false;
  private hasShutDown = false;
  private hasRead = false;
  private hasToDrain = false;
  private keepAlive_s = 0;
  private isNoDelay = false;
  private idle_ms = 0;
  private lastUsed_ms = 0;
  private idleTimer: Timeout | undefined = undefined;
  private isHolding = false;

  constructor(allowHalfOpen = false) {
    super();
    this.allowHalfOpen = allowHalfOpen;
  }

  /** One that a server has accepted. */
  static accepted(fd: number, allowHalfOpen: boolean): Socket {
    const socket = new Socket(allowHalfOpen);
    socket.take(fd);
    socket.opened();
    return socket;
  }

  connect({ host = "127.0.0.1", port = 0, localAddress, path }: Where): this {
    const fd = native.socket(path !== undefined ? 1 : host.includes(":") ? 6 : 4, true);
    if (fd < 0) return this.destroy(socketFault(fd, "socket"));
    this.take(fd);
    this.state = "connecting";
    const bound = localAddress === undefined ? 0 : native.bind(fd, localAddress, 0);
    if (bound < 0) return this.destroy(socketFault(bound, "bind", localAddress));
    const result = native.connect(fd, path ?? host, port);
    const fault = (errno: number) =>
      path === undefined ? socketFault(errno, "connect", host, port) : socketFault(errno, "connect", path);
    this.failure = fault;
    if (result < 0 && native.errorName(-result) !== EINPROGRESS) return this.destroy(fault(result));
    watch(fd, this, WRITABLE);
    return this;
  }

  /** Makes the error of a connection that couldn't be had. */
  private failure = (errno: number): Error => socketFault(errno, "connect");

  setEncoding(encoding: Encoding): this {
    this.decoding = new TextDecoding(encoding);
    return this;
  }

  setNoDelay(isWanted = true): this {
    this.isNoDelay = isWanted;
    if (this.state === "open") setNoDelay(this.fd, isWanted);
    return this;
  }

  /** @param idle_ms before the first probe */
  setKeepAlive(isWanted: boolean, idle_ms = 0): this {
    this.keepAlive_s = isWanted ? Math.max(1, Math.floor(idle_ms / 1_000)) : 0;
    if (this.state === "open") setKeepAlive(this.fd, this.keepAlive_s);
    return this;
  }

  /** Emits "timeout" once nothing has been read or written for this time; 0: never. */
  setTimeout(idle_ms: number, heard?: () => void): this {
    this.idle_ms = idle_ms;
    this.touch();
    clearTimeout(this.idleTimer);
    this.idleTimer = undefined;
    if (idle_ms > 0 && !this.destroyed) this.lookIdleIn(idle_ms);
    if (heard !== undefined && idle_ms > 0) this.once("timeout", heard);
    else if (heard !== undefined) this.removeListener("timeout", heard);
    return this;
  }

  /** @param encoding of a text */
  write(data: string | Uint8Array, encoding: Encoding = "utf8"): boolean {
    if (this.destroyed) return false;
    if (this.isEnding) {
      this.destroy(Object.assign(new Error("write after end"), { code: "ERR_STREAM_WRITE_AFTER_END" }));
      return false;
    }
    this.touch();
    const isIdle = this.outbox.octets === 0;
    this.outbox.add(typeof data !== "string" ? native.decodeLatin1(data) : encoding === "latin1" ? data : utf8(data));
    const isMuch = this.outbox.octets >= HIGH_WATER_BYTES;
    this.hasToDrain ||= isMuch;
    if (isIdle && this.state === "open") this.flush();
    return !isMuch;
  }

  /** Text that was written before still leaves; none is taken any more. */
  end(data?: string | Uint8Array, encoding: Encoding = "utf8"): this {
    if (data !== undefined) this.write(data, encoding);
    if (this.isEnding || this.destroyed) return this;
    this.isEnding = true;
    if (this.state === "open") this.finish();
    return this;
  }

  /** At once; "error" with a reason, then "close", are told later. */
  destroy(error?: Error): this {
    if (this.destroyed) return this;
    this.destroyed = true;
    clearTimeout(this.idleTimer);
    if (this.fd >= 0) {
      forget(this.fd);
      native.close(this.fd);
    }
    // Two of them: where an error isn't caught, "close" is told all the same.
    if (error !== undefined) setImmediate(() => this.emit("error", error));
    setImmediate(() => {
      this.unhold();
      this.emit("close", error !== undefined);
    });
    return this;
  }

  /** At once, as lost: the kernel forgets what it still has to bring across, and the peer hears of a reset. */
  resetAndDestroy(): this {
    if (this.state === "open" && !this.destroyed) native.disconnect(this.fd);
    return this.destroy();
  }

  unref(): this {
    this.unhold();
    return this;
  }

  onReady(isReadable: boolean, isWritable: boolean): void {
    if (this.state === "connecting") {
      const errno = native.getOption(this.fd, "error");
      if (errno !== 0) this.destroy(this.failure(errno < 0 ? errno : -errno));
      else this.opened();
      return;
    }
    if (isWritable && this.outbox.octets > 0) this.flush();
    if (isReadable && !this.destroyed && !this.hasRead) this.read();
  }

  private take(fd: number): void {
    this.fd = fd;
    this.isHolding = true;
    hold();
  }

  private opened(): void {
    const wasConnecting = this.state === "connecting";
    this.state = "open";
    const local = native.localAddress(this.fd);
    const remote = native.peerAddress(this.fd);
    if (typeof local !== "number") [this.localAddress, this.localPort] = local;
    if (typeof remote !== "number") [this.remoteAddress, this.remotePort] = remote;
    if (this.isNoDelay) setNoDelay(this.fd, true);
    if (this.keepAlive_s > 0) setKeepAlive(this.fd, this.keepAlive_s);
    this.wait();
    if (wasConnecting) this.emit("connect");
    if (this.destroyed) return;
    if (this.outbox.octets > 0) this.flush();
    if (this.isEnding && !this.destroyed) this.finish();
  }

  private flush(): void {
    while (this.outbox.octets > 0) {
      const sent = native.send(this.fd, this.outbox.head());
      if (sent < 0) {
        if (native.errorName(-sent) === EAGAIN) break;
        this.destroy(socketFault(sent, "write"));
        return;
      }
      this.outbox.drop(sent);
      this.touch();
    }
    this.wait();
    if (this.outbox.octets > 0) return;
    if (this.isEnding) this.finish();
    else if (this.hasToDrain) setImmediate(() => this.destroyed || this.isEnding || this.emit("drain"));
    this.hasToDrain = false;
  }

  private finish(): void {
    if (this.hasShutDown || this.outbox.octets > 0) return;
    this.hasShutDown = true;
    native.shutdown(this.fd);
    if (this.hasRead) this.destroy();
  }

  private read(): void {
    for (let piece = 0; piece < PIECES_MAX && !this.destroyed; piece++) {
      const text = native.readText(this.fd, PIECE_BYTES);
      if (typeof text === "number") {
        if (native.errorName(-text) !== EAGAIN) this.destroy(socketFault(text, "read"));
        return;
      }
      this.touch();
      if (text === "") {
        this.readEnd();
        return;
      }
      this.tell(this.decoding === undefined ? Buffer.from(text, "latin1") : this.decoding.push(text));
    }
  }

  private readEnd(): void {
    this.hasRead = true;
    this.wait();
    if (this.decoding !== undefined) this.tell(this.decoding.end());
    if (this.destroyed) return;
    this.emit("end");
    if (this.destroyed) return;
    if (!this.allowHalfOpen) this.end();
    if (this.hasShutDown && !this.destroyed) this.destroy();
  }

  private tell(data: string | Uint8Array): void {
    if (data.length > 0) this.emit("data", data);
  }

  private wait(): void {
    if (this.destroyed) return;
    const interest = (this.hasRead ? NOTHING : READABLE) + (this.outbox.octets > 0 ? WRITABLE : NOTHING);
    watch(this.fd, this, interest);
  }

  private touch(): void {
    if (this.idle_ms === 0) return;
    this.lastUsed_ms = native.monotonic_ms();
    if (this.idleTimer?.isRunning === false) this.lookIdleIn(this.idle_ms);
  }

  private lookIdleIn(wait_ms: number): void {
    this.idleTimer = setTimeout(() => this.lookIdle(), wait_ms).unref();
  }

  private lookIdle(): void {
    const left_ms = this.lastUsed_ms + this.idle_ms - native.monotonic_ms();
    if (left_ms > 0) this.lookIdleIn(left_ms);
    else this.emit("timeout");
  }

  private unhold(): void {
    if (this.isHolding) letGo();
    this.isHolding = false;
  }
}

function utf8(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII begins with them
  return /^[\x00-\x7f]*$/.test(text) ? text : native.decodeLatin1(new Uint8Array(native.encodeUtf8(text)));
}

/** @param connected listener of "connect" */
export function connect(where: Where | string, connected?: () => void): Socket {
  const socket = new Socket();
  if (connected !== undefined) socket.once("connect", connected);
  return socket.connect(typeof where === "string" ? { path: where } : where);
}

export const createConnection = connect;
