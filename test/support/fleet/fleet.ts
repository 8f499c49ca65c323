/** A company: headquarters with one PBX, and branches with a whole engine and phones each, in one virtual time. */
import { loadConfig } from "../../../src/app/config/load-config.ts";
import { Engine } from "../../../src/app/engine.ts";
import type { Host } from "../../../src/app/host.ts";
import { QUIET_HOST } from "../../../src/app/quiet-host.ts";
import type { Flow } from "../../../src/transport/flow.ts";
import type { HostUser } from "../../../src/transport/host-user.ts";
import { mulberry32 } from "../simulation.ts";
import { FleetClock } from "./clock.ts";
import { FleetPbx, type PbxSettings } from "./pbx.ts";
import { FleetPhone } from "./phone.ts";

export interface FleetSettings {
  readonly branches: number;
  /** Of each branch. */
  readonly phones: number;
  readonly pbx: PbxSettings;
  readonly seed: number;
  /** The share of an expiry after which phones refresh, where all are of one make; by chance without it. */
  readonly refreshAfter?: number;
  /** More of each branch's file. */
  readonly yaml?: string;
}

const PBX = "198.51.100.10";
const LAN = "10.222.237.1";
/** One way, to a phone and to headquarters, and how much more that may be at times. */
const LAN_ms = 1;
const WAN_ms = 10;
const JITTER_ms = 3;

export class Fleet {
  readonly clock = new FleetClock();
  readonly pbx: FleetPbx;
  readonly engines: readonly Engine[];
  readonly phones: FleetPhone[] = [];
  private readonly random: () => number;
  private readonly settings: FleetSettings;

  constructor(settings: FleetSettings) {
    this.settings = settings;
    this.random = mulberry32(settings.seed);
    this.pbx = new FleetPbx(this.clock, settings.pbx);
    this.engines = Array.from({ length: settings.branches }, (_, index) => this.branch(index));
  }

  /** All phones are switched on, one after the other. */
  boot(within_ms: number): void {
    for (const phone of this.phones) this.clock.after(this.random() * within_ms, () => phone.register());
  }

  /** All phones are started anew, with other Contacts, one after the other from `at_ms` on. */
  restartPhones(at_ms: number, within_ms: number): void {
    for (const phone of this.phones) {
      this.clock.after(at_ms - this.clock.now_ms + this.random() * within_ms, () => phone.restart());
    }
  }

  get size(): number {
    return this.settings.branches * this.settings.phones;
  }

  private branch(index: number): Engine {
    const { clock, settings } = this;
    const wan = `100.64.${index >> 8}.${index & 255}`;
    const { config, problems } = loadConfig(
      `listen: [udp:${LAN}:5060, udp:${wan}:5060]\nlocalnet: [10.222.237.0/24]\nupstream: sip:${PBX}\n${settings.yaml ?? ""}`,
      (path) => path,
    );
    if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join("\n"));
    const phones = new Map<string, FleetPhone>();
    const engine = new Engine(config, (user) => this.host(user, index, wan, phones));
    const [lan] = config.listeners;
    if (lan === undefined) throw new Error("no listener");
    for (let number = 0; number < settings.phones; number++) {
      const address = `10.222.237.${number + 10}`;
      const flow: Flow = { listener: lan, address, port: 5060 };
      const phone = new FleetPhone(clock, {
        address,
        user: `b${index}p${number}`,
        refreshAfter: settings.refreshAfter ?? 0.5 + 0.45 * this.random(),
        send: (wire) => clock.after(LAN_ms, () => engine.onMessage(wire, flow)),
      });
      phones.set(address, phone);
      this.phones.push(phone);
    }
    // Branches have been started at any time: so their probes come one after the other.
    clock.after(this.random() * 10_000, () => engine.start());
    return engine;
  }

  private host(user: HostUser, index: number, wan: string, phones: ReadonlyMap<string, FleetPhone>): Host {
    const { clock } = this;
    const random = mulberry32(this.settings.seed * 1_000 + index);
    let tokens = 0;
    let wake_ms = Number.POSITIVE_INFINITY;
    return {
      ...QUIET_HOST,
      transport: {
        ...QUIET_HOST.transport,
        send: (flow, wire) => {
          if (flow.address === PBX) this.toPbx(user, flow, wire);
          else clock.after(LAN_ms, () => phones.get(flow.address)?.onAnswer(wire));
          return true;
        },
      },
      lookup: {
        query: () => {},
        findSource: (address) => {
          clock.after(0, () => user.onSource(address, address.startsWith("10.") ? LAN : wan));
        },
      },
      random: {
        token: (length) => {
          tokens += 1;
          return `${index}x${tokens}`.padEnd(length, "x");
        },
        fraction: random,
      },
      mac: macOf,
      now_ms: () => clock.now_ms,
      wakeAt: (at_ms) => {
        if (at_ms >= wake_ms) return;
        wake_ms = at_ms;
        clock.after(Math.max(0, at_ms - clock.now_ms), () => {
          if (wake_ms !== at_ms) return;
          wake_ms = Number.POSITIVE_INFINITY;
          user.onWake();
        });
      },
    };
  }

  private toPbx(user: HostUser, flow: Flow, wire: string): void {
    const { clock, pbx } = this;
    clock.after(this.wan_ms(), () =>
      pbx.onRequest(wire, (answer) => clock.after(this.wan_ms(), () => user.onMessage(answer, flow))),
    );
  }

  private wan_ms(): number {
    return WAN_ms + JITTER_ms * this.random();
  }
}

/** Repeatable, and cheap. */
function macOf(text: string): string {
  let value = 7;
  for (let index = 0; index < text.length; index++) value = (value * 31 + text.charCodeAt(index)) % 0x7fffffff;
  return value.toString(36).padStart(16, "0");
}
