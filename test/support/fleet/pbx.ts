/** The PBX at headquarters: it works through one REGISTER after the other, and what it can't bear fells it. */
import type { FleetClock } from "./clock.ts";
import { type Answer, answerTo, headerOf, registerUser } from "./wire.ts";

export interface PbxSettings {
  /** REGISTERs a second. */
  readonly bears: number;
  /** With more work than this in front of it, it falls over, and is away for {@link restart_ms}. */
  readonly backlog_ms: number;
  readonly restart_ms: number;
  /** What it grants. */
  readonly expires_s: number;
}

export class FleetPbx {
  isUp = true;
  /** How often it has fallen over. */
  falls = 0;
  /** REGISTERs that have come, by second; retransmissions and answers to challenges too. */
  readonly perSecond: number[] = [];
  /** The users whose phones are registered. */
  readonly registered = new Set<string>();
  private life = 0;
  /** When it has done its work. */
  private free_ms = 0;
  private readonly clock: FleetClock;
  private readonly settings: PbxSettings;

  constructor(clock: FleetClock, settings: PbxSettings) {
    this.clock = clock;
    this.settings = settings;
  }

  /** It knows nobody any more, and no password that it has asked for. */
  die(): void {
    this.isUp = false;
    this.life += 1;
    this.registered.clear();
  }

  rise(): void {
    this.isUp = true;
    this.free_ms = this.clock.now_ms;
  }

  /** @param answer sends it back */
  onRequest(wire: string, answer: (wire: string) => void): void {
    const { clock, settings } = this;
    const isRegister = wire.startsWith("REGISTER ");
    if (isRegister) {
      const second = Math.floor(clock.now_ms / 1_000);
      this.perSecond[second] = (this.perSecond[second] ?? 0) + 1;
    }
    if (!this.isUp) return;
    if (!isRegister) {
      answer(answerTo(wire, { status: 200 }));
      return;
    }
    const start_ms = Math.max(clock.now_ms, this.free_ms);
    if (start_ms - clock.now_ms > settings.backlog_ms) {
      this.falls += 1;
      this.die();
      clock.after(settings.restart_ms, () => this.rise());
      return;
    }
    this.free_ms = start_ms + 1_000 / settings.bears;
    const { life } = this;
    clock.after(this.free_ms - clock.now_ms, () => {
      if (life === this.life) answer(answerTo(wire, this.judge(wire)));
    });
  }

  private judge(wire: string): Answer {
    const nonce = `n${this.life}`;
    if (!headerOf(wire, "Authorization").includes(`nonce="${nonce}"`)) {
      return { status: 401, headers: `WWW-Authenticate: Digest realm="pbx", nonce="${nonce}"\r\n` };
    }
    this.registered.add(registerUser(wire));
    const { expires_s } = this.settings;
    return { status: 200, headers: `Contact: ${headerOf(wire, "Contact")};expires=${expires_s}\r\n` };
  }
}
