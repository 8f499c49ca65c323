/**
 * What a busy machine may do to a test that runs in real time.
 *
 * Virtual time holds each promise to the millisecond (`test/scenario/`, `test/transaction/`). A test in real time only
 * tells one cause of waiting from the next, such as fr_timer from "at once", and prints what it has measured. So its
 * configuration keeps two causes further apart than {@link MACHINE_TOLERANCE_MS}; how fast the program is, `npm run bench` says.
 */

/** How much later than promised something may be seen: no process may get a processor for so long. */
export const MACHINE_TOLERANCE_MS = 10_000;

/** How much earlier: a timer's grain, and the clocks of two processes. No load makes anything come early. */
export const CLOCK_GRAIN_MS = 50;

/** How long a test waits for what must come. It costs nothing where it comes. */
export const PATIENCE_MS = 20_000;

/** How long one command line may run, with all the starts of the program that are in it. */
export const COMMAND_LIMIT_MS = 120_000;
