/** What a test has opened is closed when it ends, however it ends: last opened, first closed. */
import { afterEach } from "vitest";

type Closer = () => Promise<unknown> | unknown;

const closers: Closer[] = [];

export function defer(closer: Closer): void {
  closers.push(closer);
}

/** To be called once in a test file. */
export function cleanUpAfterEach(): void {
  afterEach(async () => {
    const failures: unknown[] = [];
    for (let closer = closers.pop(); closer !== undefined; closer = closers.pop()) {
      try {
        await closer();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  });
}
