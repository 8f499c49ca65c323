/** Functions of "native", called from a test. */
import { runBinary } from "./binary.ts";

/** A name and arguments; test/quickjs/programs/calls.ts says what these can be. */
export type Call = readonly [string, ...unknown[]];

/** Makes calls, one after the other in one process, and gives what they return. */
export async function callsOf(path: string, calls: readonly Call[]): Promise<readonly unknown[]> {
  const { status, out, error } = await runBinary(path, [JSON.stringify(calls)]);
  if (status !== 0) throw new Error(`ended with ${status}: ${error || out}`);
  return JSON.parse(out) as unknown[];
}
