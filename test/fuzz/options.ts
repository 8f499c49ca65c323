/** The command line of `npm run fuzz`. */
import { parseArgs } from "node:util";

export const USAGE = `npm run fuzz -- [--messages N] [--minutes M] [--seed S]
  --messages  ends after so many messages (1000000)
  --minutes   ends after so many minutes, whatever has been reached (60)
  --seed      the same seed does the same again (a new one each time)
`;

export interface Options {
  readonly messages: number;
  readonly minutes: number;
  readonly seed: number;
}

/** Undefined when the arguments make no sense. */
export function readOptions(args: readonly string[], seed: number): Options | undefined {
  try {
    const options = { messages: { type: "string" }, minutes: { type: "string" }, seed: { type: "string" } } as const;
    const { values } = parseArgs({ args: [...args], options });
    const read = {
      messages: Number(values.messages ?? 1_000_000),
      minutes: Number(values.minutes ?? 60),
      seed: Number(values.seed ?? seed),
    };
    return Object.values(read).every((value) => value > 0) ? read : undefined;
  } catch {
    return undefined;
  }
}
