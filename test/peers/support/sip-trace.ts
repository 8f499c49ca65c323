/** The SIP messages that a phone has received, read out of what it prints. */
import { SipMessage } from "../../sip/sip-message.ts";
import { PATIENCE_MS } from "../../support/machine.ts";
import type { Endpoint } from "./addresses.ts";
import type { Child } from "./child.ts";
import { monotonic_ms } from "./clock.ts";
import { Mailbox } from "./mailbox.ts";
import type { Wanted } from "./sip-agent.ts";

const START_LINE = /^(?:SIP\/2\.0 \d{3} |[A-Z]+ \S+ SIP\/2\.0$)/;

export class SipTrace {
  /** In order, with retransmissions; without their bodies. */
  readonly received: SipMessage[] = [];
  private readonly seen = new Set<string>();
  private readonly mailbox = new Mailbox<SipMessage>();
  private readonly child: Child;
  private readonly announcement: RegExp;
  /** Where the message comes from that has been announced. */
  private from: Endpoint | undefined;
  private lines: string[] = [];

  /** @param announcement of the line before a received message, with the sender's address and port as its groups */
  constructor(child: Child, announcement: RegExp) {
    this.child = child;
    this.announcement = announcement;
    child.watch((line) => this.take(line));
  }

  /** The next such message that no other call of this has had. Retransmissions don't count. */
  next({ method, status }: Wanted, limit_ms = PATIENCE_MS): Promise<SipMessage> {
    const isWanted = (message: SipMessage) => message.method === method && message.status === (status ?? 0);
    return this.mailbox.next(isWanted, limit_ms, (items) => {
      const seen = items.map((message) => `${message.startLine} (${message.header("cseq")})`).join(" | ");
      return `${this.child.name}: no ${status ?? ""} ${method ?? ""} in ${limit_ms} ms, but: ${seen}`;
    });
  }

  private take(line: string): void {
    const announced = this.announcement.exec(line);
    if (announced !== null) {
      this.from = { host: announced[1] ?? "", port: Number(announced[2]) };
      this.lines = [];
    } else if (this.from !== undefined) {
      this.takeLine(line, this.from);
    }
  }

  private takeLine(line: string, from: Endpoint): void {
    if (this.lines.length === 0 && !START_LINE.test(line)) {
      this.from = undefined;
    } else if (line !== "") {
      this.lines.push(line);
    } else {
      this.from = undefined;
      const message = new SipMessage(`${this.lines.join("\r\n")}\r\n\r\n`, from, monotonic_ms());
      this.received.push(message);
      if (!this.seen.has(message.wire)) this.mailbox.put(message);
      this.seen.add(message.wire);
    }
  }
}
