/** A transport that says nothing while a story is told: what is told has been sent. */
import type { Flow, TransportPort } from "../transport/flow.ts";

export class MutedTransport implements TransportPort {
  private readonly inner: TransportPort;
  private isMuted = false;

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
    return this.isMuted || this.inner.send(flow, wire);
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
