/** The configuration, typed. What the file may leave out has its default in `keys.ts`. */
import type { LogLevel } from "../../base/event-types.ts";
import type { Site } from "../../policy/site.ts";
import type { OwnListener } from "../../transport/own-listener.ts";
import type { TlsFiles } from "../../transport/tls-files.ts";

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
  /** DNS servers, address or address:port; empty: those that the system asks. */
  readonly dnsServers: readonly string[];
  /** What the file says, by key: a number that another value hardly has. A reload tells by them what has changed. */
  readonly written: ReadonlyMap<string, number>;
}

/** In the state folder: where commands reach a running branchline. */
export const CONTROL_FILE = "control.sock";
