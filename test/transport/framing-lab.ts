/** A stream in pieces, and what was found in it. */
import { byContentLength } from "../../src/transport/framing.ts";

export const PING = "ping";

export interface Framed {
  /** Wire texts and {@link PING}s, in order. */
  readonly events: readonly string[];
  /** Why the rest couldn't be followed. */
  readonly lost: string | undefined;
  readonly isWaiting: boolean;
}

export function frame(pieces: readonly string[]): Framed {
  const events: string[] = [];
  let lost: string | undefined;
  const framer = byContentLength({
    onMessage: (wire) => void events.push(wire),
    onPing: () => void events.push(PING),
    onReply: (octets) => void events.push(`reply ${octets}`),
    onLost: (why) => {
      lost = lost === undefined ? why : "lost twice";
    },
  });
  for (const piece of pieces) framer.push(piece);
  return { events, lost, isWaiting: framer.isWaiting };
}

/** A request with nothing but the Content-Length, or whatever else, that `lines` give it. */
export function message({ lines, body }: { lines: readonly string[]; body: string }): string {
  const head = [
    "OPTIONS sip:a@b.example SIP/2.0",
    "Via: SIP/2.0/TCP h.example;branch=z9hG4bK1",
    "Max-Forwards: 70",
    "From: <sip:c@d.example>;tag=1",
    "To: <sip:a@b.example>",
    "Call-ID: 1@h.example",
    "CSeq: 1 OPTIONS",
    ...lines,
  ];
  return `${head.join("\r\n")}\r\n\r\n${body}`;
}
