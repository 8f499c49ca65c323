/**
 * One connection of a transport that has such, opened by a peer or by us: bytes in, messages out, and an end.
 *
 * A silent connection is reset at the second probe that it leaves unanswered. TCP itself would try for a quarter of an hour, long after
 * the line has come back, and then bring a request whose call has gone another way.
 *
 * The end of a connection that had been used before says nothing about the peer: a request without any answer leaves once more over a
 * fresh connection, in the same transaction. When that one is refused, or ends too, the next address or survival has its turn.
 */
import type * as net from "net";
import type { Flow } from "../../transport/flow.ts";
import { byContentLength, type FrameSink, type Framing } from "../../transport/framing.ts";

/** What a connection tells its keeper. */
export interface ConnectionUser {
  /** Returns whether the sender belongs here: until then the connection's time runs on. */
  onMessage(connection: Connection, wire: string): boolean;
  /** The characters that it keeps of a message that isn't whole yet have grown by this, or shrunk. */
  onHeld(change: number): void;
  /** Happens once. */
  onClosed(connection: Connection, why: string): void;
  /** A peer that lets more than this wait is as good as gone. */
  readonly unsent_max_bytes: number;
}

/** A peer that reads nothing for this time is as good as gone. */
const UNSENT_MAX_ms = 30_000;
/** Messages that wait for the connection to stand, and their characters. */
const WAITING_MAX = 256;
const WAITING_CHARACTERS_MAX = 131_072;
/** How long a peer may take over one message. */
const MESSAGE_PATIENCE_ms = 10_000;
/** Finds peers that have gone without a word. */
const TCP_KEEP_ALIVE_ms = 60_000;

export class Connection implements FrameSink {
  readonly flow: Flow;
  /** It has brought a message of somebody who belongs here, or we have opened it ourselves. */
  isProven = false;
  /** Whether it has ever stood. */
  hasStood = false;
  /** Whether anything but pongs has ever been sent over it. */
  hasSent = false;
  /** What was sent last found it open. */
  isReused = false;
  /** Something has come since {@link doubt} was asked. */
  private hasSpoken = true;
  /** A ping among what has come just now has been answered. */
  private hasPonged = false;
  private isOpen = false;
  private isClosed = false;
  private waiting: string[] = [];
  private waitingCharacters = 0;
  /** Characters of a message that isn't whole yet, as the user knows them. */
  held = 0;
  private readonly socket: net.Socket;
  private readonly user: ConnectionUser;
  private readonly framing: Framing;
  /** Until the connection stands; then: until its first message of somebody who belongs here, or its next whole one. */
  private patience: NodeJS.Timeout | undefined = undefined;

  /** @param patience_ms how long it may take to stand, or to be proven when a peer has opened it */
  constructor(socket: net.Socket, flow: Flow, user: ConnectionUser, patience_ms: number) {
    this.socket = socket;
    this.flow = flow;
    this.user = user;
    this.framing = (flow.listener.transport.framer ?? byContentLength)(this);
    this.isOpen = flow.isAccepted === true;
    this.hasStood = this.isOpen;
    socket.setEncoding("latin1");
    socket.setNoDelay(true);
    socket.on("data", (text: string) => this.receive(text));
    socket.on("error", (error: Error) => this.close(error.message));
    socket.on("close", () => this.close("closed by peer"));
    socket.on("end", () => this.endLikePeer());
    this.expect(patience_ms, "nothing came");
  }

  /** It stands: what has waited leaves. */
  opened(): void {
    if (this.isClosed) return;
    this.isOpen = true;
    this.hasStood = true;
    this.isProven = true;
    this.relax();
    this.socket.setKeepAlive(true, TCP_KEEP_ALIVE_ms);
    this.socket.setTimeout(UNSENT_MAX_ms);
    // Each time: a listener that setTimeout is given is told of the first one only.
    this.socket.on("timeout", () => {
      if (this.socket.writableLength > 0) this.abandon("peer doesn't read");
    });
    const { waiting } = this;
    this.waiting = [];
    this.waitingCharacters = 0;
    for (const wire of waiting) this.socket.write(wire, "latin1");
  }

  send(wire: string): void {
    this.hasSent = true;
    this.isReused = this.isOpen;
    this.write(this.framing.wrap(wire));
  }

  private write(wire: string): void {
    if (!this.isOpen) {
      const characters = this.waitingCharacters + wire.length;
      if (this.waiting.length >= WAITING_MAX || characters > WAITING_CHARACTERS_MAX) return;
      this.waiting.push(wire);
      this.waitingCharacters = characters;
      return;
    }
    this.socket.write(wire, "latin1");
    // Later: the sender mustn't hear of it in the middle of what it does.
    if (this.socket.writableLength > this.user.unsent_max_bytes) setImmediate(() => this.abandon("peer doesn't read"));
  }

  /** Whether nothing has come since this was asked last. */
  doubt(): boolean {
    const wasSilent = !this.hasSpoken;
    this.hasSpoken = false;
    return wasSilent;
  }

  close(why: string): void {
    this.end(why, () => this.socket.destroy());
  }

  /** As lost: a request that the kernel still holds must not reach the peer once the line is back, when its call has gone another way. */
  abandon(why: string): void {
    this.end(why, () => reset(this.socket, this.flow.listener.transport.isSecure));
  }

  private end(why: string, finish: () => void): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.hold(0);
    this.relax();
    finish();
    this.user.onClosed(this, why);
  }

  /** The peer has said all it has to say: what has been written still leaves, but the next message needs another connection. */
  private endLikePeer(): void {
    const { socket } = this;
    if (this.isClosed || socket.writableLength === 0) {
      this.close("closed by peer");
      return;
    }
    this.isClosed = true;
    this.hold(0);
    this.relax();
    socket.end();
    socket.setTimeout(UNSENT_MAX_ms, () => socket.destroy());
    this.user.onClosed(this, "closed by peer");
  }

  onMessage(wire: string): void {
    // The rest of a segment with a message of another language isn't heard either.
    if (this.isClosed) return;
    if (!isSip(wire)) {
      this.close("not SIP");
      return;
    }
    if (this.isProven) this.relax();
    const belongs = this.user.onMessage(this, wire);
    if (belongs && !this.isProven) this.opened();
  }

  /** A ping keeps no connection that isn't proven, and gets no answer there. Pings that come together get one answer: each costs four octets. */
  onPing(answer: string): void {
    if (!this.isProven || this.hasPonged || this.socket.writableLength > 0) return;
    this.hasPonged = true;
    this.write(answer);
  }

  onReply(octets: string): void {
    if (!this.isClosed) this.write(octets);
  }

  /** Our answer to the last message still leaves. */
  onLost(why: string): void {
    this.socket.end();
    if (this.isProven) this.expect(MESSAGE_PATIENCE_ms, why);
  }

  private receive(text: string): void {
    this.hasSpoken = true;
    this.hasPonged = false;
    this.framing.push(text);
    if (this.isClosed) return;
    this.hold(this.framing.characters);
    if (this.isProven && this.framing.isWaiting && this.patience === undefined) {
      this.expect(MESSAGE_PATIENCE_ms, "message incomplete");
    }
  }

  private hold(characters: number): void {
    const change = characters - this.held;
    this.held = characters;
    if (change !== 0) this.user.onHeld(change);
  }

  private expect(delay_ms: number, why: string): void {
    this.relax();
    this.patience = setTimeout(() => this.close(why), delay_ms);
  }

  private relax(): void {
    if (this.patience !== undefined) clearTimeout(this.patience);
    this.patience = undefined;
  }
}

/** Node can since 16.17 and 18.3, where it isn't TLS, and when the kernel has all that was written. */
function reset(socket: net.Socket & { resetAndDestroy?(): void }, isSecure: boolean): void {
  const isAble = socket.resetAndDestroy !== undefined && !isSecure && !socket.connecting && socket.writableLength === 0;
  if (isAble) socket.resetAndDestroy?.();
  else socket.destroy();
}

/** By its first line: the many programs that try a port in other languages are not to keep it. */
function isSip(wire: string): boolean {
  const line = wire.slice(0, wire.indexOf("\n")).replace(/\r$/, "");
  return line.startsWith("SIP/2.0 ") || /\sSIP\/\d+\.\d+$/i.test(line);
}
