/** What listens for streams, with the functions and events of Node's `net.Server` that the project uses. */
import * as native from "native";
import { EventEmitter } from "./events.ts";
import { forget, hold, letGo, READABLE, type Waiter, watch } from "./loop.ts";
import { Socket } from "./net-socket.ts";
import { listenFault } from "./socket-fault.ts";
import { setImmediate, setTimeout } from "./timers.ts";

interface ServerOptions {
  readonly allowHalfOpen?: boolean;
}

interface ListenOptions {
  readonly host?: string;
  readonly port?: number;
  readonly path?: string;
}

const BACKLOG = 511;
/** Accepted in one go: others have a turn, too. */
const ACCEPTS_MAX = 32;
/** After these the next one can be accepted; others, such as that no descriptor is left, have to wait. */
const NEXT = ["EAGAIN", "ECONNABORTED", "EPROTO"];
const AGAIN_ms = 100;

export class Server extends EventEmitter implements Waiter {
  /** Others are accepted and ended. */
  maxConnections = Number.POSITIVE_INFINITY;
  private fd = -1;
  private path = "";
  private connections = 0;
  private readonly allowHalfOpen: boolean;
  private isHolding = false;
  private isClosing = false;

  constructor({ allowHalfOpen = false }: ServerOptions) {
    super();
    this.allowHalfOpen = allowHalfOpen;
  }

  /** `listen(path, done)`, `listen(port, address, done)` and `listen({host, port}, done)`. */
  listen(...given: (string | number | ListenOptions | (() => void) | undefined)[]): this {
    const options = given.find((one): one is ListenOptions => typeof one === "object");
    const port = options?.port ?? given.find((one): one is number => typeof one === "number");
    const text = given.find((one): one is string => typeof one === "string");
    const done = given.find((one): one is () => void => typeof one === "function");
    if (done !== undefined) this.once("listening", done);
    const path = port === undefined ? (options?.path ?? text ?? "") : "";
    const host = options?.host ?? (port === undefined ? "" : (text ?? ""));
    const result = this.open(path, host, port ?? 0);
    const { fd } = this;
    setImmediate(() => {
      if (result < 0)
        this.emit("error", port === undefined ? listenFault(result, path) : listenFault(result, host, port));
      else if (this.fd === fd) this.emit("listening");
    });
    return this;
  }

  address(): { address: string; port: number } | null {
    const found = this.fd < 0 ? 0 : native.localAddress(this.fd);
    return typeof found === "number" ? null : { address: found[0], port: found[1] };
  }

  /** Connections that stand go on; "close" comes once they have ended. */
  close(done?: (error?: Error) => void): this {
    const fault = this.fd >= 0 ? undefined : new Error("Server is not running.");
    if (fault !== undefined) Object.assign(fault, { code: "ERR_SERVER_NOT_RUNNING" });
    if (done !== undefined) this.once("close", () => done(fault));
    this.isClosing = true;
    if (fault === undefined) this.release();
    this.closeWhenEmpty();
    return this;
  }

  private release(): void {
    forget(this.fd);
    native.close(this.fd);
    this.fd = -1;
    // Connections keep the process by themselves.
    this.unhold();
    // As Node does: whose the file is by now isn't asked.
    if (this.path !== "") native.unlink(this.path);
  }

  unref(): this {
    this.unhold();
    return this;
  }

  onReady(): void {
    for (let accepted = 0; accepted < ACCEPTS_MAX && this.fd >= 0; accepted++) {
      const fd = native.accept(this.fd);
      if (fd < 0) {
        if (!NEXT.includes(native.errorName(-fd))) this.pause();
        return;
      }
      if (this.connections >= this.maxConnections) native.close(fd);
      else this.serve(Socket.accepted(fd, this.allowHalfOpen));
    }
  }

  private open(path: string, host: string, port: number): number {
    if (path !== "") return this.openAs(1, path, host, port);
    if (host !== "") return this.openAs(host.includes(":") ? 6 : 4, path, host, port);
    const result = this.openAs(6, path, host, port);
    // A kernel may have no IPv6.
    return result >= 0 ? result : this.openAs(4, path, host, port);
  }

  private openAs(family: number, path: string, host: string, port: number): number {
    const fd = native.socket(family, true);
    if (fd < 0) return fd;
    // A port that an earlier connection of ours still holds is free for us; libuv sets it, too.
    if (path === "") native.setOption(fd, "reuseaddr", 1);
    // All addresses of IPv6 are those of IPv4, too, whatever net.ipv6.bindv6only says.
    if (family === 6) native.setOption(fd, "v6only", 0);
    const bound = native.bind(fd, path !== "" ? path : host, port);
    const result = bound < 0 ? bound : native.listen(fd, BACKLOG);
    if (result < 0) {
      native.close(fd);
      return result;
    }
    this.fd = fd;
    this.path = path;
    this.isHolding = true;
    hold();
    watch(fd, this, READABLE);
    return fd;
  }

  private serve(socket: Socket): void {
    this.connections += 1;
    socket.once("close", () => {
      this.connections -= 1;
      if (this.isClosing) this.closeWhenEmpty();
    });
    this.emit("connection", socket);
  }

  private pause(): void {
    const { fd } = this;
    forget(fd);
    setTimeout(() => {
      if (this.fd === fd) watch(fd, this, READABLE);
    }, AGAIN_ms).unref();
  }

  private closeWhenEmpty(): void {
    if (this.connections > 0) return;
    this.isClosing = false;
    setImmediate(() => this.emit("close"));
  }

  private unhold(): void {
    if (this.isHolding) letGo();
    this.isHolding = false;
  }
}

/** @param accepted hears each connection, as a listener of "connection" */
export function createServer(...given: (ServerOptions | ((socket: Socket) => void))[]): Server {
  const options = given.find((one): one is ServerOptions => typeof one === "object") ?? {};
  const accepted = given.find((one): one is (socket: Socket) => void => typeof one === "function");
  const server = new Server(options);
  if (accepted !== undefined) server.on("connection", accepted as (...told: never[]) => void);
  return server;
}
