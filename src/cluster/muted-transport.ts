/**
 * A transport that says nothing while a story is told: what is told has been sent. While an event of a call is lived it holds the
 * datagrams back until the other member has been told: a member that dies between the two has sent nothing that the other one doesn't know.
 */
import { type Flow, isReliable, type TransportPort } from "../transport/flow.ts";

interface Held {
  readonly flow: Flow;
  readonly wire: string;
}

export class MutedTransport implements TransportPort {
  private readonly inner: TransportPort;
  private isMuted = false;
  /** Events that are lived, one within the other. */
  private holders = 0;
  private held: Held[] = [];

  constructor(inner: TransportPort) {
    this.inner = inner;
  }

  /** Nothing leaves while this happens. */
  quietly(happen: () => void): void {
    const { isMuted } = this;
    this.isMuted = true;
    try {
      happen();
    } finally {
      this.isMuted = isMuted;
    }
  }

  send(flow: Flow, wire: string): boolean {
    if (this.isMuted) return true;
    // Only a connection tells whether it takes a message.
    if (this.holders === 0 || isReliable(flow)) return this.inner.send(flow, wire);
    this.held.push({ flow, wire });
    return true;
  }

  /** Until {@link release} datagrams wait. */
  hold(): void {
    this.holders += 1;
  }

  release(): void {
    this.holders -= 1;
    if (this.holders > 0 || this.held.length === 0) return;
    const { held } = this;
    this.held = [];
    for (const { flow, wire } of held) this.inner.send(flow, wire);
  }

  watch(flow: Flow): void {
    this.inner.watch(flow);
  }

  unwatch(flow: Flow): void {
    this.inner.unwatch(flow);
  }

  giveUp(flow: Flow): void {
    this.inner.giveUp(flow);
  }
}
