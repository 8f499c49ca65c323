/** Cuts a stream into messages by their Content-Length (RFC 3261 §18.3), and finds the keep-alives between them (RFC 5626 §3.5.1). */
import { ownText } from "../base/own-text.ts";
import { CONTENT_LENGTH, headerId } from "../message/header-names.ts";
import { MESSAGE_MAX_CHARACTERS } from "../message/limits.ts";
import { COLON, LF, NUL, parseDecimal, SPACE, TAB, trimEnd } from "../message/text.ts";

/** Takes what a connection brings. */
export interface FrameSink {
  onMessage(wire: string): void;
  /** A keep-alive that wants this answer, where its sender belongs here. */
  onPing(answer: string): void;
  /** What the peer has to hear at once, stranger or not: the answer to a handshake or to a farewell. */
  onReply(octets: string): void;
  /** The stream can't be followed any further: what comes next means nothing. */
  onLost(why: string): void;
}

/** How one kind of connection carries messages. Octets are characters. A row of `flow.ts` chooses it. */
export interface Framing {
  /** Whether a message has begun that isn't whole yet. */
  readonly isWaiting: boolean;
  /** Of the message that isn't whole yet. */
  readonly characters: number;
  /** The next characters that came. */
  push(text: string): void;
  /** What a message of ours is on the connection; "" where none may leave yet, which loses it. */
  wrap(wire: string): string;
}

export type Framer = (sink: FrameSink) => Framing;

/** Messages follow each other as they are (RFC 3261 §18.3). */
export const byContentLength: Framer = (sink) => new StreamFraming(sink);

const HEADER_END = "\r\n\r\n";
const CRLF = "\r\n";
/** How a header ends for writers that know no CRLF: they get an answer, and wait for nothing. */
const BARE_END = "\n\n";

/** One direction of one connection. */
class StreamFraming implements Framing {
  private readonly sink: FrameSink;
  private pending = "";
  /** Up to where `pending` has been searched for the end of the header. */
  private searched = 0;
  /** The length of the message at hand; -1 until its header is whole. */
  private wanted = -1;
  private isLost = false;
  /** Messages so far. */
  private taken = 0;

  constructor(sink: FrameSink) {
    this.sink = sink;
  }

  /** A line end that may become a keep-alive is no message. */
  get isWaiting(): boolean {
    return !HEADER_END.startsWith(this.pending) && !this.isLost;
  }

  get characters(): number {
    return this.pending.length;
  }

  wrap(wire: string): string {
    return wire;
  }

  push(text: string): void {
    if (this.isLost) return;
    const before = this.taken;
    this.pending += text;
    while (!this.isLost && this.pending !== "" && this.cut());
    // The rest must not keep alive what stood before it.
    if (this.taken !== before && this.pending !== "") this.pending = ownText(this.pending);
  }

  /** Takes one message or keep-alive off; false when more is needed. */
  private cut(): boolean {
    if (this.wanted < 0) {
      if (this.searched === 0) this.takeGap();
      if (HEADER_END.startsWith(this.pending) || !this.measure()) return false;
    }
    if (this.isLost || this.pending.length < this.wanted) return false;
    this.take(this.wanted);
    return true;
  }

  /**
   * Takes off what stands between messages: two line ends are a ping, one belongs to nothing, and NUL is nothing, since some
   * send the end of their C strings with each message. A beginning that may still become a ping stays.
   */
  private takeGap(): void {
    const { pending } = this;
    let position = 0;
    let matched = 0;
    let pings = 0;
    for (; position < pending.length; position++) {
      const code = pending.charCodeAt(position);
      if (code === NUL) continue;
      if (code !== HEADER_END.charCodeAt(matched)) break;
      matched += 1;
      if (matched < HEADER_END.length) continue;
      matched = 0;
      pings += 1;
    }
    const isOver = position < pending.length;
    // Behind a whole line end a bare CR is the next message's.
    const kept = isOver ? HEADER_END.slice(0, matched % CRLF.length) : HEADER_END.slice(0, matched);
    if (position > 0) this.pending = kept + pending.slice(position);
    for (; pings > 0; pings--) this.sink.onPing(CRLF);
  }

  /** Finds out how long the message at hand is. False when its header isn't whole yet. */
  private measure(): boolean {
    const from = Math.max(0, this.searched - HEADER_END.length);
    const end = this.pending.indexOf(HEADER_END, from);
    const bareEnd = end < 0 ? this.pending.indexOf(BARE_END, from) : this.pending.lastIndexOf(BARE_END, end);
    if (bareEnd >= 0) {
      this.take(this.pending.indexOf(BARE_END) + BARE_END.length);
      this.lose("bare LF");
      return false;
    }
    if (end < 0) {
      this.searched = this.pending.length;
      if (this.pending.length > MESSAGE_MAX_CHARACTERS) this.lose("header too long");
      return false;
    }
    const bodyStart = end + HEADER_END.length;
    const body_characters = contentLength(this.pending, end + CRLF.length);
    if (body_characters < 0 || bodyStart + body_characters > MESSAGE_MAX_CHARACTERS) {
      // Its sender gets an answer to the header; where its body ends nobody can tell.
      this.take(bodyStart);
      this.lose(body_characters < 0 ? "malformed Content-Length" : "message too long");
      return false;
    }
    this.wanted = bodyStart + body_characters;
    return true;
  }

  private take(length: number): void {
    const wire = this.pending.slice(0, length);
    this.pending = this.pending.slice(length);
    this.searched = 0;
    this.wanted = -1;
    this.taken += 1;
    this.sink.onMessage(wire);
  }

  private lose(why: string): void {
    this.isLost = true;
    this.pending = "";
    this.sink.onLost(why);
  }
}

/** The number in the Content-Length field before `end`: 0 without one; -1 when it is malformed, or when there are several. */
function contentLength(text: string, end: number): number {
  let found = 0;
  let count = 0;
  let position = text.indexOf("\n") + 1;
  while (position > 0 && position < end) {
    let next = text.indexOf("\n", position) + 1;
    while (next < end && (text.charCodeAt(next) === SPACE || text.charCodeAt(next) === TAB)) {
      next = text.indexOf("\n", next) + 1;
    }
    if (isLengthInitial(text.charCodeAt(position))) {
      const colon = colonIn(text, position, next);
      if (colon > 0 && headerId(text, position, trimEnd(text, position, colon)) === CONTENT_LENGTH) {
        count += 1;
        found = parseDecimal(text.slice(colon + 1, next).trim(), Number.MAX_SAFE_INTEGER);
      }
    }
    position = next;
  }
  return count > 1 ? -1 : found;
}

/** "C", "c", "L" or "l". */
function isLengthInitial(code: number): boolean {
  const lower = code | 0x20;
  return lower === 0x63 || lower === 0x6c;
}

function colonIn(text: string, start: number, end: number): number {
  for (let position = start; position < end; position++) {
    const code = text.charCodeAt(position);
    if (code === COLON) return position;
    if (code === LF) return -1;
  }
  return -1;
}
