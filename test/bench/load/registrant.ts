/** The near side's other task: phones that register, each user again and again from the same address. */
import { repeat, T2_MS } from "../../sip/repetition.ts";
import type { DelayQueues } from "./delay-queues.ts";
import type { Endpoint } from "./endpoint.ts";
import { Line } from "./messages.ts";
import { answeredNumber, headerValue } from "./sip-text.ts";

/** How many users there are. */
const USERS = 1000;
const FIRST_USER = 3000;

export class Registrant {
  started = 0;
  completed = 0;
  retransmissions = 0;
  withoutPath = 0;
  lastCompleted_ms = 0;
  private readonly clock: DelayQueues;
  private readonly phones: readonly Endpoint[];
  /** Of each user. */
  private readonly lines: readonly Line[];
  private readonly pending = new Set<number>();
  private sent = 0;

  constructor(clock: DelayQueues, phones: readonly Endpoint[]) {
    this.clock = clock;
    this.phones = phones;
    this.lines = phones.length === 0 ? [] : Array.from({ length: USERS }, (_, user) => lineOf(user, phones));
  }

  reset(): void {
    this.pending.clear();
    this.started = 0;
    this.completed = 0;
    this.retransmissions = 0;
    this.withoutPath = 0;
  }

  register(): void {
    const number = ++this.sent;
    const user = number % USERS;
    const [phone, line] = [this.phones[user % this.phones.length], this.lines[user]];
    if (phone === undefined || line === undefined) throw new Error("a registrant needs phones");
    const request = (): string => line.register(number);
    this.pending.add(number);
    this.started += 1;
    phone.send(request());
    const again = (): void => {
      this.retransmissions += 1;
      phone.send(request());
    };
    repeat(this.clock, () => this.pending.has(number), again, T2_MS);
  }

  receive(text: string, status: number, now_ms: number): void {
    if (status < 200 || !this.pending.delete(answeredNumber(text)) || status >= 300) return;
    this.completed += 1;
    if (headerValue(text, "Path") === "") this.withoutPath += 1;
    this.lastCompleted_ms = now_ms;
  }
}

function lineOf(user: number, phones: readonly Endpoint[]): Line {
  return new Line(String(FIRST_USER + user), phones[user % phones.length]?.address ?? "");
}
