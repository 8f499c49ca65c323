/** What doctor knows of a machine: texts as they were read, for the checks to judge. */
import type { RunningStatus } from "../../app/control.ts";
import type { Exchanged } from "../../io/node/exchange.ts";
import type { FileStamp, Machine } from "../../io/node/host.ts";
import type { Resolved } from "../../io/node/resolve.ts";
import type { ResolvedAddress } from "../../transport/next-hops.ts";
import type { OwnAddress } from "../../transport/own-listener.ts";

/** Kinds of routers: each has its own way to keep its settings. */
export type Family = "edgeos" | "openwrt" | "tomato" | "debian" | "unknown";

/** By path or by command line; what couldn't be read is missing. */
export type Texts = Readonly<Record<string, string | undefined>>;

/** One name, asked of one server. */
export interface NameFact extends Pick<Resolved, "silent" | "asked" | "took_ms"> {
  readonly name: string;
  /** Its address, or /etc/hosts. */
  readonly server: string;
  /** Empty: the answers say that there is none. Undefined: what wasn't answered may have one. */
  readonly addresses: readonly string[] | undefined;
  /** What `ip route get` says of the way to the server; missing: nothing. */
  readonly route?: string | undefined;
}

/** How an upstream target or a gateway has answered OPTIONS at one address. */
export interface PeerFact extends Exchanged {
  readonly role: "upstream" | "gateway";
  /** Its URI, as the file has it. */
  readonly name: string;
  /** By which name the status of a running branchline speaks of it. */
  readonly alias: string;
  readonly to: ResolvedAddress;
  /** From which of our addresses the kernel would send there; undefined: it has no route. */
  readonly source: string | undefined;
  /** What `ip route get` says of the way there; undefined: nothing. */
  readonly route: string | undefined;
  /** The `listen` address from which branchline sends there, as the file names it; undefined: none can. */
  readonly listener: string | undefined;
  /** The same by UDP with requests of other lengths: whether each was answered. Empty: it isn't reached by UDP. */
  readonly lengths: readonly LengthFact[];
  /** Where no answer has come: other `listen` addresses from which OPTIONS are answered. */
  readonly answeredFrom: readonly string[];
  /** The `listen` address that would be on the way there, as the file names it, while this router doesn't have it. */
  readonly away?: string | undefined;
}

/** OPTIONS of one length. */
export interface LengthFact {
  /** Undefined: as short as it is. */
  readonly octets: number | undefined;
  readonly isAnswered: boolean;
}

/** A file of which only its stamp is looked at. */
export interface SecretFact {
  readonly file: string;
  /** Undefined: it isn't there, or can't be seen. */
  readonly stamp: FileStamp | undefined;
  /** The error's code where it can't be seen; empty: it can. */
  readonly error: string;
}

export interface Facts extends Machine {
  readonly family: Family;
  /** When this program was built, ISO 8601. */
  readonly built: string;
  /** The full path of the configuration file. */
  readonly file: string;
  /** What is wrong with it, a line for each fault; what could be read of the file is examined all the same. */
  readonly fileFaults: readonly string[];
  /** The command that starts branchline with this file. */
  readonly start: string;
  /** The command that restarts the one that runs with it; undefined: no package's service does. */
  readonly restart: string | undefined;
  /** The file of the branchline that runs, where that is another one. */
  readonly otherFile: string | undefined;
  readonly files: Texts;
  /** What commands printed. */
  readonly said: Texts;
  readonly addresses: readonly OwnAddress[];
  /** For each listener: why its port can't be had, an error's code; undefined: it is free. */
  readonly ports: readonly (string | undefined)[];
  /** Whether a branchline runs with this file; its status, if it gives it to us, or why not: an error's code or message. */
  readonly isRunning: boolean;
  readonly status: RunningStatus | undefined;
  readonly askFault: string | undefined;
  /** Why the state folder can't be written. */
  readonly stateFault: string | undefined;
  /** The user whose the state folder is, by number; undefined: it isn't there. */
  readonly stateOwner: number | undefined;
  /** Files of secrets that the file names for its cluster. */
  readonly secrets: readonly SecretFact[];
  /** The health file of a cluster; undefined: the file has none. */
  readonly health?: SecretFact | undefined;
  /** Our certificate's validity. */
  readonly certificate: readonly [string, string] | undefined;
  readonly names: readonly NameFact[];
  readonly peers: readonly PeerFact[];
}

/** Nothing is wrong; something to think about; calls fail, or will; it couldn't be looked at. */
export type Severity = "ok" | "warning" | "fault" | "skipped";

/** What a finding rests on, for programs that read it; names as in JSON (`took_ms`). */
export type FindingFacts = Readonly<Record<string, string | number | boolean | null | readonly (string | number)[]>>;

/** What helps: command lines, or hints that begin with "#". Each fault and each warning has one. */
export type Cure = readonly [string, ...string[]] | readonly [...string[], string];

/** What one check has found. */
export interface Verdict {
  readonly severity: Severity;
  /** What it means for calls. */
  readonly text: string;
  /** Command lines, or a hint that begins with "#". */
  readonly cure: readonly string[];
  /** How to undo the cure: where this is given, --fix may apply it. Empty: nothing is left to undo. */
  readonly undo?: readonly string[];
  readonly facts: FindingFacts;
}

export const ok = (text: string, facts: FindingFacts = {}): Verdict => ({ severity: "ok", text, cure: [], facts });
export const skipped = (text: string, facts: FindingFacts = {}): Verdict => {
  return { severity: "skipped", text, cure: [], facts };
};
export const warning = (text: string, cure: Cure, facts: FindingFacts = {}): Verdict => {
  return { severity: "warning", text, cure, facts };
};
export const fault = (text: string, cure: Cure, facts: FindingFacts = {}): Verdict => {
  return { severity: "fault", text, cure, facts };
};

/** These lines, or where there are none the other one. */
export function cureFrom([first, ...more]: readonly string[], otherwise: string): Cure {
  return first === undefined ? [otherwise] : [first, ...more];
}

/** What others than root are told. */
export const NEEDS_ROOT = "needs root (sudo)";

/** What is told where a fault in the file may be why there is nothing to look at. */
export const NEEDS_FILE = "needs a file without faults";
