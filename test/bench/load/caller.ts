/**
 * What calls: phones, and the gateway, that call, and hang up when the call is up or when they are told to.
 *
 * Timers outlive most calls, so neither they nor a finished call keep any text: collecting it would make pauses.
 */
import { repeat, T2_MS } from "../../sip/repetition.ts";
import type { DelayQueues } from "./delay-queues.ts";
import type { Endpoint } from "./endpoint.ts";
import { Line } from "./messages.ts";
import { callNumber } from "./sip-text.ts";

const TALK_MS = 20;

const State = { calling: 0, proceeding: 1, ringing: 2, up: 3, leaving: 4, refused: 5 } as const;
type State = (typeof State)[keyof typeof State];

interface Call {
  readonly number: number;
  readonly line: Line;
  readonly phone: Endpoint;
  readonly placed_ms: number;
  state: State;
  /** The 2xx, which target and Route set of the dialog are taken from. */
  ok: string;
  ack: string;
}

/** What became of the calls since the last reset. */
export class CallTally {
  started = 0;
  ringing = 0;
  answered = 0;
  completed = 0;
  retransmissions = 0;
  readonly to100_ms: number[] = [];
  readonly toUpstream_ms: number[] = [];
  /** From INVITE to a 3xx. */
  readonly toRedirect_ms: number[] = [];
}

export class Caller {
  tally = new CallTally();
  /** When false, calls stay up until {@link hangUpOne}. */
  hangsUpByItself = true;
  private readonly clock: DelayQueues;
  private readonly phones: readonly Endpoint[];
  private readonly calls = new Map<number, Call>();
  private held: Call[] = [];
  /** Of each phone. */
  private readonly lines: readonly Line[];
  /** Never starts again, so that a datagram of an earlier load belongs to no call of this one. */
  private placed: number;

  /**
   * @param first the number of the first call: no two callers may have the same
   * @param calls the host that the phones call; undefined: their domain
   */
  constructor(clock: DelayQueues, phones: readonly Endpoint[], first = 1, calls?: string) {
    this.clock = clock;
    this.phones = phones;
    this.placed = first - 1;
    this.lines = phones.map(({ address }, index) => new Line(String(2000 + index), address, calls));
  }

  reset(): void {
    this.calls.clear();
    this.held = [];
    this.tally = new CallTally();
    this.hangsUpByItself = true;
  }

  place(): void {
    const number = ++this.placed;
    const index = number % this.phones.length;
    const [phone, line] = [this.phones[index], this.lines[index]];
    if (phone === undefined || line === undefined) throw new Error("a caller needs phones");
    const placed_ms = performance.now();
    const call: Call = { number, line, phone, placed_ms, state: State.calling, ok: "", ack: "" };
    this.calls.set(number, call);
    this.tally.started += 1;
    phone.send(line.invite(number));
    this.repeat(call, State.calling, () => line.invite(number));
  }

  /** Ends the call that was the last to be answered. */
  hangUpOne(): void {
    const call = this.held.pop();
    if (call !== undefined) this.hangUp(call);
  }

  /** The INVITE of call `number` has come to upstream. */
  arrived(number: number, now_ms: number): void {
    const call = this.calls.get(number);
    if (call !== undefined) this.tally.toUpstream_ms.push(now_ms - call.placed_ms);
  }

  receive(text: string, status: number, method: string, now_ms: number): void {
    const call = this.calls.get(callNumber(text));
    if (call === undefined) return;
    if (method === "BYE") this.cleared(call, status);
    else if (status < 200) this.progressed(call, status, now_ms);
    else if (status < 300) this.answered(call, text);
    else this.refused(call, status, text, now_ms);
  }

  private progressed(call: Call, status: number, now_ms: number): void {
    if (call.state === State.calling) {
      call.state = State.proceeding;
      if (status === 100) this.tally.to100_ms.push(now_ms - call.placed_ms);
    }
    if (status === 180 && call.state === State.proceeding) {
      call.state = State.ringing;
      this.tally.ringing += 1;
    }
  }

  private answered(call: Call, ok: string): void {
    if (call.ack === "") {
      call.state = State.up;
      call.ok = ok;
      call.ack = call.line.ack(call.number, ok);
      this.tally.answered += 1;
      if (this.hangsUpByItself) this.clock.after(TALK_MS, () => this.hangUp(call));
      else this.held.push(call);
    }
    call.phone.send(call.ack);
  }

  private hangUp(call: Call): void {
    if (call.state !== State.up) return;
    call.state = State.leaving;
    call.phone.send(call.line.bye(call.number, call.ok));
    this.repeat(call, State.leaving, () => call.line.bye(call.number, call.ok), T2_MS);
  }

  private cleared(call: Call, status: number): void {
    const wasKnown = this.calls.delete(call.number);
    if (wasKnown && status === 200) this.tally.completed += 1;
    call.ok = "";
    call.ack = "";
  }

  private refused(call: Call, status: number, text: string, now_ms: number): void {
    if (call.state !== State.refused && status < 400) this.tally.toRedirect_ms.push(now_ms - call.placed_ms);
    call.state = State.refused;
    call.phone.send(call.line.ackRefusal(call.number, text));
  }

  /** Sends the same request again while the call is in `state`. */
  private repeat(call: Call, state: State, request: () => string, longest_ms?: number): void {
    const isUnanswered = (): boolean => call.state === state && this.calls.has(call.number);
    const send = (): void => {
      this.tally.retransmissions += 1;
      call.phone.send(request());
    };
    repeat(this.clock, isUnanswered, send, longest_ms);
  }
}
