/** Real sockets on loopback around our TCP and TLS: what arrived, what ended, and peers that behave as told. */
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { type Limits, PLENTY } from "../../src/base/limits.ts";
import type { LogFields, Logger } from "../../src/base/ports.ts";
import { NodeStreams } from "../../src/io/node/streams.ts";
import { type Flow, type Listener, type Protocol, TRANSPORTS } from "../../src/transport/flow.ts";
import type { TlsFiles } from "../../src/transport/tls-files.ts";
import type { Endpoint } from "../peers/support/addresses.ts";
import { defer } from "../peers/support/cleanup.ts";
import { PATIENCE_MS } from "../support/machine.ts";

/** The steps of the event loop that the kernel may take to carry something over loopback; far more than it needs. */
const TURNS_MAX = 200_000;
/** Real, whatever tests do to the clock. */
const clock = performance.now.bind(performance);

/** Waits without timers, which tests may have stopped: many turns, and on a busy machine long enough. */
export async function until(what: string, isTrue: () => boolean): Promise<void> {
  const end_ms = clock() + PATIENCE_MS;
  for (let turn = 0; !isTrue(); turn++) {
    if (turn > TURNS_MAX && clock() > end_ms) throw new Error(`${what}: never`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Time for whatever is on its way to arrive. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 300; turn++) await new Promise((resolve) => setImmediate(resolve));
}

export function listenerAt({ host, port }: Endpoint, protocol: Protocol = "tcp"): Listener {
  return { index: 0, protocol, transport: TRANSPORTS[protocol], address: host, port, sentBy: `${host}:${port}` };
}

/** Our side. */
export class StreamLab {
  readonly streams: NodeStreams;
  readonly listener: Listener;
  readonly messages: { readonly wire: string; readonly source: Flow }[] = [];
  readonly unreachable: Flow[] = [];
  /** Those of them whose connection had stood. */
  readonly closed: Flow[] = [];
  /** Whether each of these had been used again, and its peer has ended it. */
  readonly reused: boolean[] = [];
  /** "event why" of all log lines, and what they say otherwise. */
  readonly log: { readonly level: string; readonly event: string; readonly fields: LogFields }[] = [];
  /** Addresses that belong here. */
  readonly known = new Set<string>();
  /** Whether a message of a stranger shows that it belongs here. */
  isAdmitted: (wire: string) => boolean = () => false;
  /** Those of upstream. */
  readonly peers = new Set<string>();

  private constructor(listener: Listener, tls: TlsFiles | undefined, limits: Limits) {
    this.listener = listener;
    const write =
      (level: string) =>
      (event: string, fields: LogFields = {}) =>
        void this.log.push({ level, event, fields });
    const logger: Logger = { error: write("error"), warn: write("warn"), info: write("info"), debug: write("debug") };
    const sink = {
      onMessage: (wire: string, source: Flow) => {
        this.messages.push({ wire, source });
        return this.isAdmitted(wire);
      },
      onUnreachable: (flow: Flow) => void this.unreachable.push(flow),
      onClosed: (flow: Flow, wasReused: boolean) => {
        this.reused.push(wasReused);
        this.unreachable.push(flow);
        this.closed.push(flow);
      },
      knows: (address: string) => this.known.has(address),
      isPeer: (address: string) => this.peers.has(address),
    };
    this.streams = new NodeStreams(sink, logger, tls, limits);
  }

  /** Closes when the test ends. */
  static open(at: Endpoint, tls?: TlsFiles, limits: Limits = PLENTY): Promise<StreamLab> {
    return StreamLab.listen(listenerAt(at, tls === undefined ? "tcp" : "tls"), tls, limits);
  }

  static async listen(listener: Listener, tls?: TlsFiles, limits: Limits = PLENTY): Promise<StreamLab> {
    const lab = new StreamLab(listener, tls, limits);
    await lab.streams.open(lab.listener);
    defer(() => lab.streams.closeAll());
    return lab;
  }

  flowTo({ host, port }: Endpoint, more: Partial<Flow> = {}): Flow {
    return { listener: this.listener, address: host, port, ...more };
  }

  /** Why connections have ended, in order. */
  get ends(): unknown[] {
    return this.log.filter(({ event }) => event === "connection_closed").map(({ fields }) => fields["why"]);
  }

  get connections(): number {
    return this.streams.size;
  }
}

/** One end of a connection that isn't ours. */
export class Peer {
  readonly socket: Socket;
  received = "";
  hasEnded = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => {
      this.received += text;
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      this.hasEnded = true;
    });
    defer(() => socket.destroy());
  }

  /** @param from the address it comes from */
  static async connect(to: Endpoint, from: string): Promise<Peer> {
    const socket = connect({ host: to.host, port: to.port, localAddress: from });
    const peer = new Peer(socket);
    await once(socket, "connect");
    return peer;
  }

  send(text: string): void {
    this.socket.write(text, "latin1");
  }
}

/** Accepts connections and does nothing else. */
export class PeerServer {
  readonly peers: Peer[] = [];

  private constructor(server: Server) {
    server.on("connection", (socket: Socket) => this.peers.push(new Peer(socket)));
  }

  /** @param allowHalfOpen it goes on reading after it has said all it has to say */
  static async open({ host, port }: Endpoint, allowHalfOpen = false): Promise<PeerServer> {
    const server = createServer({ allowHalfOpen });
    const own = new PeerServer(server);
    server.listen(port, host);
    await once(server, "listening");
    defer(() => new Promise((resolve) => server.close(resolve)));
    return own;
  }
}
