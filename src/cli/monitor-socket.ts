/**
 * A second control socket, for monitoring by others than root: it answers questions that change nothing, to everybody who is in its
 * group. The service of a package says where it lies, and so does the package's command.
 */

/** Its path; undefined where there is none. */
export const MONITOR_SOCKET: string | undefined = process.env["BRANCHLINE_MONITOR_SOCKET"] || undefined;
/** Its user and its group may ask: connecting to a Unix socket takes the right to write. */
export const MONITOR_MODE = 0o660;
