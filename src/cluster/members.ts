/** The other members: the session with each, whether it lives, and what it has last said of itself. */
import type { Logger, Random } from "../base/ports.ts";
import { Timer, type Timers } from "../base/timers.ts";
import { TokenBucket } from "../base/token-bucket.ts";
import type { MemberFacts } from "./member-facts.ts";
import { PEER_LIFE, PEER_WHY, type PeerLife, type PeerLifeAction, type PeerLifeInput } from "./member-machine.ts";
import { Session } from "./session.ts";

export const BEAT_ms = 100;
/** Four beats are missing; half a beat more, so that a fourth one that is a little late still counts. */
export const SILENCE_ms = 4.5 * BEAT_ms;

/** Lines of the log about a member whose line flaps: so many at once after a rest, and then one in so many seconds. */
const LINES_AT_ONCE = 20;
const LINE_EACH_s = 60;

/** Is told what becomes of a member; the member's state is the new one by then. */
export interface LifeUser {
  onAlive(member: string, now_ms: number): void;
  onDead(member: string, now_ms: number): void;
}

interface MemberPorts {
  readonly timers: Timers;
  readonly log: Logger;
  readonly random: Random;
}

export class Member {
  readonly name: string;
  life: PeerLife = "unheard";
  since_ms = 0;
  /** How often it has died, left or been started anew since our start. */
  deaths = 0;
  why = "nothing has come from it yet";
  /** Of its last beat; undefined before its first. */
  facts: MemberFacts | undefined = undefined;
  session: Session;
  private boot: string | undefined = undefined;
  private readonly ports: MemberPorts;
  private readonly user: LifeUser;
  private readonly lines = new TokenBucket(1 / LINE_EACH_s, LINES_AT_ONCE);
  private readonly silence: Timer = new Timer(this, "silence");

  constructor(name: string, ports: MemberPorts, user: LifeUser, ownBoot: string) {
    this.name = name;
    this.ports = ports;
    this.user = user;
    this.session = new Session(ownBoot, ports.random);
  }

  get isAlive(): boolean {
    return this.life === "alive";
  }

  /** A new life of ours: nothing is known of the member, and nobody is told. */
  startAnew(ownBoot: string, now_ms: number): void {
    this.ports.timers.stop(this.silence);
    this.session = new Session(ownBoot, this.ports.random);
    this.life = "unheard";
    this.why = "nothing has come from it yet";
    this.since_ms = now_ms;
    this.facts = undefined;
    this.deaths = 0;
  }

  /** Our life ends: the member isn't waited for any longer, and gets nothing more. */
  stop(): void {
    this.ports.timers.stop(this.silence);
    this.life = "unheard";
  }

  /** A life of it has proved itself: what another one has said is worth nothing any more. @returns whether there was another one */
  adopts(boot: string | undefined): boolean {
    const { boot: before } = this;
    if (boot !== before) this.facts = undefined;
    this.boot = boot;
    return before !== undefined && boot !== before;
  }

  /** What has been seen of it, to the machine. */
  apply(input: PeerLifeInput, now_ms: number): void {
    const transition = PEER_LIFE[this.life][input];
    if (transition === undefined) return;
    if (transition.next !== this.life) {
      this.since_ms = now_ms;
      this.why = PEER_WHY[input];
    }
    this.life = transition.next;
    for (const action of transition.actions) this.act(action, now_ms);
  }

  /** The silence is over its time. Where our own timer comes late we have slept ourselves: what has arrived meanwhile is read first. */
  onTimer(_kind: string, now_ms: number): void {
    const hasSlept = now_ms - this.silence.deadline_ms >= BEAT_ms;
    if (hasSlept) this.ports.timers.start(this.silence, BEAT_ms, now_ms);
    else this.apply("silent", now_ms);
  }

  private act(action: PeerLifeAction, now_ms: number): void {
    const { timers, log } = this.ports;
    const { name: member, why } = this;
    switch (action) {
      case "startSilence":
        timers.start(this.silence, SILENCE_ms, now_ms);
        break;
      case "stopSilence":
        timers.stop(this.silence);
        break;
      case "forget":
        this.session.forget();
        break;
      case "tellAlive":
        if (this.lines.take(now_ms)) log.info("cluster_member_alive", { member, why });
        this.user.onAlive(member, now_ms);
        break;
      case "tellDead":
        this.deaths += 1;
        if (this.lines.take(now_ms)) this.logEnd();
        this.user.onDead(member, now_ms);
        break;
    }
  }

  private logEnd(): void {
    const { name: member, why, deaths } = this;
    if (this.life === "left") this.ports.log.info("cluster_member_left", { member, why });
    else this.ports.log.warn("cluster_member_dead", { member, why, deaths });
  }
}
