/** What a request within a call tells of upstream. It doesn't wait for upstream's state: when that falls, the call lives on. */
import type { TargetObserver } from "../../proxy/router.ts";
import type { Peer } from "./peer.ts";

export class DialogObserver implements TargetObserver {
  private readonly peer: Peer;

  constructor(peer: Peer) {
    this.peer = peer;
  }

  onStart(): void {}

  onEnd(): void {}

  onAnswer(status: number, now_ms: number): void {
    this.peer.onAnswer(status, now_ms);
  }

  onSilence(method: string, now_ms: number): void {
    this.peer.onSilence(method, now_ms);
  }

  onUnreachable(method: string, now_ms: number): void {
    this.peer.onUnreachable(method, now_ms);
  }
}
