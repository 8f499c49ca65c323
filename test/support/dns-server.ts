/** A tiny DNS server on loopback sockets, UDP and TCP: answers from a zone, or as badly as the test wants. */
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import * as net from "node:net";
import {
  POINTER_TO_QUESTION,
  type Query,
  readQuery,
  recordFor,
  replyTo,
  type Soa,
  type ZoneRecord,
} from "./dns-packets.ts";

export type { ZoneRecord } from "./dns-packets.ts";

/** How it treats those who ask, over UDP and TCP alike where nothing else is said. */
export type Manner =
  | "answer"
  | "silent"
  | "servfail"
  | "refused"
  | "notimp"
  | "garbage"
  | "cut"
  /** UDP: nothing but "too long". */
  | "truncates"
  /** Questions come back in lower case. */
  | "folds"
  /** EDNS0 gets FORMERR, which is a header alone; or nothing at all. */
  | "old"
  | "deaf"
  /** UDP: a forged answer comes first: another id, another question, in another case, from another port. */
  | "forged id"
  | "forged name"
  | "forged port"
  /** The name of the first record points at itself. */
  | "circle";

const RCODES: Partial<Record<Manner, number>> = { servfail: 2, notimp: 4, refused: 5 };
const FORMERR = 1;
const NO_ZONE: ReadonlyMap<string, readonly ZoneRecord[]> = new Map();
/** The first free port may be taken for TCP. */
const OPEN_TRIES = 20;
/** A forger is a little faster. */
const RIGHT_ANSWER_ms = 30;

/** What forged answers say. */
export const FORGED = "203.0.113.66";

export class DnsServer {
  readonly zone = new Map<string, readonly ZoneRecord[]>();
  /** By type, such as "NAPTR"; the rest is answered. */
  readonly manners = new Map<string, Manner>();
  manner: Manner = "answer";
  /** Undefined: as over UDP. */
  mannerByTcp: Manner | undefined;
  /** Where there is nothing, this says for how long. */
  soa: Soa | undefined;
  /** What it was asked, such as "SRV _sip._udp.example.com". */
  readonly asked: string[] = [];
  /** The queries themselves, with the port from which they came; 0: by TCP. */
  readonly queries: { readonly query: Query; readonly bytes: Buffer; readonly port: number }[] = [];
  private readonly socket: Socket;
  private readonly listener: net.Server;
  private readonly connections = new Set<net.Socket>();
  private isOpen = true;

  private constructor(socket: Socket, listener: net.Server) {
    this.socket = socket;
    this.listener = listener;
    socket.on("message", (bytes, from) => {
      this.replies(bytes, from.port).forEach((reply, index) => {
        const isLater = index > 0;
        const send = () => this.socket.send(reply, from.port, from.address, () => {});
        if (isLater) setTimeout(() => this.isOpen && send(), RIGHT_ANSWER_ms);
        else if (this.mannerFor(bytes, from.port) === "forged port") sendFromElsewhere(reply, from);
        else send();
      });
    });
    listener.on("connection", (connection) => this.serve(connection));
  }

  /** @param port 0: any that is free */
  static async open(host = "127.0.0.1", port = 0): Promise<DnsServer> {
    for (let tries = 1; ; tries++) {
      const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
      socket.bind(port, host);
      await once(socket, "listening");
      const listener = net.createServer();
      listener.listen(socket.address().port, host);
      try {
        await once(listener, "listening");
        return new DnsServer(socket, listener);
      } catch (error) {
        socket.close();
        if (port !== 0 || tries === OPEN_TRIES) throw error;
      }
    }
  }

  /** As our configuration wants it. */
  get address(): string {
    const { address, port } = this.socket.address();
    return `${address.includes(":") ? `[${address}]` : address}:${port}`;
  }

  /** How many queries have come by TCP. */
  get byTcp(): number {
    return this.queries.filter(({ port }) => port === 0).length;
  }

  /** From now on the kernel refuses connections, and only those. */
  async closeTcp(): Promise<void> {
    for (const connection of this.connections) connection.destroy();
    if (this.listener.listening) await new Promise<void>((resolve) => this.listener.close(() => resolve()));
  }

  /** From now on the kernel refuses what comes. */
  async close(): Promise<void> {
    this.isOpen = false;
    await this.closeTcp();
    await new Promise<void>((resolve) => this.socket.close(() => resolve()));
  }

  private serve(connection: net.Socket): void {
    this.connections.add(connection);
    let bytes = Buffer.alloc(0);
    connection.on("error", () => {});
    connection.on("close", () => this.connections.delete(connection));
    connection.on("data", (piece) => {
      bytes = Buffer.concat([bytes, piece]);
      const length = bytes.length < 2 ? Number.POSITIVE_INFINITY : 2 + bytes.readUInt16BE(0);
      if (bytes.length < length) return;
      const [reply] = this.replies(bytes.subarray(2, length), 0);
      if (reply === undefined) return;
      // In two segments, which cut the length.
      const whole = Buffer.concat([Buffer.from([reply.length >> 8, reply.length & 255]), reply]);
      connection.write(whole.subarray(0, 1));
      setTimeout(() => connection.write(whole.subarray(1)), 5);
    });
  }

  private mannerFor(bytes: Buffer, port: number): Manner {
    if (port === 0 && this.mannerByTcp !== undefined) return this.mannerByTcp;
    return this.manners.get(readQuery(bytes).type) ?? this.manner;
  }

  /** @param port 0: by TCP */
  private replies(bytes: Buffer, port: number): Buffer[] {
    const query = readQuery(bytes);
    this.asked.push(`${query.type} ${query.name}`);
    this.queries.push({ query, bytes, port });
    const manner = this.mannerFor(bytes, port);
    const { soa } = this;
    const rcode = RCODES[manner];
    const right = () => replyTo(query, this.zone, { soa });
    const forged = [recordFor(POINTER_TO_QUESTION, { type: "A", address: FORGED, ttl_s: 86_400 })];
    if (rcode !== undefined) return [replyTo(query, NO_ZONE, { rcode, answers: [] })];
    switch (manner) {
      case "silent":
        return [];
      case "garbage":
        return [Buffer.concat([query.id, Buffer.from("81800001000900000000ffc0ff", "hex")])];
      case "cut":
        return [right().subarray(0, right().length - 3)];
      case "circle":
        return [replyTo(query, this.zone, { answers: circle(query) })];
      case "truncates":
        return [port === 0 ? right() : replyTo(query, this.zone, { isTruncated: true, answers: [] })];
      case "folds":
        return [replyTo(query, this.zone, { soa, question: lowered(query.question) })];
      case "old":
        if (!query.isExtended) return [right()];
        return [replyTo(query, NO_ZONE, { rcode: FORMERR, question: Buffer.alloc(0), answers: [], additional: [] })];
      case "deaf":
        return query.isExtended ? [] : [right()];
      case "forged id":
        return [replyTo(query, NO_ZONE, { rcode: 0, id: otherId(query), answers: forged }), right()];
      case "forged name":
        return [replyTo(query, NO_ZONE, { rcode: 0, question: otherName(query), answers: forged }), right()];
      case "forged port":
        return [replyTo(query, NO_ZONE, { rcode: 0, answers: forged }), right()];
      default:
        return [right()];
    }
  }
}

/** From any other port. */
function sendFromElsewhere(reply: Buffer, to: { port: number; address: string }): void {
  const socket = createSocket(to.address.includes(":") ? "udp6" : "udp4");
  socket.send(reply, to.port, to.address, () => socket.close());
}

function circle({ question }: Query): Buffer[] {
  const at = 12 + question.length;
  return [recordFor(Buffer.from([0xc0 | (at >> 8), at & 255]), { type: "A", address: FORGED })];
}

function otherId({ id }: Query): Buffer {
  return Buffer.from([id[0] ?? 0, (id[1] ?? 0) ^ 1]);
}

/** Its first letter is another one. */
function otherName({ question }: Query): Buffer {
  const other = Buffer.from(question);
  other[1] = (other[1] ?? 0) ^ 2;
  return other;
}

function lowered(question: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(question.subarray(0, -4).toString("latin1").toLowerCase(), "latin1"),
    question.subarray(-4),
  ]);
}
