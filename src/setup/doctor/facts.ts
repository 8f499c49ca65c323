/** What doctor knows of a machine: texts as they were read, for the checks to judge. */
import type { RunningStatus } from "../../app/control.ts";
import type { Exchanged } from "../../io/node/exchange.ts";
import type { Machine } from "../../io/node/host.ts";
import type { ResolvedAddress } from "../../transport/next-hops.ts";
import type { OwnAddress } from "../../transport/own-listener.ts";

/** Kinds of routers: each has its own way to keep its settings. */
export type Family = "edgeos" | "openwrt" | "tomato" | "debian" | "unknown";

/** By path or by command line; what couldn't be read is missing. */
export type Texts = Readonly<Record<string, string | undefined>>;

/** One name, asked of one server. */
export interface NameFact {
  readonly name: string;
  /** Its address, or /etc/hosts. */
  readonly server: string;
  /** Undefined: no answer. */
  readonly addresses: readonly string[] | undefined;
  readonly took_ms: number;
}

/** How an upstream target or a gateway has answered OPTIONS at one address. */
export interface PeerFact extends Exchanged {
  readonly role: "upstream" | "gateway";
  readonly name: string;
  readonly to: ResolvedAddress;
  /** The same by UDP with requests of other lengths: whether each was answered. Empty: it isn't reached by UDP. */
  readonly lengths: readonly LengthFact[];
}

/** OPTIONS of one length. */
export interface LengthFact {
  /** Undefined: as short as it is. */
  readonly octets: number | undefined;
  readonly isAnswered: boolean;
}

export interface Facts extends Machine {
  readonly family: Family;
  /** When this program was built, ISO 8601. */
  readonly built: string;
  readonly files: Texts;
  /** What commands printed. */
  readonly said: Texts;
  readonly addresses: readonly OwnAddress[];
  /** For each listener: why its port can't be had, an error's code; undefined: it is free. */
  readonly ports: readonly (string | undefined)[];
  /** Whether a branchline runs with this file; its status, if it gives it to us. */
  readonly isRunning: boolean;
  readonly status: RunningStatus | undefined;
  /** Why the state folder can't be written. */
  readonly stateFault: string | undefined;
  /** Our certificate's validity. */
  readonly certificate: readonly [string, string] | undefined;
  readonly names: readonly NameFact[];
  readonly peers: readonly PeerFact[];
}

/** ok; something to think about; calls fail, or will; it couldn't be seen. */
export type State = "ok" | "warning" | "fault" | "unseen";

/** What one check has found. */
export interface Verdict {
  readonly state: State;
  /** What it means for calls. */
  readonly text: string;
  /** Command lines, or a hint that begins with "#". */
  readonly cure?: readonly string[];
  /** How to undo the cure: where this is given, --fix may apply it. Empty: nothing is left to undo. */
  readonly undo?: readonly string[];
}

export const ok = (text: string): Verdict => ({ state: "ok", text });
export const unseen = (text: string): Verdict => ({ state: "unseen", text });
export const warning = (text: string, cure: readonly string[] = []): Verdict => ({ state: "warning", text, cure });
export const fault = (text: string, cure: readonly string[] = []): Verdict => ({ state: "fault", text, cure });
