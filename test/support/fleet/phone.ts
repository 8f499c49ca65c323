/** A phone of a branch: it registers, is challenged, and refreshes before what it was granted is over. */
import type { FleetClock } from "./clock.ts";
import { headerOf, statusOf } from "./wire.ts";

/** Where a phone is, and how it sends. */
export interface PhoneLine {
  readonly address: string;
  readonly user: string;
  send(wire: string): void;
  /** The share of an expiry after which it refreshes. */
  readonly refreshAfter: number;
}

/** A phone that hears nothing for so long (RFC 3261 timer F) begins anew. */
const TIMER_F_ms = 32_000;

export class FleetPhone {
  /** REGISTERs that got no answer within timer F. */
  unanswered = 0;
  private cseq = 0;
  private nonce = "";
  private wasChallenged = false;
  private port = 5060;
  private readonly clock: FleetClock;
  private readonly line: PhoneLine;

  constructor(clock: FleetClock, line: PhoneLine) {
    this.clock = clock;
    this.line = line;
  }

  register(): void {
    this.wasChallenged = false;
    this.ask();
  }

  /** It is started anew, with another Contact, and registers. */
  restart(): void {
    this.port += 1;
    this.cseq += 1;
    this.register();
  }

  onAnswer(wire: string): void {
    const status = statusOf(wire);
    if (status < 200 || !headerOf(wire, "CSeq").startsWith(`${this.cseq} `)) return;
    const asked = this.cseq;
    this.cseq += 1;
    if (status === 401 && !this.wasChallenged) {
      this.wasChallenged = true;
      this.nonce = /nonce="([^"]*)"/.exec(headerOf(wire, "WWW-Authenticate"))?.[1] ?? "";
      this.clock.after(5, () => this.ask());
      return;
    }
    const granted_s = status === 200 ? Number(/;expires=(\d+)/.exec(headerOf(wire, "Contact"))?.[1]) : 0;
    const wait_s = status === 200 ? granted_s * this.line.refreshAfter : Number(headerOf(wire, "Retry-After")) || 30;
    this.clock.after(wait_s * 1_000, () => {
      if (this.cseq === asked + 1) this.register();
    });
  }

  private ask(): void {
    const { clock, line } = this;
    const { address, user } = line;
    this.cseq += 1;
    const asked = this.cseq;
    clock.after(TIMER_F_ms, () => {
      if (this.cseq !== asked) return;
      this.unanswered += 1;
      this.register();
    });
    const credentials =
      this.nonce === "" ? "" : `Authorization: Digest username="${user}", realm="pbx", nonce="${this.nonce}"\r\n`;
    line.send(
      "REGISTER sip:pbx.example.com SIP/2.0\r\n" +
        `Via: SIP/2.0/UDP ${address}:5060;branch=z9hG4bK${user}x${asked}\r\n` +
        "Max-Forwards: 70\r\n" +
        `From: <sip:${user}@pbx.example.com>;tag=f${user}\r\nTo: <sip:${user}@pbx.example.com>\r\n` +
        `Call-ID: c${user}@${address}\r\nCSeq: ${asked} REGISTER\r\nContact: <sip:${user}@${address}:${this.port}>\r\n` +
        `${credentials}Expires: 300\r\nContent-Length: 0\r\n\r\n`,
    );
  }
}
