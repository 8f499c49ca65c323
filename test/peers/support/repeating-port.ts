/**
 * A port whose messages may be lost on the way, as on an emulated router's network card: it sends them again like a phone does
 * (RFC 3261 §13.3.1.4, §17), below what a test sees.
 */
import { branchOf } from "../../sip/message.ts";
import { GIVE_UP_MS, repeat, T2_MS } from "../../sip/repetition.ts";
import { SipMessage } from "../../sip/sip-message.ts";
import { REAL_TIME } from "../../sip/wire.ts";
import type { Endpoint } from "./addresses.ts";
import type { DatagramPort } from "./datagram-port.ts";

/** What was sent, and where to. */
interface Sent {
  readonly wire: string;
  readonly to: Endpoint;
}

export class RepeatingPort implements DatagramPort {
  private readonly port: DatagramPort;
  /** Nothing is sent again while it says false. */
  private readonly isAlive: () => boolean;
  /** What still waits for its response, or for its ACK. */
  private readonly unanswered = new Set<string>();
  /** The last response to a request, and the ACK for a response. */
  private readonly replies = new Map<string, Sent>();

  constructor(port: DatagramPort, isAlive: () => boolean) {
    this.port = port;
    this.isAlive = isAlive;
  }

  /** To be told of each message that arrives. A message that arrives again gets again what it got before. */
  heard(message: SipMessage): void {
    this.unanswered.delete(answeredBy(message) ?? "");
    const reply = this.replies.get(repliedTo(message) ?? "");
    if (reply !== undefined && this.isAlive()) void this.port.sendTimed(reply.wire, reply.to);
  }

  send(wire: string, to: Endpoint): void {
    void this.sendTimed(wire, to);
  }

  sendTimed(wire: string, to: Endpoint): Promise<number> {
    const message = new SipMessage(wire, to, 0);
    const isAck = message.isRequest && message.method === "ACK";
    if (isAck) this.replies.set(callOf(message), { wire, to });
    else if (!message.isRequest) this.replies.set(transactionOf(message), { wire, to });
    const isAwaited = message.isRequest ? !isAck : isFinalOfInvite(message);
    if (isAwaited) this.repeatUntilAnswered(message, to);
    return this.port.sendTimed(wire, to);
  }

  close(): Promise<void> {
    this.unanswered.clear();
    return this.port.close();
  }

  private repeatUntilAnswered(message: SipMessage, to: Endpoint): void {
    const key = message.isRequest ? transactionOf(message) : callOf(message);
    this.unanswered.add(key);
    const again = () => {
      if (this.isAlive()) void this.port.sendTimed(message.wire, to);
    };
    repeat(REAL_TIME, () => this.unanswered.has(key), again, T2_MS);
    REAL_TIME.after(GIVE_UP_MS, () => this.unanswered.delete(key));
  }
}

/** Requests and their responses have it in common. */
function transactionOf(message: SipMessage): string {
  return `${branchOf(message)} ${message.method}`;
}

/** An ACK and the final response that it confirms have it in common. */
function callOf(message: SipMessage): string {
  return `${message.callId} ${message.cseq}`;
}

/** What waits for this message; undefined for a request that only wants a reply. */
function answeredBy(message: SipMessage): string | undefined {
  if (!message.isRequest) return transactionOf(message);
  return message.method === "ACK" ? callOf(message) : undefined;
}

/** What has been sent because of this message, should it have come before; undefined where nothing can have been. */
function repliedTo(message: SipMessage): string | undefined {
  if (message.isRequest) return transactionOf(message);
  return isFinalOfInvite(message) ? callOf(message) : undefined;
}

function isFinalOfInvite(message: SipMessage): boolean {
  return message.method === "INVITE" && message.status >= 200;
}
