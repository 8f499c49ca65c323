/**
 * A server of HTTP/1.1 at an address (RFC 9112): requests without a body, answers of known length, streams of events. What asks too
 * slowly, too long or too often costs little; a sender that isn't admitted gets nothing. Node's own `http` isn't loaded: it
 * costs the memory of a router.
 */
import * as net from "net";

import { HttpCaller, type HttpManner } from "./http-caller.ts";

/** Of all senders, and of one. A browser opens six. */
export const CONNECTIONS_MAX = 32;
export const PER_ADDRESS_MAX = 10;
/** Connections that stay for events. */
export const STREAMS_MAX = 8;
/** An address of a pair that is at the other router, or of an interface that comes up later. */
const AGAIN_ms = 5_000;

export class HttpServer {
  private readonly at: { readonly host: string; readonly port: number };
  private readonly manner: HttpManner;
  private readonly server: net.Server;
  private readonly callers = new Set<HttpCaller>();
  private again: NodeJS.Timeout | undefined = undefined;

  /** @param at an IP literal and a port */
  constructor(at: { readonly host: string; readonly port: number }, manner: HttpManner) {
    this.at = at;
    this.manner = manner;
    this.server = net.createServer({ allowHalfOpen: true }, (socket) => this.serve(socket));
  }

  /** @throws when the place can't be had; an address that the router doesn't have is tried again until it has it */
  async open(): Promise<void> {
    const { server } = this;
    try {
      await listening(server, this.at);
    } catch (error) {
      if (isAway(error)) this.openLater();
      throw error;
    }
    server.on("error", () => {}); // somebody who couldn't be let in
  }

  async close(): Promise<void> {
    clearTimeout(this.again);
    this.server.close();
    for (const caller of this.callers) caller.end();
  }

  private openLater(): void {
    this.again = setTimeout(() => {
      this.open().catch(() => {}); // told when it was tried first
    }, AGAIN_ms);
  }

  private serve(socket: net.Socket): void {
    socket.on("error", () => {}); // the asker has gone
    const address = socket.remoteAddress ?? "";
    if (!this.manner.admits(address) || !this.hasRoom(address)) {
      socket.destroy();
      return;
    }
    const caller = new HttpCaller(socket, address, this.manner, () => this.streams < STREAMS_MAX);
    this.callers.add(caller);
    socket.on("close", () => {
      this.callers.delete(caller);
      caller.gone();
    });
  }

  private get streams(): number {
    return [...this.callers].filter(({ isStream }) => isStream).length;
  }

  /** One that only waits for a next request makes room. */
  private hasRoom(address: string): boolean {
    const { callers } = this;
    const own = [...callers].filter((one) => one.address === address);
    if (own.length < PER_ADDRESS_MAX && callers.size < CONNECTIONS_MAX) return true;
    const idle = (own.length < PER_ADDRESS_MAX ? [...callers] : own).find(({ isIdle }) => isIdle);
    if (idle !== undefined) {
      callers.delete(idle);
      idle.end();
    }
    return idle !== undefined;
  }
}

function isAway(error: unknown): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === "EADDRNOTAVAIL";
}

function listening(server: net.Server, at: { readonly host: string; readonly port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ ...at }, () => {
      server.removeListener("error", reject);
      resolve();
    });
  });
}
