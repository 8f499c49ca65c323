/** A SIP endpoint in the hands of a test: a socket, a mailbox to await messages in, and nothing that happens by itself but OPTIONS. */
import { type Address, hostPort } from "../../sip/address.ts";
import { type ResponseParts, responseText } from "../../sip/build.ts";
import { SipMessage } from "../../sip/sip-message.ts";
import { PATIENCE_MS } from "../../support/machine.ts";
import { defer } from "./cleanup.ts";
import { type DatagramPort, openPort, type Stream } from "./datagram-port.ts";
import { Mailbox } from "./mailbox.ts";
import { patient } from "./patience.ts";
import { RepeatingPort } from "./repeating-port.ts";

/** With a status a response, without one a request. */
export interface Wanted {
  readonly method?: string;
  readonly status?: number;
  readonly callId?: string;
  /** Any final response will do. */
  readonly isFinal?: boolean;
}

/** What an agent does by itself with messages of a kind. */
interface Habit {
  readonly wanted: Wanted;
  readonly act: (message: SipMessage) => Promise<unknown>;
}

export class SipAgent {
  readonly endpoint: Address;
  /** All that has come but the OPTIONS that were answered; each retransmission once more. */
  readonly received: SipMessage[] = [];
  /** An endpoint that isn't alive takes everything and says nothing: no ICMP either. */
  isAlive = true;
  /** How long it waits for a message, where nobody says otherwise. */
  patience_ms = PATIENCE_MS;
  /** Has the first look at all that comes, repetitions too; what it returns true for is dealt with. */
  attendant: ((message: SipMessage) => boolean) | undefined = undefined;
  private readonly mailbox = new Mailbox<SipMessage>();
  private readonly seen = new Set<string>();
  private readonly habits: Habit[] = [];
  private readonly namespace: string | undefined;
  private readonly stream: Stream | undefined;
  private readonly isLossy: boolean;
  private port: DatagramPort | undefined;

  private constructor(endpoint: Address, namespace?: string, stream?: Stream, isLossy = false) {
    this.endpoint = endpoint;
    this.namespace = namespace;
    this.stream = stream;
    this.isLossy = isLossy;
  }

  /** Closes when the test ends. */
  static open(endpoint: Address, namespace?: string, stream?: Stream): Promise<SipAgent> {
    return new SipAgent(endpoint, namespace, stream).begun();
  }

  /** As {@link open}, for a network that may lose messages: it sends them again like a phone. */
  static openLossy(endpoint: Address, namespace: string): Promise<SipAgent> {
    return new SipAgent(endpoint, namespace, undefined, true).begun();
  }

  private async begun(): Promise<SipAgent> {
    await this.reopen();
    defer(() => this.close());
    return this;
  }

  /** As {@link open}, after {@link close}. */
  async reopen(): Promise<void> {
    let repeating: RepeatingPort | undefined;
    const take = (message: SipMessage) => {
      repeating?.heard(message);
      this.take(message);
    };
    const port = await openPort(
      this.endpoint,
      (wire, from, at_ms) => take(new SipMessage(wire, from, at_ms)),
      this.namespace,
      this.stream,
    );
    if (this.isLossy) repeating = new RepeatingPort(port, () => this.isAlive);
    this.port = repeating ?? port;
  }

  get isOpen(): boolean {
    return this.port !== undefined;
  }

  /** For Via and Contact. */
  get sentBy(): string {
    return hostPort(this.endpoint);
  }

  /** @returns when it left, in ms of the monotonic clock */
  async send(wire: string, to: Address): Promise<number> {
    if (this.port === undefined) throw new Error(`${this.sentBy} is closed`);
    return this.port.sendTimed(this.stream === undefined ? wire : named(wire, this.stream, this.sentBy), to);
  }

  /** Ends its connections; others may be opened. */
  async hangUp(): Promise<void> {
    await this.port?.hangUp?.();
  }

  async reply(request: SipMessage, status: number, reason: string, parts: ResponseParts = {}): Promise<void> {
    await this.send(responseText(request, status, { reason, ...parts }), request.from);
  }

  /** Takes the first such message out of the mailbox, or waits for it. Retransmissions don't count. */
  next(wanted: Wanted, limit_ms = this.patience_ms): Promise<SipMessage> {
    const patient_ms = patient(limit_ms);
    return this.mailbox.next(
      (message) => isWanted(message, wanted),
      patient_ms,
      () => {
        const seen = this.received.map((message) => message.startLine).join(" | ");
        return `${this.sentBy}: no ${JSON.stringify(wanted)} in ${patient_ms} ms, but: ${seen || "nothing"}`;
      },
    );
  }

  /** From now on such messages don't come to the mailbox, retransmissions included: `act` takes them, while it is alive. */
  always(wanted: Wanted, act: Habit["act"]): void {
    this.habits.push({ wanted, act });
  }

  /** All such messages so far, taken or not. */
  all(wanted: Wanted): SipMessage[] {
    return this.received.filter((message) => isWanted(message, wanted));
  }

  /** From now on the port is closed: the kernel answers with ICMP port unreachable. */
  async close(): Promise<void> {
    const { port } = this;
    this.port = undefined;
    await port?.close();
  }

  private take(message: SipMessage): void {
    if (this.isAlive && message.isRequest && message.method === "OPTIONS") {
      // It may have died meanwhile.
      if (this.isOpen) void this.reply(message, 200, "OK", { toTag: "alive" });
      return;
    }
    const habit = this.habits.find(({ wanted }) => isWanted(message, wanted));
    if (habit !== undefined) {
      // What it sends may come too late: the test is over, and the port is closed.
      if (this.isAlive) habit.act(message).catch(() => {});
      return;
    }
    this.received.push(message);
    if (this.attendant?.(message) === true) return;
    if (this.seen.has(message.wire)) return;
    this.seen.add(message.wire);
    this.mailbox.put(message);
  }
}

function isWanted(message: SipMessage, { method, status, callId, isFinal }: Wanted): boolean {
  if (callId !== undefined && message.callId !== callId) return false;
  if (method !== undefined && message.method !== method) return false;
  return isFinal === true ? message.status >= 200 : message.status === (status ?? 0);
}

/** Requests say in their Via what carries them, and all messages in the Contact of whom they come from. */
function named(wire: string, stream: Stream, sentBy: string): string {
  const transport = stream === "tcp" ? "tcp" : "tls";
  return wire
    .replace(/^(?!SIP\/2\.0)(.*\r\nVia: SIP\/2\.0\/)UDP/, `$1${transport.toUpperCase()}`)
    .replace(/(\r\nContact: <[^>;]*)>/, (all, start: string) =>
      start.endsWith(`@${sentBy}`) ? `${start};transport=${transport}>` : all,
    );
}
