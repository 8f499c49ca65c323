/** What a member of a cluster asks of its host. */
import type { Source } from "../cluster/entrance.ts";
import type { MutedTransport } from "../cluster/muted-transport.ts";
import type { Sign } from "../cluster/ports.ts";
import type { Interfaces } from "../transport/own-listener.ts";
import type { HealthWord } from "./cluster-health.ts";

/** The wire to the other members. */
export interface Link {
  /** Once more, too, where it has failed. @throws when its own address can't be had */
  open(): Promise<void>;
  send(member: string, wire: string): void;
  close(): Promise<void>;
}

export interface NodePorts {
  /** @param onDatagram hears of what comes; @param onError of a socket that has failed, and why */
  readonly link: (onDatagram: (wire: string, source?: Source) => void, onError: (why: string) => void) => Link;
  readonly signs: readonly [Sign, ...Sign[]];
  /** By which the engine sends. */
  readonly transport: MutedTransport;
  /** What the kernel has now; undefined where nothing tells. */
  readonly readInterfaces: () => Interfaces | undefined;
  /**
   * Tells keepalived, or whatever moves the addresses, whether this member may hold them.
   * @returns why it can't be told; undefined: it has been
   */
  readonly tellHealth: (word: HealthWord) => string | undefined;
  /**
   * Runs a command of `cluster.route`, for a limited time. It never rejects.
   * @returns why it wasn't done; undefined: it was
   */
  readonly runRoute?: (command: readonly string[]) => Promise<string | undefined>;
  /** Whether the last word of this member's life before is "alone". */
  readonly wasAlone: () => boolean;
}
