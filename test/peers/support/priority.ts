/** Whose turn it is on a busy machine. */
import { setPriority } from "node:os";

const HIGH = -15;

/**
 * Puts this test file, and all that it starts, before other work: it measures branchline's own timing to milliseconds,
 * and not how long a busy CI machine lets it wait for a processor. Without the right to do so nothing changes.
 */
export function takePrecedence(): void {
  try {
    setPriority(HIGH);
  } catch {
    // Not root: the tests run as they are.
  }
}
