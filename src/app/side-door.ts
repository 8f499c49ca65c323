/**
 * A side door: what reaches a running branchline beside SIP, or only watches it, such as its commands. The command that starts
 * branchline has the list of them (`cli/side-doors.ts`), the service opens and closes them: neither the engine nor its host knows any.
 */
import type { Controlled } from "./control.ts";
import type { Journal } from "./observe/journal.ts";

export interface SideDoor {
  readonly server: {
    /** Once SIP is served. @throws when it can't be opened: branchline runs on without it */
    open(): Promise<void>;
    close(): Promise<void>;
  };
  /** For the log, when it can't be opened: what it is, and what doesn't work then. */
  readonly door: string;
  readonly effect: string;
}

/**
 * Makes the doors of a branchline that is about to start: it can't be asked for anything before one is opened.
 * @param journal what happens, to be read, or followed from now on
 */
export type SideDoors = (running: Controlled, journal: Journal) => readonly SideDoor[];
