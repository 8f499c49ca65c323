/** A UDP socket, or TCP or TLS, here or in a network namespace. A message is stamped in the callback that receives it. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Address as Endpoint } from "../../sip/address.ts";
import { UdpWire } from "../../sip/udp-wire.ts";
import type { OnText, Wire } from "../../sip/wire.ts";
import { pathOf } from "./peers.ts";

const REMOTE = fileURLToPath(new URL("namespace-socket.mjs", import.meta.url));
const STREAM = fileURLToPath(new URL("stream-socket.mjs", import.meta.url));

/** What carries SIP instead of UDP; TLS with these files. */
export type Stream = "tcp" | { readonly certificate: string; readonly key: string; readonly ca: string };

export interface DatagramPort extends Wire {
  /** Returns when it left, by the monotonic clock. */
  sendTimed(wire: string, to: Endpoint): Promise<number>;
  close(): Promise<void>;
  /** Ends the connections that there are; it goes on listening. */
  hangUp?(): Promise<void>;
}

export function openPort(
  local: Endpoint,
  onDatagram: OnText,
  namespace?: string,
  stream?: Stream,
): Promise<DatagramPort> {
  if (stream !== undefined) {
    const files = stream === "tcp" ? [] : [stream.certificate, stream.key, stream.ca];
    return RemotePort.open([STREAM, local.host, String(local.port), ...files], onDatagram, namespace);
  }
  return namespace === undefined
    ? UdpWire.open(local, onDatagram)
    : RemotePort.open([REMOTE, local.host, String(local.port)], onDatagram, namespace);
}

/** What namespace-socket.mjs and stream-socket.mjs tell. */
type FromRemote =
  | { readonly kind: "listening" }
  | { readonly kind: "datagram"; readonly wire: string; readonly from: Endpoint; readonly at_ms: number }
  | { readonly kind: "sent"; readonly id: number; readonly at_ms: number };

/** A process can't be in two namespaces: a small helper process holds the socket. Streams always have one. */
class RemotePort implements DatagramPort {
  private readonly child: ChildProcess;
  private readonly sent = new Map<number, (at_ms: number) => void>();
  private lastId = 0;

  private constructor(child: ChildProcess) {
    this.child = child;
  }

  static async open(
    [script = "", ...args]: readonly string[],
    onDatagram: OnText,
    namespace?: string,
  ): Promise<RemotePort> {
    const inside = namespace === undefined ? [] : ["netns", "exec", namespace, process.execPath];
    const execPath = namespace === undefined ? process.execPath : pathOf("ip");
    const child = fork(script, args, { execPath, execArgv: inside });
    const port = new RemotePort(child);
    await new Promise<void>((resolve, reject) => {
      child.on("message", (message: FromRemote) => {
        if (message.kind === "listening") resolve();
        else if (message.kind === "datagram") onDatagram(message.wire, message.from, message.at_ms);
        else port.confirm(message.id, message.at_ms);
      });
      child.once("exit", (code) => reject(new Error(`the socket in ${namespace ?? "a process"} ended with ${code}`)));
    });
    return port;
  }

  send(wire: string, to: Endpoint): void {
    void this.sendTimed(wire, to);
  }

  sendTimed(wire: string, to: Endpoint): Promise<number> {
    return this.ask({ wire, to });
  }

  async hangUp(): Promise<void> {
    await this.ask({ command: "hang up" });
  }

  private ask(question: Readonly<Record<string, unknown>>): Promise<number> {
    this.lastId += 1;
    const id = this.lastId;
    return new Promise((resolve) => {
      this.sent.set(id, resolve);
      this.child.send({ id, ...question });
    });
  }

  async close(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const ended = once(this.child, "exit");
    this.child.disconnect();
    await ended;
  }

  private confirm(id: number, at_ms: number): void {
    this.sent.get(id)?.(at_ms);
    this.sent.delete(id);
  }
}
