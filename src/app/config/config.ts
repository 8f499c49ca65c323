/** The configuration, typed, with the defaults of everything that the file may leave out. */
import type { LogLevel } from "../../io/node/log.ts";
import type { TlsFiles } from "../../io/node/tls.ts";
import type {
  EmergencySettings,
  ExtensionSettings,
  GatewaySettings,
  InboundSettings,
  LimitSettings,
  ProbeSettings,
  RegistrationSettings,
  Site,
  SurvivalSettings,
} from "../../policy/site.ts";
import type { OwnListener } from "../../transport/own-listener.ts";

export interface Config {
  readonly listeners: readonly OwnListener[];
  /** Undefined: nothing here speaks TLS. */
  readonly tls: TlsFiles | undefined;
  readonly site: Site;
  /** Where the secret and the bindings are kept. */
  readonly stateFolder: string;
  /** Bindings that bring nothing new are written so often at the most. */
  readonly stateInterval_ms: number;
  readonly logLevel: LogLevel;
  /** Whom to ask for names, address or address:port; empty: whom the system asks. */
  readonly dnsServers: readonly string[];
}

/** How long upstream may stay silent: three retransmissions over UDP, and what Avaya's controllers wait too. */
export const FR_TIMER_ms = 4_000;

/** Ten seconds cost a router nothing and keep NAT and firewall mappings open. */
export const PROBE: ProbeSettings = {
  interval_ms: 10_000,
  suspect_interval_ms: 1_000,
  down_interval_ms: 5_000,
  timeout_ms: 2_000,
  failures: 3,
  successes: 3,
};

/** A next hop that says so has lost what is behind it; 404, 486 or 500 mean that somebody lives up there. */
export const DEAD_CODES: readonly number[] = [503];

export const HOLD_ms = 60_000;
export const HOLD_MAX_ms = 600_000;

export const SURVIVAL: SurvivalSettings = {
  answer: 302,
  notice: "Survival activated - please stand by",
  notice_hold_ms: 1_000,
};

export const REGISTRATION: RegistrationSettings = {
  mode: "path",
  expires_cap_ms: 300_000,
  survival_expires_ms: 60_000,
  local_after_ms: 3_000,
  unknown: "known",
  pace: 5,
  throttle: false,
};

export const GATEWAYS: GatewaySettings = {
  choice: "weighted",
  carriers: [],
  probe: { ...PROBE, interval_ms: 30_000 },
  max_call_ms: 4 * 3_600_000,
};

/** An hour is what PSAPs and the products around take for a call back. */
export const EMERGENCY: EmergencySettings = { numbers: [], reserve: 0, preempt: false, callback_ms: 3_600_000 };

/** As long as a phone's own call waits for upstream. */
export const INBOUND: InboundSettings = { order: "hunt", timer_ms: FR_TIMER_ms };

export const EXTENSIONS: ExtensionSettings = {
  aliases: new Map(),
  prefixes: [],
  suffix_digits: undefined,
  forwards: new Map(),
  ring_ms: 60_000,
};

/** What a whole office behind one address may ask, and more than an honest stranger ever does. */
export const LIMITS: LimitSettings = {
  perSource: { rate: 200, burst: 2_000 },
  strangers: { rate: 10, burst: 50 },
};

export const RING_ms = 30_000;
export const STATE_FOLDER = "state";
/** In the state folder: where commands reach a running branchline. */
export const CONTROL_FILE = "control.sock";
/** Flash wears out: five minutes of refreshes are all that a power cut may cost. */
export const STATE_INTERVAL_ms = 300_000;
