/** Exit statuses: this table is their owner, and help, man pages and deploy/commands.md show it. */
export const EXIT_DONE = 0;
/** The machine or the network: a port in use, a proxy that doesn't run, a full disk. */
export const EXIT_WORLD = 1;
/** The command line, or the file that it names. */
export const EXIT_USAGE = 2;

export type ExitStatus = typeof EXIT_DONE | typeof EXIT_WORLD | typeof EXIT_USAGE;

/** What each status means with any command; a command's row may say it closer. */
export const EXITS: Readonly<Record<ExitStatus, string>> = {
  [EXIT_DONE]: "Success",
  [EXIT_WORLD]: "Runtime error, such as a port in use or no running branchline",
  [EXIT_USAGE]: "Wrong command line, or a configuration that can't be used",
};
