/** Retransmission over UDP (RFC 3261 §17). */

const T1_ms = 500;
/** The longest pause between two copies of anything but an INVITE. */
export const T2_ms = 4_000;
/** After this time nobody answers any more. */
const GIVE_UP_ms = 64 * T1_ms;

/** Calls `send` again after 500 ms and then after twice as long each time, but never more than `longest_ms`. */
export class Repeat {
  private timer: NodeJS.Timeout | undefined;

  /** @param giveUp called instead of `send` once 32 s are over */
  constructor(send: () => void, longest_ms: number, giveUp: () => void) {
    const wait = (pause_ms: number, elapsed_ms: number) => {
      this.timer = setTimeout(() => {
        const now_ms = elapsed_ms + pause_ms;
        if (now_ms >= GIVE_UP_ms) {
          giveUp();
          return;
        }
        wait(Math.min(pause_ms * 2, longest_ms, GIVE_UP_ms - now_ms), now_ms);
        send();
      }, pause_ms).unref();
    };
    wait(T1_ms, 0);
  }

  stop(): void {
    clearTimeout(this.timer);
  }
}
